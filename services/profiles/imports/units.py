"""What files state of units → the events that make it so. Pure.

Units have no named facts: what holds from a day on is told anew for that day, and the newest telling of a day counts.
So a change of date is two tellings: the old day as it was before it, and the new one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from services.profiles.imports.problems import Problem
from services.profiles.imports.rows import Department, DepartmentManager, UnitRow, UnitSide
from services.profiles.unit import unit_id
from shared.contracts.event import Event
from shared.contracts.profiles import UnitChanged, UnitEstablished, UnitLeaderAppointed, UnitReplaced

T = TypeVar("T")

BEGINNING = date(1900, 1, 1)
"""The first day of departments: the shape of four files gives them none."""


@dataclass(frozen=True, slots=True)
class Details:
    """A unit's name and its parent's code."""

    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class StatedUnit:
    """What files state of one unit, each from a day on, oldest first. `leaders` None: they say nothing of leaders."""

    code: str
    legal_entity: str | None
    details: tuple[tuple[date, Details], ...]
    leaders: tuple[tuple[date, str | None], ...] | None
    replaced: tuple[tuple[date, tuple[str, ...]], ...]


def stated(rows: Iterable[UnitSide], *, leaders_told: bool, legal_entity: str | None) -> list[StatedUnit]:
    """The units of all rows; `check` has found nothing wrong. `legal_entity` is for departments."""
    by_code: dict[str, list[UnitSide]] = defaultdict(list)
    for row in rows:
        by_code[row.unit if isinstance(row, UnitRow) else row.department_id].append(row)
    return [_stated(code, by_code[code], leaders_told, legal_entity) for code in sorted(by_code)]


def events(unit: StatedUnit, known: Sequence[Event], people: Mapping[str, UUID]) -> list[Event]:
    """What is to be told of a unit, given the events of its stream so far. `people` finds leaders."""
    me = unit_id(unit.code)
    told: list[Event] = []
    wanted = [(day, (one.name, unit_id(one.parent) if one.parent else None)) for day, one in unit.details]
    established = next((event for event in known if isinstance(event, UnitEstablished)), None)
    if established is None:
        first, (name, parent) = wanted[0]
        established = UnitEstablished(
            unit=me, code=unit.code, name=name, parent=parent, legal_entity=unit.legal_entity, effective_on=first
        )
        told.append(established)
    details = [(established.effective_on, (established.name, established.parent))]
    details += [(event.effective_on, (event.name, event.parent)) for event in known if isinstance(event, UnitChanged)]
    for day, (name, parent) in steps(details, wanted):
        told.append(UnitChanged(unit=me, name=name, parent=parent, effective_on=day))
    if unit.leaders is not None:
        leaders = [(event.effective_on, event.leader) for event in known if isinstance(event, UnitLeaderAppointed)]
        named = [(day, people[number] if number is not None else None) for day, number in unit.leaders]
        for day, leader in steps([(date.min, None), *leaders], [(date.min, None), *named]):
            told.append(UnitLeaderAppointed(unit=me, leader=leader, effective_on=day))
    replaced = {(event.effective_on, event.by) for event in known if isinstance(event, UnitReplaced)}
    for day, codes in unit.replaced:
        by = tuple(unit_id(code) for code in codes)
        if (day, by) not in replaced:
            told.append(UnitReplaced(unit=me, by=by, effective_on=day))
    return told


def steps(known: Iterable[tuple[date, T]], wanted: Sequence[tuple[date, T]]) -> list[tuple[date, T]]:
    """What is to be told, by day, so that from the first wanted day on the value of each day is the wanted one.

    Both are values from a day on; of two for one day the later in `known` counts.
    """
    held = dict(sorted(known, key=lambda one: one[0]))
    goal = dict(wanted)
    first = min(goal)
    before = [day for day in held if day < first]
    value: T | None = held[max(before)] if before else None
    valued = bool(before)
    target = goal[first]
    told: list[tuple[date, T]] = []
    for day in sorted({*held, *goal}):
        if day < first:
            continue
        target = goal.get(day, target)
        if day in held:
            value, valued = held[day], True
        if not valued or value != target:
            told.append((day, target))
            value, valued = target, True
    return told


def _stated(code: str, rows: Sequence[UnitSide], leaders_told: bool, legal_entity: str | None) -> StatedUnit:  # noqa: FBT001
    units = sorted((row for row in rows if isinstance(row, UnitRow)), key=lambda row: row.effective_on)
    departments = [row for row in rows if isinstance(row, Department)]
    managers = [row for row in rows if isinstance(row, DepartmentManager)]
    details = [(row.effective_on, Details(row.name, row.parent)) for row in units]
    details += [(BEGINNING, Details(row.name, None)) for row in departments]
    leaders: list[tuple[date, str | None]] = [(row.effective_on, row.leader) for row in units]
    for row in sorted(managers, key=lambda row: row.from_date):
        if leaders and leaders[-1][0] == row.from_date:
            leaders.pop()  # the end of the one before
        leaders.append((row.from_date, row.employee_id))
        if row.to_date is not None:
            leaders.append((row.to_date, None))
    return StatedUnit(
        code,
        legal_entity if departments else next((row.legal_entity for row in reversed(units) if row.legal_entity), None),
        tuple(details),
        tuple(leaders) if leaders_told else None,
        tuple((row.effective_on, row.replaced_by) for row in units if row.replaced_by),
    )


# What is wrong with the units of all files together


def check(rows: Sequence[UnitSide]) -> list[Problem]:
    """What is wrong between the rows of units. Whether units named exist elsewhere is not asked here."""
    problems: list[Problem] = []
    ordered = sorted(rows, key=lambda row: (_key(row), row.at.file, row.at.line))
    for row, following in pairwise(ordered):
        if _key(row) == _key(following) and type(row) is type(following):
            detail = f"says the same unit of the same day as line {row.at.line}"
            problems.append(Problem(following.at, "duplicate", detail))
    problems += _overlaps([row for row in rows if isinstance(row, DepartmentManager)])
    for row in rows:
        if isinstance(row, UnitRow) and row.unit in (row.parent, *row.replaced_by):
            problems.append(Problem(row.at, "unit-within-itself", "is part of itself or replaced by itself"))
    return problems or _circles([row for row in rows if isinstance(row, UnitRow)])


def _key(row: UnitSide) -> tuple[str, date]:
    match row:
        case UnitRow():
            return row.unit, row.effective_on
        case Department():
            return row.department_id, BEGINNING
        case DepartmentManager():
            return row.department_id, row.from_date


def _overlaps(rows: Sequence[DepartmentManager]) -> list[Problem]:
    ordered = sorted(rows, key=lambda row: (row.department_id, row.from_date))
    return [
        Problem(following.at, "overlap", f"begins while line {row.at.line} still holds", field="from_date")
        for row, following in pairwise(ordered)
        if row.department_id == following.department_id
        and row.from_date < following.from_date
        and (row.to_date is None or row.to_date > following.from_date)
    ]


def _circles(rows: Sequence[UnitRow]) -> list[Problem]:
    """Units whose newest parents lead back to themselves."""
    newest: dict[str, UnitRow] = {}
    for row in sorted(rows, key=lambda row: row.effective_on):
        newest[row.unit] = row
    problems: list[Problem] = []
    fine: set[str] = set()
    for row in newest.values():
        path: list[str] = []
        above: str | None = row.unit
        while above is not None and above in newest and above not in fine and above not in path:
            path.append(above)
            above = newest[above].parent
        if above == row.unit and path:
            problems.append(Problem(row.at, "unit-within-itself", "is part of itself by way of other units"))
        elif above not in path:
            fine.update(path)
    return problems
