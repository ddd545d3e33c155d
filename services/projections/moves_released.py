"""What analysts are told of moves, pure: as what a move may be told in a release, and how releases answer.

A change of title is told by its two titles, every other kind by its two units: by the finest period that fills a group
(docs/groups.md); what fills none, by its kind alone. A month, quarter or year is told once it is over.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from services.projections.movement import Kind
from services.projections.moves_reads import MOVES, GroupBy, MovesAsked
from shared.groups import Label

Fineness = Literal["month", "quarter", "year", "ever"]

EVER = "ever"
"""The period of what is told of all the time up to the release."""

Sides = tuple[str, str]
"""The unit or title left and the one joined; "" for none."""

Key = tuple[tuple[str, str], ...]
"""What the moves of a cell have in common, by name."""


class Told(NamedTuple):
    """A label: what all moves of a group have in common. `by` says what the two sides are; "" with none."""

    kind: str
    by: str
    before: str
    after: str
    period: str

    def sides(self, by: Literal["units", "titles"]) -> Sides | None:
        """None where they are not told."""
        return (self.before, self.after) if self.by == by else None


def labels_of(kind: Kind, on: date, units: Sides, titles: Sides, until: date) -> list[Label | None]:
    """What a move may be told as in a release that covers all until a day, finest first (see shared.groups.Fact).

    Groups remember by which of these they are told: more may be added at the end, and none changes its place.
    """
    by, sides = ("titles", titles) if kind in ("title_change", "promotion") else ("units", units)
    month, quarter, year = (period if span(period)[1] <= until else None for period in _periods(on))
    ever = None if year is None else EVER
    fine = [(by, sides, period) for period in (month, quarter, year, ever)]
    coarse = [("", ("", ""), period) for period in (year, ever)]
    return [None if period is None else Told(kind, by, *sides, period) for by, sides, period in (*fine, *coarse)]


def _periods(on: date) -> tuple[str, str, str]:
    return on.isoformat()[:7], f"{on.year}-Q{(on.month + 2) // 3}", str(on.year)


@lru_cache(maxsize=10_000)
def span(period: str) -> tuple[date, date]:
    """The first and the last day of "2027-01", "2027-Q1" or "2027"."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        first, last = 3 * int(part[1]) - 2, 3 * int(part[1])
    else:
        first, last = (int(part), int(part)) if part else (1, 12)
    return date(int(year), first, 1), date(int(year), last, monthrange(int(year), last)[1])


def fineness(period: str) -> Fineness:
    """How fine a period is."""
    if period == EVER:
        return "ever"
    return "quarter" if "Q" in period else "month" if "-" in period else "year"


@dataclass(frozen=True, slots=True)
class Counted:
    """Sums of whole groups. `other`: in no cell, since what they are grouped by is not told or is none for them;
    `wider`: not counted, since they are told for a longer time that reaches into the one asked for."""

    cells: Mapping[Key, int]
    other: int
    wider: int


def count(figures: Mapping[Label, int], asked: MovesAsked) -> Counted:
    """Answers from the figures of a release, by adding some of them and doing nothing else."""
    cells: dict[Key, int] = defaultdict(int)
    other = wider = 0
    kinds = frozenset(asked.kind or MOVES)
    for label, moves in figures.items():
        told = Told(*label)
        if told.kind not in kinds or (within := _within(told.period, asked)) == "outside":
            continue
        if within == "wider":
            wider += moves
        elif None in (parts := [_group(told, group) for group in asked.group_by]):
            other += moves
        else:
            names = {name: value for part in parts for name, value in cast("dict[str, str]", part).items()}
            cells[tuple(names.items())] += moves
    return Counted(cells, other, wider)


def _within(period: str, asked: MovesAsked) -> Literal["within", "wider", "outside"]:
    if asked.begins is None and asked.ends is None:
        return "within"
    first, last = (date.min, date.max) if period == EVER else span(period)
    begins, ends = asked.begins or date.min, asked.ends or date.max
    if first < begins or last > ends:
        return "wider" if first <= ends and last >= begins else "outside"
    return "within"


def _group(told: Told, group: GroupBy) -> dict[str, str] | None:
    """What a move is grouped by; None: not told, or none. A flow is between two units, as it is live (moves_reads)."""
    units, titles = told.sides("units"), told.sides("titles")
    match group:
        case "kind":
            return {"kind": told.kind}
        case "month":
            return {"period": told.period}
        case "title":
            return None if titles is None or titles[0] == titles[1] else _pair("title", titles)
        case "flow":
            return None if units is None or "" in units or units[0] == units[1] else _pair("unit", units)
        case "from_unit":
            return None if units is None else {"from_unit": units[0]}
        case "to_unit":
            return None if units is None else {"to_unit": units[1]}


def _pair(what: str, sides: Sides) -> dict[str, str]:
    return {f"from_{what}": sides[0], f"to_{what}": sides[1]}
