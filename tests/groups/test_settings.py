"""The minimum is a setting, and a process that is told less than the floor does not start."""

from importlib import import_module

import pytest

from deploy.careers.services import SERVICES
from shared.groups import Minimum
from shared.service import main

TOLD = {
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "KEYS_URL": "postgresql://nobody@localhost/none",
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9",
    "ISSUER_URL": "http://localhost:9",
    "SECRET_FILE": "/dev/null",
    "MASTER_KEY_FILE": "/dev/null",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_knows_the_minimum(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOLD.items():
        monkeypatch.setenv(name, value)
    settings = import_module(f"services.{service}.app").SERVICE.settings
    assert settings().minimum == Minimum(counts=5, feelings=10)
    monkeypatch.setenv("GROUP_MINIMUM", "3")
    monkeypatch.setenv("GROUP_MINIMUM_FEELINGS", "20")
    assert settings().minimum == Minimum(counts=3, feelings=20)


@pytest.mark.parametrize("name", ["GROUP_MINIMUM", "GROUP_MINIMUM_FEELINGS"])
def test_a_process_that_is_told_less_than_the_floor_does_not_start(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for each, value in {**TOLD, name: "2"}.items():
        monkeypatch.setenv(each, value)
    assert main(import_module("services.projections.app").SERVICE, ["api"]) == 2
    assert capsys.readouterr().err == f"projections: these settings are missing or have no meaning: {name}\n"
