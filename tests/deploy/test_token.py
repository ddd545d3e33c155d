"""`careers token` makes what services take, and says what they would not."""

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.careers.commands import token
from deploy.careers.main import app
from deploy.local.tokens import new_key
from shared.auth.tokens import LONGEST_DELEGATION

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(new_key())
    monkeypatch.setenv("ISSUER_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("ISSUER_URL", "https://issuer.example")
    monkeypatch.delenv("PERSON_CLAIM", raising=False)


def claims(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, ["token", *arguments])
    assert result.exit_code == 0, result.output
    part = result.stdout.split(".")[1]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def test_a_token_on_behalf_of_a_person() -> None:
    read = claims("--person", "E1001", "--role", "hr_partner", "--act", "portal", "--scope", "act:read")
    assert (read["sub"], read["act"], read["scope"]) == ("E1001", {"sub": "portal"}, "act:read")
    assert read["roles"] == ["employee", "hr_partner"]


def test_a_persons_own_token_names_no_actor() -> None:
    assert claims("--person", "E1001").keys().isdisjoint({"act", "scope", "client_id"})


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--person", "E1001", "--service", "portal"],
        ["--person", ""],
        ["--service", ""],
        ["--person", "", "--service", "files"],
        ["--person", "E1001", "--hours", "nan"],
        ["--person", "E1001", "--hours", "inf"],
        ["--person", "E1001", "--hours", "-1"],
        ["--person", "E1001", "--hours", "0"],
        ["--person", "E1001", "--hours", "0.0001"],
        ["--person", "E1001", "--act", "portal"],
        ["--person", "E1001", "--act", "", "--scope", "act:read"],
        ["--act", "portal"],
        ["--service", "files", "--act", "portal"],
        ["--person", "E1001", "--act", "portal", "--scope", "act:read", "--hours", "25"],
        ["--person", "E1001", "--act", "portal", "--scope", "people:read"],
        ["--service", "files", "--scope", "act:read"],
        ["--person", "E1001", "--role", "root"],
    ],
)
def test_what_no_service_would_take_is_refused(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, ["token", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["token", "audit verify", "keys rotate"])
def test_help_shows_how_it_is_called(command: str) -> None:
    told = " ".join(RUNNER.invoke(app, [*command.split(), "--help"]).output.split())
    assert f"careers {command}" in told.partition("For example")[2]


def test_it_knows_how_long_a_service_may_act() -> None:
    assert token.LONGEST_ACTING * 3600 == LONGEST_DELEGATION
