"""What staged rows say of a person, whatever shape they came in, and what is wrong with them."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from services.profiles.imports import contradictions, departments
from services.profiles.imports.problems import Problem
from services.profiles.imports.rows import DepartmentAssignment, HistoryRow, PersonSide, TitleHeld
from services.profiles.imports.shapes import UNSAID


def as_history(rows: Sequence[PersonSide], defaults: Mapping[str, str]) -> list[HistoryRow]:
    """The rows of a person as those of a job history. `defaults` are the mapping's."""
    assignments = [row for row in rows if isinstance(row, DepartmentAssignment)]
    titles = [row for row in rows if isinstance(row, TitleHeld)]
    return [
        *(row for row in rows if isinstance(row, HistoryRow)),
        *departments.job_history(assignments, titles, {**UNSAID, **defaults}),
    ]


def wrong_between(rows: Sequence[PersonSide]) -> list[Problem]:
    """What is wrong between the rows of a person."""
    return [
        *contradictions.check([row for row in rows if isinstance(row, HistoryRow)]),
        *departments.check(
            [row for row in rows if isinstance(row, DepartmentAssignment)],
            [row for row in rows if isinstance(row, TitleHeld)],
        ),
    ]


def unknown(rows: Sequence[PersonSide], units: Collection[str], people: Collection[str]) -> Iterator[Problem]:
    """Units and managers that rows name and that nobody knows."""
    for row in rows:
        match row:
            case HistoryRow():
                if row.unit not in units:
                    yield Problem(row.at, "unknown-unit", "names a unit that is not known", field="unit")
                for column in ("manager", "dotted_line_manager"):
                    number = getattr(row, column)
                    if number is not None and number not in people:
                        detail = "names somebody who is neither known nor in the files"
                        yield Problem(row.at, "unknown-manager", detail, field=column)
            case DepartmentAssignment():
                if row.department_id not in units:
                    yield Problem(row.at, "unknown-unit", "names a unit that is not known", field="department_id")
            case TitleHeld():
                pass


def units_named(rows: Sequence[PersonSide]) -> set[str]:
    named = {row.unit for row in rows if isinstance(row, HistoryRow)}
    return named | {row.department_id for row in rows if isinstance(row, DepartmentAssignment)}


def managers_named(rows: Sequence[PersonSide]) -> set[str]:
    return {
        number
        for row in rows
        if isinstance(row, HistoryRow)
        for number in (row.manager, row.dotted_line_manager)
        if number is not None
    }
