"""Clients that others make from the merged OpenAPI document, each playing a whole career over the real services."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.careers.services import SERVICES
from tests.journeys.house import LONG_AGO, House
from tests.tools import NODE, OPENAPI_PYTHON_CLIENT, run

EXAMPLES = Path(__file__).parents[2] / "examples"

STORY = [
    "person_joined",
    "place_taken",
    "aspiration_recorded",
    "aspiration_shared",
    "conversation_held",
    "application_submitted",
    "application_shortlisted",
    "offer_made",
    "offer_accepted",
    "move_agreed",
    "move_released",
    "move_completed",
]


@pytest.fixture(scope="module")
def document(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """careers.json, as an integrator gets it."""
    out = tmp_path_factory.mktemp("openapi") / "careers.json"
    careers = Path(sys.executable).with_name("careers")
    env = {f"{service.upper()}_URL": url for service, url in house.urls.items()}
    said = subprocess.run([careers, "openapi", "--out", out], env=env, capture_output=True, text=True, check=True)
    assert f"of {len(SERVICES)} services" in said.stdout
    return out


@pytest.fixture
def cast(house: House) -> Mapping[str, str]:
    """Who plays: an employee, their manager, and the leader of another unit; and where the services are."""
    manager, leader = house.hire(), house.hire()
    employee = house.hire(house.unit(manager.id), since=LONG_AGO + timedelta(days=1))
    tokens = {"EMPLOYEE_TOKEN": employee.token, "MANAGER_TOKEN": manager.token, "LEADER_TOKEN": leader.token}
    return {
        **{f"{service.upper()}_URL": url for service, url in house.urls.items()},
        **{name: str(token) for name, token in tokens.items()},
        "EMPLOYEE": employee.id,
        "UNIT": house.unit(leader.id),
    }


def operations(document: Path) -> dict[str, Any]:
    paths = json.loads(document.read_bytes())["paths"]
    return {
        told["operationId"]: told
        for item in paths.values()
        for method, told in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def test_a_python_client_has_every_operation_and_plays_the_story(
    document: Path, cast: Mapping[str, str], tmp_path: Path
) -> None:
    made = tmp_path / "careers_client"
    generate = ("openapi-python-client", "generate", "--path", str(document), "--output-path", str(made))
    run(OPENAPI_PYTHON_CLIENT, *generate, "--meta", "none", cwd=tmp_path)
    assert {path.stem for path in made.glob("api/*/*.py")} - {"__init__"} == operations(document).keys()
    env = {**cast, "PYTHONPATH": str(tmp_path)}
    said = run(OPENAPI_PYTHON_CLIENT, "python", str(EXAMPLES / "python/story.py"), cwd=tmp_path, env=env)
    assert said.split() == STORY


def test_a_typescript_client_has_every_operation_and_plays_the_story(
    document: Path, cast: Mapping[str, str], tmp_path: Path
) -> None:
    for path in (EXAMPLES / "typescript").iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    shutil.copy(document, tmp_path)
    run(NODE, "npm", "ci", "--no-audit", "--no-fund", cwd=tmp_path)
    run(NODE, "npm", "run", "generate", cwd=tmp_path)
    types = (tmp_path / "careers.d.ts").read_text()
    assert [name for name in operations(document) if f"    {name}: {{" not in types] == []
    run(NODE, "npm", "run", "check", cwd=tmp_path)
    assert run(NODE, "npm", "run", "--silent", "story", cwd=tmp_path, env=cast).split() == STORY
