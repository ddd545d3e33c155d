"""The rows of HR's files once they are read, and how they are packed for staging."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, TypeVar, get_args, get_type_hints

import orjson

from services.profiles.imports.problems import Place
from shared.contracts.profiles import ChangeReason, Language


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A place of a person as it is from `effective_on` on: until the position's next row, `held_until` or `left_on`.

    `held_until` is the last day on which the place is held, `left_on` the person's last day in the organisation.
    """

    at: Place
    employee_number: str
    given_name: str | None
    family_name: str | None
    email: str | None
    language: Language | None
    position: str
    unit: str
    title: str
    job_level: int | None
    legal_entity: str
    country: str
    time_zone: str
    fte: float | None
    primary: bool
    status: Literal["active", "leave"]
    manager: str | None
    dotted_line_manager: str | None
    reason: ChangeReason | None
    effective_on: date
    held_until: date | None
    left_on: date | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as it is from `effective_on` on. `replaced_by` names the units that take its place on that day."""

    at: Place
    unit: str
    name: str
    parent: str | None
    legal_entity: str | None
    leader: str | None
    replaced_by: tuple[str, ...]
    effective_on: date


@dataclass(frozen=True, slots=True)
class Department:
    at: Place
    department_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DepartmentManager:
    """`to_date` is the first day without; None: still."""

    at: Place
    employee_id: str
    department_id: str
    from_date: date
    to_date: date | None


@dataclass(frozen=True, slots=True)
class DepartmentAssignment:
    """`to_date` is the first day without; None: still."""

    at: Place
    employee_id: str
    department_id: str
    from_date: date
    to_date: date | None


@dataclass(frozen=True, slots=True)
class TitleHeld:
    """`to_date` is the first day without; None: still."""

    at: Place
    employee_id: str
    title: str
    from_date: date
    to_date: date | None


UnitSide = UnitRow | Department | DepartmentManager
PersonSide = HistoryRow | DepartmentAssignment | TitleHeld
Row = UnitSide | PersonSide

R = TypeVar("R", HistoryRow, DepartmentAssignment, TitleHeld, UnitRow, Department, DepartmentManager)

_CLASSES: tuple[type[Row], ...] = (*get_args(UnitSide), *get_args(PersonSide))
_NUMBERS = {cls: number for number, cls in enumerate(_CLASSES)}


def _positions(cls: type[Row], wanted: tuple[Any, ...]) -> tuple[int, ...]:
    hints = get_type_hints(cls)
    return tuple(i for i, one in enumerate(fields(cls)) if hints[one.name] in wanted)


_DATES = tuple(_positions(cls, (date, date | None)) for cls in _CLASSES)
_TUPLES = tuple(_positions(cls, (tuple[str, ...],)) for cls in _CLASSES)
_FIELDS = tuple(tuple(one.name for one in fields(cls))[1:] for cls in _CLASSES)


def pack(row: Row) -> bytes:
    """JSON of a row without its place, which staging keeps beside it."""
    number = _NUMBERS[type(row)]
    return orjson.dumps([number, *(getattr(row, name) for name in _FIELDS[number])])


def unpack(packed: bytes, at: Place) -> Row:
    values = orjson.loads(packed)
    number = values[0]
    values[0] = at
    for i in _DATES[number]:
        if values[i] is not None:
            values[i] = date.fromisoformat(values[i])
    for i in _TUPLES[number]:
        values[i] = tuple(values[i])
    row: Row = _CLASSES[number](*values)
    return row


def people_in(row: Row) -> Iterator[tuple[str, bool]]:
    """Whom a row names by employee number, and whether it is a row about them."""
    match row:
        case HistoryRow():
            yield row.employee_number, True
            for manager in (row.manager, row.dotted_line_manager):
                if manager is not None:
                    yield manager, False
        case DepartmentAssignment() | TitleHeld():
            yield row.employee_id, True
        case DepartmentManager():
            yield row.employee_id, False
        case UnitRow():
            if row.leader is not None:
                yield row.leader, False
        case Department():
            pass
