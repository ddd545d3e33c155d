"""What a newcomer types after `make demo KEEP=1` works on the demo that was left up."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.careers.main import app
from deploy.demo.run import show_how_to_go_on
from deploy.demo.screen import Screen
from deploy.local import child, instance
from deploy.local import folder as folders
from deploy.local.folder import CHECKOUT, Folder
from deploy.local.tokens import new_key


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Of another checkout: PostgreSQL alone runs, the issuer that it names is not asked by anybody."""
    monkeypatch.setattr(folders, "CHECKOUT", tmp_path)
    for name in ("ISSUER_URL", "ISSUER_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    made = Folder.of_demo()
    given = {name: value for name, value in os.environ.items() if name not in instance.GIVEN.values()}
    instance.up(made, servers=["postgres"], given=given, with_this_process=True)
    made.secret("issuer", new_key)
    with made.env.open("a") as env:
        env.write("ISSUER_URL=http://127.0.0.1:1\n")
    yield made
    instance.forget(made)


def careers(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_every_command_that_is_printed_works(demo: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    show_how_to_go_on(Screen(), instance.read_env(demo), [])
    printed = re.findall(r"`([^`]+)`", capsys.readouterr().out)
    assert "make down" in printed
    for command in sorted(printed, key=lambda one: one == "make down"):
        program, *arguments = command.split()
        if program == "make":
            recipe = subprocess.check_output(["make", "-n", *arguments], cwd=CHECKOUT, text=True)
            found = re.search(r"\.venv/bin/careers (\w+); fi", recipe)
            assert found is not None, recipe
            arguments = [found[1]]
        else:
            assert program == ".venv/bin/careers"
        careers(*arguments)
    assert child.left_over(demo.root) == []


def test_a_token_is_of_the_issuer_that_runs(demo: Folder) -> None:
    of_checkout = Folder.of_checkout().made()
    of_checkout.env.write_text("ISSUER_URL=http://127.0.0.1:2\n")  # of an earlier `make up`, without its key
    assert instance.in_use() == demo
    assert careers("token", "--person", "H001").count(".") == 2
    instance.down(demo)
    assert instance.in_use() == of_checkout


def test_forgetting_stops_what_runs_within(demo: Folder) -> None:
    assert careers("down", "--forget") == "Stopped.\n"
    assert child.left_over(demo.root) == []
    assert not Folder.of_checkout().root.exists()
    assert careers("down") == "Nothing was running.\n"
