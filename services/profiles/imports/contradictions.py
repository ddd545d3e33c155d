"""What is wrong between the rows of one person. Pure: the later line is named, with the line that it contradicts."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise

from services.profiles.imports.history import LINES, described
from services.profiles.imports.problems import Problem
from services.profiles.imports.rows import HistoryRow


def check(rows: Iterable[HistoryRow]) -> list[Problem]:
    """The rows may be in any order."""
    ordered = sorted(rows, key=lambda row: (row.position, row.effective_on, row.at.file, row.at.line))
    problems: list[Problem] = []
    for row, following in pairwise(ordered):
        if row.position == following.position:
            problems += _against(row, following)
    leavings = sorted({(row.left_on, row.at.line) for row in ordered if row.left_on is not None})
    for row in ordered:
        problems += _alone(row)
        problems += _leaving(row, leavings)
    problems += _descriptions(ordered)
    return problems


def _against(row: HistoryRow, following: HistoryRow) -> Iterator[Problem]:
    if row.effective_on == following.effective_on:
        detail = f"says the same position of the same day as line {row.at.line}"
        yield Problem(following.at, "duplicate", detail, field="effective_on")
    elif row.held_until is not None and row.held_until >= following.effective_on:
        detail = f"begins while line {row.at.line} still holds the position"
        yield Problem(following.at, "overlap", detail, field="effective_on")


def _alone(row: HistoryRow) -> Iterator[Problem]:
    for _, column in LINES:
        manager = getattr(row, column)
        if manager is not None and manager.casefold() == row.employee_number.casefold():
            yield Problem(row.at, "own-manager", "names the person as their own manager", field=column)


def _leaving(row: HistoryRow, leavings: Sequence[tuple[date, int]]) -> Iterator[Problem]:
    index = bisect_left(leavings, (row.effective_on, 0))
    if index == len(leavings):
        return
    left_on, line = leavings[index]
    if row.left_on not in (None, left_on):
        detail = f"says another last day than line {line}, by which the person had left before"
        yield Problem(row.at, "left-differs", detail, field="left_on")
    if row.held_until is not None and row.held_until > left_on:
        detail = f"is held beyond the person's last day in line {line}"
        yield Problem(row.at, "held-after-leaving", detail, field="held_until")


def _descriptions(rows: Sequence[HistoryRow]) -> Iterator[Problem]:
    """Two rows of one day cannot differ in what is said of the person, and a language needs somebody's name."""
    said: dict[tuple[date, str], tuple[object, int]] = {}
    for row in rows:
        for name in ("given_name", "family_name", "language", "email"):
            value = getattr(row, name)
            if value is None:
                continue
            before, line = said.setdefault((row.effective_on, name), (value, row.at.line))
            if before != value:
                detail = f"differs from line {line}, which is of the same day"
                yield Problem(row.at, "description-differs", detail, field=name)
    newest = described(rows)
    if newest.language is not None and newest.given_name is None and newest.family_name is None and rows:
        row = next(row for row in rows if row.language is not None)
        yield Problem(row.at, "missing", "a language is told together with a name", field="language")
