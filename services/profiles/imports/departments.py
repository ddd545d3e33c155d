"""The shape of four files → rows of a job history: one place a person, its unit and title merged by date."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from services.profiles.imports.problems import Problem
from services.profiles.imports.rows import DepartmentAssignment, HistoryRow, TitleHeld
from services.profiles.imports.shapes import POSITION

Dated = DepartmentAssignment | TitleHeld


def check(assignments: Sequence[DepartmentAssignment], titles: Sequence[TitleHeld]) -> list[Problem]:
    """What is wrong between the rows of one person: in one department and under one title at a time, never without."""
    problems: list[Problem] = []
    for rows in (assignments, titles):
        problems += _overlaps(rows)
    if not problems:
        problems += _uncovered(assignments, titles)
    return problems


def job_history(
    assignments: Sequence[DepartmentAssignment], titles: Sequence[TitleHeld], unsaid: Mapping[str, str]
) -> list[HistoryRow]:
    """The person's place from each day on which department or title changes; `check` has found nothing wrong.

    Who has no assignment that is still open has left with the day before the last one's `to_date`. `unsaid` gives legal
    entity, country and time zone.
    """
    if not assignments:
        return []
    rows = sorted(assignments, key=lambda row: row.from_date)
    open_end = any(row.to_date is None for row in rows)
    left_on = None if open_end else max(row.to_date for row in rows if row.to_date is not None) - timedelta(days=1)
    history: list[HistoryRow] = []
    for assignment in rows:
        for begins, until, title in _titles_within(assignment, titles):
            history.append(
                HistoryRow(
                    at=assignment.at,
                    employee_number=assignment.employee_id,
                    given_name=None,
                    family_name=None,
                    email=None,
                    language=None,
                    position=POSITION,
                    unit=assignment.department_id,
                    title=title,
                    job_level=None,
                    legal_entity=unsaid["legal_entity"],
                    country=unsaid["country"],
                    time_zone=unsaid["time_zone"],
                    fte=None,
                    primary=True,
                    status="active",
                    manager=None,
                    dotted_line_manager=None,
                    reason=None,
                    effective_on=begins,
                    held_until=until - timedelta(days=1) if until is not None else None,
                    left_on=left_on,
                )
            )
    return history


def _titles_within(
    assignment: DepartmentAssignment, titles: Sequence[TitleHeld]
) -> Iterator[tuple[date, date | None, str]]:
    """The titles over the days of an assignment, each with its first day and the first day without."""
    for title in sorted(titles, key=lambda row: row.from_date):
        begins = max(title.from_date, assignment.from_date)
        until = _sooner(title.to_date, assignment.to_date)
        if until is None or begins < until:
            yield begins, until, title.title


def _overlaps(rows: Sequence[Dated]) -> Iterator[Problem]:
    ordered = sorted(rows, key=lambda row: (row.from_date, row.at.file, row.at.line))
    for row, following in pairwise(ordered):
        if row.from_date == following.from_date:
            detail = f"begins on the same day as line {row.at.line}"
            yield Problem(following.at, "duplicate", detail, field="from_date")
        elif row.to_date is None or row.to_date > following.from_date:
            detail = f"begins while line {row.at.line} still holds"
            yield Problem(following.at, "overlap", detail, field="from_date")


def _uncovered(assignments: Sequence[DepartmentAssignment], titles: Sequence[TitleHeld]) -> Iterator[Problem]:
    """A place has a unit and a title on each of its days."""
    if not assignments:
        for title in titles:
            yield Problem(title.at, "no-assignment", "is the title of a person without a department assignment")
    for assignment in assignments:
        day: date | None = assignment.from_date
        for begins, until, _ in _titles_within(assignment, titles):
            if begins == day:
                day = until
        if day is not None and (assignment.to_date is None or day < assignment.to_date):
            yield Problem(assignment.at, "no-title", "has days for which no title is given")


def _sooner(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
