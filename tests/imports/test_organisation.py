"""tests/data/organisation has every case of people, places and time; and the templates of docs/imports import."""

from datetime import date
from pathlib import Path
from typing import Any

from services.profiles.person import Person
from services.profiles.unit import unit_id
from shared.contracts.profiles import ManagerAssigned, PersonLeft, PersonRejoined, UnitReplaced
from tests.imports.conftest import Imports

ROOT = Path(__file__).parents[2]


def files(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((ROOT / folder).glob("*.csv"))}


async def test_every_case_of_people_places_and_time(imports: Imports) -> None:
    report = await imports.bring(files("tests/data/organisation"))
    assert report["state"] == "done", await imports.problems(report)
    await imports.stage.pump()

    async def shown(number: str) -> dict[str, Any]:
        found: dict[str, Any] = await imports.get(f"/v1/people/{number}")
        return found

    async def held(number: str, position: str, day: str) -> Any:
        return Person((await imports.known(number)).facts).place(position, date.fromisoformat(day))

    async def managed(number: str) -> tuple[str | None, str | None]:
        one = await shown(number)
        names = {str(await imports.person(other)): other for other in ("B1", "M1", "E9", "C1", "C2")}
        return names.get(one["manager"], one["manager"]), one["manager_kind"]

    # A rehire: away in between, and in again under the same id.
    elena = await imports.known("E1")
    assert [type(fact) for fact in elena.facts.values() if isinstance(fact, PersonLeft | PersonRejoined)] == [
        PersonLeft,
        PersonRejoined,
    ]
    assert [Person(elena.facts).employed(date(year, 12, 31)) for year in (2020, 2021, 2022)] == [True, False, True]
    assert (await shown("E1"))["status"] == "active"

    # A leave, and the return from it.
    assert (await held("E2", "P201", "2023-05-01")).status == "leave"
    assert (await held("E2", "P201", "2024-05-01")).status == "active"

    # Two positions at once: the primary one decides.
    assert (await held("E3", "P303", "2024-01-01")).primary is False
    assert (await shown("E3"))["unit"] == str(unit_id("rnd"))

    # The explicit manager on the solid line; the dotted line is told, and decides nothing.
    assert await managed("E4") == ("E9", "manager")
    lines = [fact.line for fact in (await imports.known("E4")).facts.values() if isinstance(fact, ManagerAssigned)]
    assert sorted(lines) == ["dotted", "solid"]

    # A reorganisation: the unit is replaced, and who went with it says so.
    (replaced,) = [event for event in await imports.unit("rnd-old") if isinstance(event, UnitReplaced)]
    assert replaced.by == (unit_id("lab"), unit_id("design"))
    assert (await held("E5", "P210", "2024-01-01")).reason == "reorganisation"

    # A leaving to come is seen by nobody before its day.
    enzo = await shown("E6")
    assert (enzo["status"], enzo["left_on"]) == ("active", None)
    assert not Person((await imports.known("E6")).facts).employed(date(2100, 1, 1))

    # A leader who has left leads nobody: the one above does.
    assert (await shown("M2"))["status"] == "left"
    assert await managed("E7") == ("B1", "manager")

    # Nobody above: a vacancy. So is a circle.
    assert await managed("E8") == (None, None)
    assert await managed("C1") == (None, None)
    assert await managed("C2") == (None, None)
    assert await managed("B1") == (None, None)
    assert await managed("E9") == ("M1", "manager")

    again = await imports.bring(files("tests/data/organisation"))
    assert again["progress"]["events"] == {}


async def test_the_templates_import_as_they_are(imports: Imports) -> None:
    history = await imports.bring(files("docs/imports/job-history"))
    assert history["state"] == "done", await imports.problems(history)
    snapshot = await imports.bring(files("docs/imports/snapshot"), mode="snapshot")
    assert snapshot["state"] == "done", await imports.problems(snapshot)
    assert snapshot["progress"]["events"] == {"profiles.place_changed.v1": 1}
    departments = await imports.bring(files("docs/imports/four-files"))
    assert departments["state"] == "done", await imports.problems(departments)
    header = "Personalnummer;unit;title;Eintritt / Änderung;Kostenstelle;status\n"
    mapped = (header + "9;rnd;Chemist;01.02.2024;1;Elternzeit\n").encode()
    mapping = (ROOT / "docs/imports/job-history/mapping.toml").read_bytes()
    renamed = await imports.bring({"job_history.csv": mapped}, mapping=mapping)
    assert renamed["state"] == "done", await imports.problems(renamed)
