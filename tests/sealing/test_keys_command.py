"""`careers keys`: a master key takes over from another, step by step, as an operator does it."""

import asyncio
import re
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from deploy.careers.commands import keys
from deploy.careers.keys import owner_url
from deploy.careers.main import app
from deploy.local.folder import Folder
from shared.sealing.folder import FolderKms
from shared.sealing.keyring import lines


@pytest.fixture
def careers(key_database, ring_file, monkeypatch):
    """The command, with what it reads from its environment."""
    monkeypatch.setenv("KEYS_URL", key_database.url)
    monkeypatch.setenv("MASTER_KEY_FILE", str(ring_file.file))

    async def run(*arguments, exit_code=0):
        result = await asyncio.to_thread(CliRunner().invoke, app, ["keys", *map(str, arguments)])
        assert result.exit_code == exit_code, result.output
        return result.output

    return run


async def test_a_master_key_takes_over_from_another(careers, key_database, ring):
    store = await key_database.store(ring)
    [former] = await ring.masters()
    made = await store.for_sealing([(uuid4(), "aspirations") for _ in range(700)])
    assert await careers("status") == f"{former}  700 keys need it; it wraps new keys\n"
    newest, *_ = (await careers("add")).split()
    assert await ring.masters() == [former, newest]
    await careers("use", newest)
    assert await ring.masters() == [newest, former]
    assert f"{former}  700 keys need it: `careers keys rotate`" in await careers("status")
    assert "700 keys need it" in await careers("remove", former, exit_code=1)
    assert await careers("rotate") == (
        "500 of 700 wrapped anew\n700 of 700 wrapped anew\n"
        f"{newest}  700 keys need it; it wraps new keys\n{former}  no key needs it: it can be taken away\n"
    )
    await careers("remove", former)
    assert await ring.masters() == [newest]
    assert None not in (await store.for_unsealing([key.id for key in made.values()])).values()


async def test_what_is_not_known_here_is_said(careers, key_database, ring, ring_file):
    await (await key_database.store(ring)).for_sealing([(uuid4(), "aspirations")])
    [lost] = ring_file.ids
    ring_file.use(ring_file.add())
    ring_file.remove(lost)
    assert f"{lost}  1 key needs it, and it is not known here" in await careers("status", exit_code=1)
    assert "1 do not unwrap" in await careers("rotate", exit_code=1)


async def test_what_wraps_is_not_taken_away(careers, ring_file):
    ring_file.use(ring_file.add())
    [wraps, _] = ring_file.ids
    assert "wraps new keys" in await careers("remove", wraps, exit_code=1)
    assert [*lines(ring_file.file)] == ring_file.ids


async def test_all_files_of_a_folder_get_the_same_key(careers, tmp_path):
    folder = tmp_path / "secrets"
    await asyncio.to_thread(CliRunner().invoke, app, ["secrets", str(folder)])
    files = sorted(folder.glob("*/master-key"))
    modes = [file.stat().st_mode for file in files]
    newest, *_ = (await careers("add", folder)).split()
    assert len(files) == 5
    assert [[*lines(file)][1:] for file in files] == [[newest]] * 5
    former = next(iter(lines(files[0])))
    await careers("use", newest, folder)
    await careers("use", newest, folder)
    assert [[*lines(file)] for file in files] == [[newest, former]] * 5
    await careers("remove", former, folder, "--unchecked")
    assert [[*lines(file)] for file in files] == [[newest]] * 5
    assert [file.stat().st_mode for file in files] == modes


async def test_an_addition_that_was_interrupted_is_gone_on_with(careers, tmp_path, ring_file):
    other = tmp_path / "other"
    other.write_text(ring_file.file.read_text())
    missing = ring_file.add()
    assert "add` first" in await careers("use", missing, other, ring_file.file, exit_code=1)
    assert (await careers("add", other, ring_file.file)).startswith(missing)
    assert [*lines(other)] == [*lines(ring_file.file)] == ring_file.ids


async def test_nothing_to_go_on_is_one_sentence(careers, tmp_path, monkeypatch):
    assert "could not be changed" in await careers("add", tmp_path / "missing", exit_code=1)
    (tmp_path / "empty").mkdir()
    assert "no file of master keys" in await careers("add", tmp_path / "empty", exit_code=1)
    monkeypatch.setenv("MASTER_KEY_FILE", str(tmp_path / "missing"))
    assert "cannot be read" in await careers("status", exit_code=1)
    monkeypatch.setenv("KEYS_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    assert "did not do it" in await careers("status", exit_code=1)


async def test_a_kms_in_a_folder_takes_over_from_a_file(careers, key_database, ring, tmp_path, monkeypatch):
    store = await key_database.store(ring)
    [former] = await ring.masters()
    made = await store.for_sealing([(uuid4(), "aspirations") for _ in range(3)])
    monkeypatch.setenv("KMS_URL", f"file://{tmp_path}/kms")
    newest, *_ = (await careers("add")).split()
    assert f"{former}  3 keys need it: `careers keys rotate`" in await careers("status")
    await careers("rotate")
    monkeypatch.delenv("MASTER_KEY_FILE")
    monkeypatch.setattr("deploy.local.instance.in_use", lambda: Folder(tmp_path / "nothing"))
    assert await careers("status") == f"{newest}  3 keys need it; it wraps new keys\n"
    moved = await key_database.store(FolderKms(f"file://{tmp_path}/kms"))
    assert None not in (await moved.for_unsealing([key.id for key in made.values()])).values()


def test_every_command_that_the_page_names_is_there():
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    named = set(re.findall(r"careers keys (\w+)", page))
    assert named == {"status", "add", "use", "rotate", "remove"}
    assert named == {command.name for command in keys.app.registered_commands}


def test_an_administrator_reaches_the_key_database_too(tmp_path):
    (tmp_path / "password").write_text("secret\n")
    given = {"DATABASE_URL": "postgresql://a@h:1/d", "DATABASE_PASSWORD_FILE": str(tmp_path / "password")}
    assert owner_url(given) == "postgresql://a:secret@h:1/careers_keys"
    assert owner_url({**given, "KEYS_URL": "postgresql://k:own@h/k"}) == "postgresql://k:own@h/k"
    with pytest.raises(ValueError, match="KEYS_URL"):
        owner_url({})
