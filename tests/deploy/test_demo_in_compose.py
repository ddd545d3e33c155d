"""The story's place in compose, held without Docker: a program of that name answers as `docker compose` would."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import KeySet
from typer.testing import CliRunner

from deploy.careers.main import app
from deploy.careers.services import SERVICES
from deploy.demo.callers import Unexpected
from deploy.demo.compose import brought_up
from deploy.local.tokens import new_key

FILE = Path(__file__).parents[2] / "docker-compose.yml"
DOCKER = """#!/bin/sh
cd {answers} && echo "$*" >>asked
case "$2" in
  config) cat config ;;
  exec) [ -f "$4" ] || {{ echo "service \\"$4\\" is not running" >&2; exit 1; }}; cat "$4" ;;
esac
"""


def configuration(**variables: str) -> Mapping[str, Any]:
    """The file as `docker compose config --format json` tells it, as far as it is read."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: variables.get(found[1], found[2]), FILE.read_text())
    parts = yaml.safe_load(text)["services"]
    for part in parts.values():
        ports = [port.split(":") for port in part.get("ports", ())]
        part["ports"] = [{"host_ip": host, "published": port, "target": int(target)} for host, port, target in ports]
    return {"services": parts}


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of its answers."""
    (tmp_path / "docker").write_text(DOCKER.format(answers=tmp_path))
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "config").write_text(json.dumps(configuration()))
    (tmp_path / "issuer").write_bytes(new_key())
    (tmp_path / "postgres").write_text("a/b\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path


def test_addresses_and_secrets_are_those_of_compose(docker: Path) -> None:
    with brought_up() as place:
        urls = {service: f"http://127.0.0.1:{8101 + number}" for number, service in enumerate(SERVICES)}
        assert place.services == urls
        assert place.bootstrap_servers == "127.0.0.1:9094"
        assert place.database_url == "postgresql://postgres:a%2Fb@127.0.0.1:5433/postgres"
        keys: Any = place.issuer.public_keys()
        token = jwt.decode(place.issuer.for_person("H001", claim=place.claim), KeySet.import_key_set(keys))
        assert {name: token.claims[name] for name in ("iss", "aud", "sub")} == {
            "iss": "http://issuer:8080",
            "aud": "careers",
            "sub": "H001",
        }
    assert not place.issuer.key_file.exists()


def test_other_ports_and_another_claim_are_heard(docker: Path) -> None:
    other = configuration(PROFILES_PORT="18101", AUDIENCE="elsewhere", PERSON_CLAIM="oid")
    (docker / "config").write_text(json.dumps(other))
    with brought_up() as place:
        assert place.services["profiles"] == "http://127.0.0.1:18101"
        assert (place.issuer.audience, place.claim) == ("elsewhere", "oid")


def test_a_worker_that_was_killed_is_started_again(docker: Path) -> None:
    with brought_up() as place:
        (docker / "asked").unlink()
        place.kill_worker()
    assert (docker / "asked").read_text().splitlines() == [
        "compose kill projections-worker",
        "compose start projections-worker",
    ]


def test_what_is_not_up_or_believes_others_is_refused_in_one_sentence(docker: Path) -> None:
    (docker / "issuer").unlink()
    with pytest.raises(Unexpected, match=r'"issuer" is not running.*docker compose up --wait'), brought_up():
        pass
    (docker / "config").write_text(json.dumps(configuration(ISSUER_URL="https://login.example.org")))
    refused = CliRunner().invoke(app, ["demo", "--compose"])
    assert refused.exit_code == 1
    assert "https://login.example.org" in refused.stderr


def test_without_docker_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unexpected, match="no Docker"), brought_up():
        pass
