"""How things are on one day → the facts that then hold: what differs becomes a fact of that day. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.profiles.imports.history import DAY, LINES, UNNAMED, alike, place
from services.profiles.imports.rows import HistoryRow
from services.profiles.person import Fact
from shared.contracts.profiles import (
    ManagerAssigned,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
)

MOST_LEAVERS = 0.02
"""The part of those employed that may be absent from a snapshot and have left by it: more is a broken file."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What facts say of a day."""

    facts: tuple[Fact, ...]

    def employed(self, on: date) -> bool:
        begun = [fact for fact in self.facts if _is_employment(fact) and _begins(fact) <= on]
        return bool(begun) and not isinstance(max(begun, key=_begins), PersonLeft)

    def place(self, position: str, on: date) -> PlaceTaken | PlaceChanged | None:
        told = [fact for fact in self.facts if _is_place(fact, position) and fact.effective_on <= on]
        newest = max(told, key=lambda fact: fact.effective_on, default=None)
        return newest if isinstance(newest, PlaceTaken | PlaceChanged) else None

    def manager(self, position: str, line: str, on: date) -> UUID | None:
        told = [fact for fact in self.facts if _is_manager(fact, position, line) and fact.effective_on <= on]
        newest = max(told, key=lambda fact: fact.effective_on, default=None)
        return newest.manager if isinstance(newest, ManagerAssigned) else None

    def held(self, on: date) -> list[str]:
        positions = {fact.position for fact in self.facts if isinstance(fact, PlaceTaken | PlaceChanged)}
        return sorted(position for position in positions if self.place(position, on) is not None)


def present(
    person: UUID, rows: Sequence[HistoryRow], known: Iterable[Fact], people: Mapping[str, UUID], on: date
) -> list[Fact]:
    """The facts of a person who is in the organisation on that day and holds the places that the rows say."""
    facts = _employed(person, tuple(known), on)
    stated = {row.position: row for row in rows}
    for position in sorted({*stated, *_Told(facts).held(on - DAY), *_Told(facts).held(on)}):
        row = stated.get(position)
        facts = _placed(person, position, row, facts, on)
        for line, column in LINES:
            if row is not None:
                number: str | None = getattr(row, column)
                named = ManagerAssigned(
                    person=person,
                    fact=UNNAMED,
                    effective_on=on,
                    position=position,
                    line=line,
                    manager=people[number] if number is not None else None,
                )
                facts = _managed(named, facts)
    return list(facts)


def absent(person: UUID, known: Iterable[Fact], on: date) -> list[Fact]:
    """The facts of a person who is not there on that day: the day before was their last, if they were there then."""
    facts = tuple(known)
    if not _Told(facts).employed(on):
        return list(facts)
    # Who was to join on the very day did not.
    facts = tuple(fact for fact in facts if not (_is_employment(fact) and _begins(fact) == on))
    if _Told(facts).employed(on - DAY):
        facts = (*facts, PersonLeft(person=person, fact=UNNAMED, effective_on=on - DAY))
    for position in {*_Told(facts).held(on - DAY), *_Told(facts).held(on)}:
        facts = _placed(person, position, None, facts, on)
    return list(facts)


def _employed(person: UUID, facts: tuple[Fact, ...], on: date) -> tuple[Fact, ...]:
    told = _Told(facts)
    if told.employed(on):
        return facts
    joined = [fact for fact in facts if isinstance(fact, PersonJoined)]
    if not joined:
        return (*facts, PersonJoined(person=person, fact=UNNAMED, effective_on=on))
    first = min(joined, key=_begins)
    if first.effective_on > on:  # here sooner than was reported
        return tuple(first.model_copy(update={"effective_on": on}) if fact is first else fact for fact in facts)
    if told.employed(on - DAY):  # what was reported as a leaving was none
        return tuple(fact for fact in facts if not (isinstance(fact, PersonLeft) and _begins(fact) == on))
    return (*facts, PersonRejoined(person=person, fact=UNNAMED, effective_on=on))


def _placed(person: UUID, position: str, row: HistoryRow | None, facts: tuple[Fact, ...], on: date) -> tuple[Fact, ...]:
    """The facts with which a position on that day is as the row says, or is not held; the day before stays as it is."""
    before = _Told(facts).place(position, on - DAY)
    now = _Told(facts).place(position, on)
    if row is None:
        if now is None:
            return facts
        kept = tuple(fact for fact in facts if not (_is_place(fact, position) and fact.effective_on == on))
        if before is None:
            return kept
        return (*kept, PlaceEnded(person=person, fact=UNNAMED, effective_on=on, position=position))
    wanted = place(person, row, PlaceTaken if before is None else PlaceChanged)
    if now is not None and alike(now, wanted):
        return facts
    kept = tuple(fact for fact in facts if not (_is_place(fact, position) and fact.effective_on == on))
    return kept if before is not None and alike(before, wanted) else (*kept, wanted)


def _managed(wanted: ManagerAssigned, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts with which the manager is, on that day, who is wanted; the day before stays as it is."""
    position, line, on = wanted.position, wanted.line, wanted.effective_on
    told = _Told(facts)
    if told.manager(position, line, on) == wanted.manager:
        return facts
    kept = tuple(fact for fact in facts if not (_is_manager(fact, position, line) and fact.effective_on == on))
    return kept if told.manager(position, line, on - DAY) == wanted.manager else (*kept, wanted)


def _begins(fact: Fact) -> date:
    """`left` is the last day in: being away begins the day after."""
    return fact.effective_on + DAY if isinstance(fact, PersonLeft) else fact.effective_on


def _is_employment(fact: Fact) -> bool:
    return isinstance(fact, PersonJoined | PersonRejoined | PersonLeft)


def _is_place(fact: Fact, position: str) -> bool:
    return isinstance(fact, PlaceTaken | PlaceChanged | PlaceEnded) and fact.position == position


def _is_manager(fact: Fact, position: str, line: str) -> bool:
    return isinstance(fact, ManagerAssigned) and (fact.position, fact.line) == (position, line)
