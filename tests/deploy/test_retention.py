"""`careers retention run` says what is done, and what is only asked for."""

from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.careers.commands import retention
from deploy.careers.main import app


def rule(name: str, **counts: int) -> dict[str, Any]:
    numbers = {"people": 2, "keys": 3, "due_people": 0, "due_keys": 0, "on_hold": 1, **counts}
    return {"rule": name, "before": "2024-11-25", **numbers}


def test_who_left_is_not_said_to_be_erased_when_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    part = {"complete": True, "rules": [rule("aspirations"), rule("after_leaving", keys=0)]}
    monkeypatch.setattr(retention, "answer_of", lambda *_, **__: part)
    monkeypatch.setenv("PROFILES_URL", "http://profiles.example")
    monkeypatch.setenv("CAREERS_TOKEN", "an administrator's")
    assert CliRunner().invoke(app, ["retention", "run"]).output.splitlines() == [
        "Done:",
        "  aspirations of before 2024-11-25: 3 keys of 2 people; 1 on legal hold",
        "  2 people who left before 2024-11-25: their erasure is asked for; 1 on legal hold",
    ]
