"""The moves of one person: a pure function of everything that was told of them, in any order.

Only HR's facts change a place. What opportunities reports is a claim: it gives a move of HR's its kind, and stands as
unconfirmed while HR has reported nothing that fits.

Decided here:
- A change of unit is one move, a change of title or level another, also on one day; a claim of a promotion joins them.
- A claim that names two units fits a change of unit only; one within a unit, a change of title or level only.
- A unit that was replaced leads to a reorganisation from that day on. HR's word "reorganisation" also covers the title
  that came with it; a higher level stays a promotion.
- A gap between two places within one employment does not hide the move between them. A join after leaving is a rehire,
  whatever HR calls it, and begins with no move.
- Joining, leaving and coming back are told beside the moves, under kinds of their own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID, uuid5

FactKind = Literal["joined", "rejoined", "left", "held", "ended", "claimed", "withdrawn"]
MoveKind = Literal["department_move", "title_change", "promotion", "project", "stretch_assignment", "secondment"]
Kind = MoveKind | Literal["joined", "left", "rejoined"]

WITHIN = 60
"""Days between a claim and the fact of HR's that confirms it."""

_CLAIMED: Mapping[str, MoveKind] = {
    "transfer": "department_move",
    "promotion": "promotion",
    "project": "project",
    "stretch_assignment": "stretch_assignment",
    "secondment": "secondment",
}
_MOVES = UUID("7a0b8a3e-6a0c-5d53-9d5e-0a5b54f2a2c1")
"""The namespace of the ids of moves: the same facts give the same ids."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What was told of one person. `source` names HR's fact or the move claimed; the newest telling (`seq`) counts.

    `left` has the last day in, `ended` the first day without the place. `reason` is HR's word; for a claim, its kind.
    """

    source: UUID
    seq: int
    kind: FactKind
    effective_on: date
    position: str = ""
    unit: UUID | None = None
    title: str | None = None
    level: int | None = None
    primary: bool = True
    time_zone: str = "UTC"
    reason: str | None = None
    from_unit: UUID | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One move. The effective day is a calendar date in `time_zone`; unconfirmed: claimed, and not reported by HR.

    `until` is the day on which a claim gives way to a later fact of HR's, which nobody sees before.
    """

    id: UUID
    kind: Kind
    effective_on: date
    time_zone: str
    from_unit: UUID | None
    to_unit: UUID | None
    from_title: str | None = None
    to_title: str | None = None
    from_level: int | None = None
    to_level: int | None = None
    confirmed: bool = True
    claim: UUID | None = None
    until: date | None = None


Replacements = Mapping[UUID, Collection[tuple[UUID, date]]]
"""Unit → the units that replaced it, each with the day from which on."""


@dataclass(frozen=True, slots=True)
class _Stay:
    """One employment, and the primary place from each day on."""

    joined: Fact | None
    left: Fact | None
    places: Sequence[tuple[date, Fact]]


@dataclass(frozen=True, slots=True)
class _Change:
    """The primary place became another one on a day, within one employment."""

    on: date
    cause: str
    before: Fact
    after: Fact
    unit: bool
    grade: Literal["promotion", "title_change"] | None


def moves_of(facts: Iterable[Fact], replaced: Replacements, *, within: int = WITHIN) -> list[Move]:
    """Every move, oldest first; those dated later than today among them."""
    told = _newest(facts)
    claims = [fact for fact in told if fact.kind == "claimed"]
    stays = _stays(told)
    changes = [change for stay in stays for change in _changes(stay, replaced)]
    pairs = _pairs(claims, changes, within)
    found = [move for stay in stays for move in _coming_and_going(stay)]
    for change in changes:
        found.extend(_reported(change, pairs.get(change.cause)))
    confirmed = {pairs[change.cause].source: change.on for change in changes if change.cause in pairs}
    for claim in claims:
        until = confirmed.get(claim.source)
        if until is None or until > claim.effective_on:
            found.append(_unconfirmed(claim, stays, until))
    return sorted(found, key=lambda move: (move.effective_on, move.id))


def _newest(facts: Iterable[Fact]) -> list[Fact]:
    """The newest telling of each source, by day; what was withdrawn is gone."""
    newest: dict[UUID, Fact] = {}
    for fact in facts:
        known = newest.get(fact.source)
        if known is None or fact.seq > known.seq:
            newest[fact.source] = fact
    held = (fact for fact in newest.values() if fact.kind != "withdrawn")
    return sorted(held, key=lambda fact: (fact.effective_on, fact.seq, fact.source))


def _stays(told: Sequence[Fact]) -> list[_Stay]:
    """The employments, one after the other. Who was never reported as joining is in all along."""
    places = [fact for fact in told if fact.kind in ("held", "ended")]
    stays: list[_Stay] = []
    begun, joined, inside = date.min, None, True
    # Leaving on a day counts from the day after, so that one can leave on Friday and join again on Saturday.
    for fact in sorted(
        (fact for fact in told if fact.kind in ("joined", "rejoined", "left")),
        key=lambda fact: (_first_day(fact), fact.kind != "left", fact.seq, fact.source),
    ):
        if fact.kind == "left" and inside:
            stays.append(_Stay(joined, fact, _primary_places(places, begun, _first_day(fact))))
            inside = False
        elif fact.kind != "left" and not inside:
            begun, joined, inside = fact.effective_on, replace(fact, kind="rejoined"), True
        elif fact.kind != "left" and joined is None:
            joined = fact
    if inside:
        stays.append(_Stay(joined, None, _primary_places(places, begun, None)))
    return stays


def _first_day(fact: Fact) -> date:
    return fact.effective_on + timedelta(days=fact.kind == "left")


def _primary_places(places: Sequence[Fact], begun: date, ended: date | None) -> list[tuple[date, Fact]]:
    """The primary place from each day on, within one employment: whoever comes back holds nothing from before."""
    facts = [fact for fact in places if begun <= fact.effective_on and (ended is None or fact.effective_on < ended)]
    days: list[tuple[date, Fact]] = []
    newest: dict[str, Fact] = {}
    for index, fact in enumerate(facts):
        newest[fact.position] = fact
        if index + 1 < len(facts) and facts[index + 1].effective_on == fact.effective_on:
            continue
        held = [one for one in newest.values() if one.kind == "held"]
        if held:
            # As shared.relations has it: a primary place first, then by position.
            days.append((fact.effective_on, min(held, key=lambda one: (not one.primary, one.position))))
    return days


def _coming_and_going(stay: _Stay) -> Iterable[Move]:
    if stay.joined is not None:
        kind: Kind = "rejoined" if stay.joined.kind == "rejoined" else "joined"
        yield _beside(kind, stay.joined, None, stay.places[0][1] if stay.places else None)
    if stay.left is not None:
        yield _beside("left", stay.left, stay.places[-1][1] if stay.places else None, None)


def _beside(kind: Kind, fact: Fact, before: Fact | None, after: Fact | None) -> Move:
    place = before or after
    return Move(
        id=uuid5(_MOVES, f"{fact.source}/{kind}"),
        kind=kind,
        effective_on=fact.effective_on,
        time_zone=place.time_zone if place else "UTC",
        from_unit=before.unit if before else None,
        to_unit=after.unit if after else None,
        from_title=before.title if before else None,
        to_title=after.title if after else None,
        from_level=before.level if before else None,
        to_level=after.level if after else None,
    )


def _changes(stay: _Stay, replaced: Replacements) -> Iterable[_Change]:
    for (_, before), (day, after) in pairwise(stay.places):
        if (change := _change(day, before, after, replaced)) is not None:
            yield change


def _change(day: date, before: Fact, after: Fact, replaced: Replacements) -> _Change | None:
    fresh = after.effective_on == day
    word = after.reason if fresh else None
    reorganised = word == "reorganisation"
    followed = before.unit is not None and any(
        unit == after.unit and since <= day for unit, since in replaced.get(before.unit, ())
    )
    higher = before.level is not None and after.level is not None and after.level > before.level
    grade: Literal["promotion", "title_change"] | None = None
    if higher or word == "promotion":
        grade = "promotion"
    elif before.title != after.title and not reorganised:
        grade = "title_change"
    unit = before.unit != after.unit and not reorganised and not followed
    if not unit and grade is None:
        return None
    cause = str(after.source) if fresh else f"{after.source}@{day}"
    return _Change(day, cause, before, after, unit, grade)


def _pairs(claims: Sequence[Fact], changes: Sequence[_Change], within: int) -> dict[str, Fact]:
    """Cause of a change → the claim it confirms: nearest first, each used once."""
    near = sorted(
        (abs((change.on - claim.effective_on).days), change.on, claim.effective_on, claim.source, change.cause)
        for claim in claims
        for change in changes
        if change.after.unit == claim.unit and change.unit == (claim.from_unit != claim.unit)
    )
    by_source = {claim.source: claim for claim in claims}
    pairs: dict[str, Fact] = {}
    used: set[UUID] = set()
    for days, _, _, source, cause in near:
        if days <= within and cause not in pairs and source not in used:
            pairs[cause] = by_source[source]
            used.add(source)
    return pairs


def _reported(change: _Change, claim: Fact | None) -> list[Move]:
    """The moves in one change: that of unit has one title, that of title one unit, so that nothing counts twice."""
    before, after = change.before, change.after
    whole = Move(
        id=uuid5(_MOVES, f"{change.cause}/unit"),
        kind="department_move" if claim is None else _CLAIMED[claim.reason or ""],
        effective_on=change.on,
        time_zone=after.time_zone,
        from_unit=before.unit,
        to_unit=after.unit,
        from_title=before.title,
        to_title=after.title,
        from_level=before.level,
        to_level=after.level,
        claim=None if claim is None else claim.source,
    )
    found: list[Move] = []
    if change.unit:
        alone = change.grade is None or whole.kind == "promotion"
        found.append(whole if alone else replace(whole, from_title=after.title, from_level=after.level))
    if change.grade is not None and not (change.unit and whole.kind == "promotion"):
        kind: Kind = change.grade if change.unit or claim is None else whole.kind
        graded = replace(whole, id=uuid5(_MOVES, f"{change.cause}/grade"), kind=kind, from_unit=after.unit)
        found.append(replace(graded, claim=None) if change.unit else graded)
    return found


def _unconfirmed(claim: Fact, stays: Sequence[_Stay], until: date | None) -> Move:
    held = [place for stay in stays for day, place in stay.places if day < claim.effective_on]
    place = held[-1] if held else None
    return Move(
        id=uuid5(_MOVES, f"{claim.source}/claim"),
        kind=_CLAIMED[claim.reason or ""],
        effective_on=claim.effective_on,
        time_zone=place.time_zone if place else "UTC",
        from_unit=claim.from_unit or (place.unit if place else None),
        to_unit=claim.unit,
        confirmed=False,
        claim=claim.source,
        until=until,
    )
