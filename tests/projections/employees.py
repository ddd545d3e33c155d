"""data/employees-1000 as the facts that an import makes of it: titles and departments are two files, merged by day."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from services.projections.movement import Fact

HERE = Path(__file__).parents[2] / "data" / "employees-1000"
STILL = date(9999, 1, 1)
_IDS = UUID("5d1f4f6e-43d1-4f0e-a0a4-5c9c1b0d6a11")


@dataclass(slots=True)
class Employee:
    titles: dict[date, str] = field(default_factory=dict)
    departments: dict[date, str] = field(default_factory=dict)
    ended: date = STILL
    """The first day out: `to_date` is exclusive."""


def employees() -> dict[str, Employee]:
    found: dict[str, Employee] = defaultdict(Employee)
    for row in _rows("titles.csv"):
        found[row["employee_id"]].titles[date.fromisoformat(row["from_date"])] = row["title"]
        found[row["employee_id"]].ended = date.min
    for row in _rows("department_assignments.csv"):
        found[row["employee_id"]].departments[date.fromisoformat(row["from_date"])] = row["department_id"]
    for name in ("titles.csv", "department_assignments.csv"):
        for row in _rows(name):
            one = found[row["employee_id"]]
            one.ended = max(one.ended, date.fromisoformat(row["to_date"]))
    return found


def departments() -> dict[str, str]:
    return {row["department_id"]: row["name"] for row in _rows("departments.csv")}


def unit_id(department: str) -> UUID:
    return uuid5(_IDS, department)


def person_id(employee: str) -> UUID:
    return uuid5(_IDS, employee)


def facts_of(employee: str, one: Employee) -> Iterator[Fact]:
    """Joined, one place with its dated changes, left."""
    days = sorted({*one.titles, *one.departments})
    yield Fact(_fact(employee, "joined"), 1, "joined", days[0])
    for number, day in enumerate(days, 2):
        title = one.titles[max(known for known in one.titles if known <= day)]
        department = one.departments[max(known for known in one.departments if known <= day)]
        source = _fact(employee, f"place {day}")
        yield Fact(source, number, "held", day, position=employee, unit=unit_id(department), title=title)
    if one.ended != STILL:
        yield Fact(_fact(employee, "left"), len(days) + 2, "left", one.ended - timedelta(days=1))


def _fact(employee: str, what: str) -> UUID:
    return uuid5(_IDS, f"{employee} {what}")


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
