"""HR's files over the real processes, the worker killed on the way: what HR then reads of moves, after the stream."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.state import State
from tests.journeys.house import TODAY, House

EMPLOYEES = Path(__file__).parents[2] / "data" / "employees-1000"
TITLES = "titles.csv"


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(EMPLOYEES.glob("*.csv"))}


def send(house: House, content: dict[str, bytes], **query: str) -> str:
    form = [("file", (name, file, "text/csv")) for name, file in content.items()]
    answer = house.hr.send("POST", "profiles", "/v1/imports", files=form, params=query)
    assert answer.status == 202, answer
    return f"/v1/imports/{answer.id}"


def ended(house: House, job: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer = house.hr.get("profiles", job)
        return answer.body if answer.status == 200 and answer.body["finished_at"] else None

    return house.until(look, seconds=90)


def kill_the_worker(house: House) -> None:
    """The one that runs now: of the last one killed it may not be known yet."""

    def killed() -> bool:
        state = State.load(house.folder)
        assert state is not None
        try:
            os.kill(state.parts["profiles-worker"].pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    house.until(killed, seconds=60)


@pytest.mark.timeout(300)
def test_a_thousand_employees_are_read_as_moves_though_the_worker_is_killed(house: House) -> None:
    job = send(house, files())

    def done() -> int:
        return int(house.hr.get("profiles", job).body["progress"]["people_done"])

    for many in (1, 400, 700):
        house.until(partial(lambda many: done() >= many, many), seconds=60)
        kill_the_worker(house)
    report = ended(house, job)
    assert (report["state"], report["progress"]["people_done"]) == ("done", 1000)

    def units() -> dict[str, str]:
        return {one["code"]: one["unit"] for one in house.hr.get("profiles", "/v1/units", limit=200).body["items"]}

    codes = [f"d00{number}" for number in range(1, 10)]
    house.until(lambda: set(codes) <= set(units()), seconds=60)
    nadia = house.hire(None, "hr_partner")
    for code in codes:
        since = (TODAY - timedelta(days=1)).isoformat()
        house.told(f"/v1/units/{units()[code]}/assign-hr-partner", {"partner": nadia.id, "effective_on": since})

    def asked(kind: str, **query: str) -> dict[str, Any]:
        answer = nadia.get("projections", "/v1/moves", kind=kind, **query)
        return answer.body if answer.status == 200 else {"moves": None, "cells": []}

    expected = {"joined": 1000, "left": 198, "title_change": 470, "department_move": 103}
    house.until(lambda: {kind: asked(kind)["moves"] for kind in expected} == expected, seconds=60)
    flows = asked("department_move", group_by="flow")["cells"]
    names = [(one["from_unit"]["name"], one["to_unit"]["name"], one["moves"]) for one in flows]
    assert len(names) == 16
    assert names[:3] == [
        ("Development", "Research", 21),
        ("Development", "Production", 17),
        ("Production", "Quality Management", 11),
    ]
    assert sorted(names[3:5]) == [("Production", "Customer Service", 10), ("Sales", "Customer Service", 10)]
    titles = asked("title_change", group_by="title")["cells"]
    assert {(one["from_title"], one["to_title"]): one["moves"] for one in titles} == {
        ("Engineer", "Senior Engineer"): 223,
        ("Staff", "Senior Staff"): 216,
        ("Assistant Engineer", "Engineer"): 31,
    }

    # One row changed, in its date: a correction, and the old and the new version are there, as of when each was known.
    rows = [line.split(",") for line in (EMPLOYEES / TITLES).read_text().splitlines()]
    changed = next(row for row in rows if row[1] == "Senior Engineer" and "-01-" in row[2])
    before = next(row for row in rows if row[0] == changed[0] and row[3] == changed[2])
    old = changed[2]
    new = changed[2] = before[3] = old.replace("-01-", "-02-")
    moment = datetime.now(UTC).isoformat()
    title_file = "\n".join(",".join(row) for row in rows).encode()
    report = ended(house, send(house, {**files(), TITLES: title_file}))
    assert (report["state"], report["progress"]["corrections"]) == ("done", 1)
    assert report["progress"]["events"] == {"profiles.place_changed.v1": 1}

    def days(**query: str) -> list[str]:
        path = f"/v1/people/{changed[0]}/timeline"
        answer = nadia.get("projections", path, kinds="place_changed", limit=100, **query)
        found = [one["effective_on"] for one in answer.body["items"] if one["title"] == "Senior Engineer"]
        return [day for day in found if day in (old, new)]

    house.until(lambda: days() == [new], seconds=60)
    assert days(known_at=moment) == [old]

    # The same files again, in another order: no event.
    header, *lines = title_file.splitlines()
    report = ended(house, send(house, {**files(), TITLES: b"\n".join([header, *lines[::-1]])}))
    assert report["progress"]["events"] == {}


def careers_import(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PROFILES_URL": house.urls["profiles"], "CAREERS_TOKEN": str(house.hr.token)}
    command = [sys.executable, "-m", "deploy.careers.main", "import", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)


def test_the_command_names_every_bad_row_and_says_what_was_taken(house: House, tmp_path: Path) -> None:
    header = "employee_number,unit,title,legal_entity,country,time_zone,effective_on\n"
    unit, number = f"U{uuid4().hex[:8]}", f"T{uuid4().hex[:8]}"
    units, people = tmp_path / "units.csv", tmp_path / "people.csv"
    units.write_text(f"unit,name,effective_on\n{unit},Research,2020-01-01\n")
    good = f"{number},{unit},Engineer,FR01,FR,Europe/Paris,2020-01-01\n"
    people.write_text(f"{header}{good}{number}x,nowhere,Engineer,FR01,FR,Europe/Paris,31.12.2020\n")

    refused = careers_import(house, str(units), str(people))
    assert refused.returncode == 1
    assert "people.csv:3:7: effective_on must be a date written YYYY-MM-DD [bad-date]" in refused.stdout
    assert "refused: there are bad rows: nothing is taken" in refused.stdout

    tried = careers_import(house, str(units), str(people), "--take-good-rows", "--dry-run")
    assert (tried.returncode, "Would be:" in tried.stdout) == (0, True), tried
    taken = careers_import(house, str(units), str(people), "--take-good-rows")
    assert taken.returncode == 0
    assert "1 joined" in taken.stdout
    again = careers_import(house, str(people), "--take-good-rows")
    assert "1 unchanged" in again.stdout

    wrong = careers_import(house, str(people), "--as-of", "2020-01-01")
    assert (wrong.returncode, "as_of: is the day of a snapshot" in wrong.stderr) == (1, True), wrong
