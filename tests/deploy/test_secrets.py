"""Secrets are made once, and read from files by whom they are for."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.careers.main import app
from deploy.careers.services import SERVICES
from shared.service import Settings
from shared.service.settings import with_password


def _made(folder: Path) -> dict[str, bytes]:
    result = CliRunner().invoke(app, ["secrets", str(folder)])
    assert result.exit_code == 0, result.output
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_secrets_are_made_once_and_never_shown(tmp_path: Path) -> None:
    first = _made(tmp_path)
    assert _made(tmp_path) == first
    (tmp_path / "profiles" / "secret").unlink()
    (tmp_path / "profiles" / "master-key").unlink()
    again = _made(tmp_path)
    assert again["profiles/secret"] != first["profiles/secret"]
    assert again["profiles/master-key"] == first["profiles/master-key"]


def test_folders_that_are_made_open_for_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "issuer").mkdir(mode=0o755)
    _made(tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes.pop("issuer") == 0o755  # a volume's owner has said who opens it
    assert set(modes.values()) == {0o700}


def test_services_share_the_master_key_and_nothing_else(tmp_path: Path) -> None:
    made = _made(tmp_path)
    assert len({made[f"{service}/master-key"] for service in SERVICES}) == 1
    for own in ("secret", "database-password"):
        assert len({made[f"{service}/{own}"] for service in SERVICES}) == len(SERVICES)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["secrets", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "Is this folder yours to write?" in result.output


def test_a_password_comes_from_its_file_into_both_urls(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss:w/rd\n")
    (tmp_path / "secret").touch()
    given = {
        "database_url": "postgresql://careers_profiles@db:5432/careers_profiles",
        "keys_url": "postgresql://careers_profiles:own@db:5432/careers_keys",
        "kafka_bootstrap_servers": "kafka:9092",
        "issuer_url": "http://issuer",
        "master_key_file": tmp_path / "key",
        "secret_file": tmp_path / "secret",
    }
    settings = Settings.model_validate({**given, "database_password_file": tmp_path / "password"})
    assert settings.database_url == "postgresql://careers_profiles:p%40ss%3Aw%2Frd@db:5432/careers_profiles"
    assert settings.keys_url == given["keys_url"]
    with pytest.raises(ValidationError, match="cannot be read"):
        Settings.model_validate({**given, "database_password_file": tmp_path / "missing"})


def test_a_url_keeps_everything_but_the_missing_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    assert with_password("postgresql://a@h:1/d?sslmode=require", tmp_path / "password") == (
        "postgresql://a:x@h:1/d?sslmode=require"
    )
