"""What docker-compose.yml and the image promise, held without Docker."""

import re
import shlex
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic_core import PydanticUndefined
from typer.testing import CliRunner

from deploy.careers.main import app
from deploy.careers.services import KINDS, SERVICES

ROOT = Path(__file__).parents[2]
COMPOSE: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PARTS: Mapping[str, Any] = COMPOSE["services"]
IMAGE = (ROOT / "deploy" / "Dockerfile").read_text()

every_part = pytest.mark.parametrize("name", PARTS)
lasting_part = pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part["restart"] != "no"])


def test_the_file_has_no_version_and_nothing_that_needs_a_newer_engine() -> None:
    assert "version" not in COMPOSE
    assert "start_interval" not in (ROOT / "docker-compose.yml").read_text()


def test_every_service_has_its_processes() -> None:
    wanted = {f"{service}-{kind}" for service in SERVICES for kind in (*KINDS, "migrate")}
    assert wanted <= PARTS.keys()


@every_part
def test_a_part_can_write_nowhere_and_become_nobody_else(name: str) -> None:
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in part
    assert "privileged" not in part


@every_part
def test_a_part_has_limits(name: str) -> None:
    part = PARTS[name]
    assert {"mem_limit", "cpus", "pids_limit"} <= part.keys()
    assert part["logging"]["options"].keys() == {"max-size", "max-file"}


@every_part
def test_an_image_has_an_exact_tag(name: str) -> None:
    image = re.sub(r"\$\{\w+:-(.*)\}", r"\1", PARTS[name]["image"])
    assert re.fullmatch(r"[\w./-]+:[\w.-]+", image)
    assert not image.endswith(":latest")


@every_part
def test_what_is_published_is_published_to_this_machine_alone(name: str) -> None:
    for port in PARTS[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port)


@every_part
def test_a_secret_is_a_file_in_a_named_volume(name: str) -> None:
    for variable, value in PARTS[name].get("environment", {}).items():
        assert "PASSWORD" not in variable or variable.endswith("_FILE")
        assert not re.search(r"//[^/@]*:[^/@]*@", str(value)), "a URL with a password"
    for volume in PARTS[name].get("volumes", ()):
        source, target, *mode = volume.split(":")
        assert source in COMPOSE["volumes"]
        if source.startswith("secrets-") and name != "secrets":
            assert mode == ["ro"], f"{target} can be written"


def test_a_service_mounts_its_own_secrets_alone() -> None:
    for service in SERVICES:
        for kind in (*KINDS, "migrate"):
            assert PARTS[f"{service}-{kind}"]["volumes"] == [f"secrets-{service}:/run/secrets:ro"]


@lasting_part
def test_what_lasts_is_asked_whether_it_is_ready(name: str) -> None:
    check = PARTS[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()


@every_part
def test_what_is_waited_for_can_be_waited_for(name: str) -> None:
    for needed, how in PARTS[name].get("depends_on", {}).items():
        once = PARTS[needed]["restart"] == "no"
        assert how == {"condition": "service_completed_successfully" if once else "service_healthy"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_is_told_every_setting_that_it_needs(service: str) -> None:
    settings = import_module(f"services.{service}.app").SERVICE.settings
    needed = {name.upper() for name, field in settings.model_fields.items() if field.default is PydanticUndefined}
    for kind in KINDS:
        environment = PARTS[f"{service}-{kind}"]["environment"]
        assert needed <= environment.keys()
        assert {name.lower() for name in environment} <= settings.model_fields.keys()


def test_every_variable_stands_in_the_example_with_its_default() -> None:
    example = dict(re.findall(r"^#(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    asked = re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "docker-compose.yml").read_text())
    assert asked
    assert {name: example.get(name) for name, _ in asked} == dict(asked)


def test_every_command_is_there() -> None:
    for words in _commands():
        match words:
            case ["python", "-m", module, *_]:
                assert find_spec(module) is not None, module
            case ["careers", *command]:
                known = [word for word in command if not word.startswith("/")]
                assert CliRunner().invoke(app, [*known, "--help"]).exit_code == 0, command
            case _:
                assert not words, words


def _commands() -> Iterator[list[str]]:
    for part in PARTS.values():
        if part["image"].startswith("${CAREERS_IMAGE"):
            yield [*part.get("entrypoint", ()), *part["command"]]
            if "healthcheck" in part:
                yield part["healthcheck"]["test"][1:]


def test_the_image_is_of_an_exact_python_and_runs_as_nobody() -> None:
    froms = re.findall(r"^FROM (\S+)", IMAGE, re.MULTILINE)
    assert set(froms) == {"python:3.11-slim"}
    users = re.findall(r"^USER (\d+):(\d+)$", IMAGE, re.MULTILINE)
    assert users
    assert all(int(number) >= 10000 for number in users[-1])
    assert "useradd --uid 10001" in IMAGE


def test_the_image_has_a_folder_for_each_who_has_secrets() -> None:
    made = re.search(r"for each in ([\w ]+);", IMAGE)
    assert made is not None
    mounted = {volume.split(":")[1] for volume in PARTS["secrets"]["volumes"]}
    assert {f"/secrets/{each}" for each in shlex.split(made[1])} == mounted


def test_the_image_holds_no_more_than_the_product() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert {line for line in ignored if line.startswith("!")} == {
        f"!{name}"
        for name in ("pyproject.toml", "constraints.txt", "LICENSE", "README.md", "services", "shared", "deploy")
    }
