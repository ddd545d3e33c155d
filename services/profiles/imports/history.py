"""All rows of one person → the facts that they state. Pure: the order of the rows does not matter."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from services.profiles.imports.rows import HistoryRow
from services.profiles.person import Fact
from services.profiles.unit import unit_id
from shared.contracts.profiles import (
    Language,
    ManagerAssigned,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
)

DAY = timedelta(days=1)
UNNAMED = UUID(int=0)
"""The fact of what is not told yet: difference.py gives each its name."""

LINES: tuple[tuple[Literal["solid", "dotted"], str], ...] = (("solid", "manager"), ("dotted", "dotted_line_manager"))

Held = PlaceTaken | PlaceChanged


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a person beside facts. None: nothing is said, and what is known stays."""

    given_name: str | None = None
    family_name: str | None = None
    language: Language | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class _Spell:
    """One time in the organisation; `left_on` is its last day."""

    rows: tuple[HistoryRow, ...]
    left_on: date | None

    @property
    def begins(self) -> date:
        return self.rows[0].effective_on


@dataclass(frozen=True, slots=True)
class _Span:
    """A row and the first day on which it does not hold any more."""

    row: HistoryRow
    until: date | None


def desired(person: UUID, rows: Iterable[HistoryRow], people: Mapping[str, UUID]) -> list[Fact]:
    """The facts that the rows of a person state; there are no contradictions in them. `people` finds managers."""
    spells = _spells(rows)
    places = _by_position(spells)
    facts: list[Fact] = [*_employment(person, spells)]
    for spans in places.values():
        facts += _places(person, spans)
        for line, column in LINES:
            facts += _managers(person, spans, line, column, people)
    return sorted(facts, key=order)


def order(fact: Fact) -> tuple[date, int, str]:
    """As one would tell it: what begins first, and joining before what one has joined for."""
    match fact:
        case PersonJoined() | PersonRejoined():
            return fact.effective_on, 0, ""
        case PlaceTaken() | PlaceChanged():
            return fact.effective_on, 2, fact.position
        case ManagerAssigned():
            return fact.effective_on, 3, f"{fact.position} {fact.line}"
        case PlaceEnded():
            return fact.effective_on, 1, fact.position
        case PersonLeft():
            return fact.effective_on, 4, ""


def described(rows: Iterable[HistoryRow]) -> Described:
    """The newest that is said of name, language and address."""
    newest = sorted(rows, key=lambda row: (row.effective_on, row.position), reverse=True)
    return Described(
        **{
            name: next((value for row in newest if (value := getattr(row, name)) is not None), None)
            for name in ("given_name", "family_name", "language", "email")
        }
    )


def place(person: UUID, row: HistoryRow, held: type[Held]) -> Held:
    """The fact that a place is, from the row's day on, as the row says."""
    return held(
        person=person,
        fact=UNNAMED,
        effective_on=row.effective_on,
        position=row.position,
        unit=unit_id(row.unit),
        title=row.title,
        job_level=row.job_level,
        legal_entity=row.legal_entity,
        country=row.country,
        time_zone=row.time_zone,
        fte=row.fte,
        primary=row.primary,
        status=row.status,
        reason=row.reason,
    )


def alike(one: Held, other: Held) -> bool:
    """The same place in the same words, whatever the day, the kind and the reason."""
    return _words(one) == _words(other)


def _words(held: Held) -> tuple[object, ...]:
    return (
        held.unit,
        held.title,
        held.job_level,
        held.legal_entity,
        held.country,
        held.time_zone,
        held.fte,
        held.primary,
        held.status,
    )


def _spells(rows: Iterable[HistoryRow]) -> list[_Spell]:
    """Oldest first. Who is back on the very next day has not left."""
    ordered = sorted(rows, key=lambda row: (row.effective_on, row.position))
    leavings = sorted({row.left_on for row in ordered if row.left_on is not None})
    gathered: dict[int, list[HistoryRow]] = defaultdict(list)
    for row in ordered:
        gathered[bisect_left(leavings, row.effective_on)].append(row)
    spells: list[_Spell] = []
    for index in sorted(gathered):
        spell = _Spell(tuple(gathered[index]), leavings[index] if index < len(leavings) else None)
        before = spells[-1] if spells else None
        if before is not None and before.left_on is not None and before.left_on + DAY == spell.begins:
            rows_before = tuple(_until(row, before.left_on) for row in before.rows)
            spells[-1] = _Spell((*rows_before, *spell.rows), spell.left_on)
        else:
            spells.append(spell)
    return spells


def _until(row: HistoryRow, left_on: date) -> HistoryRow:
    """A row that ends, at the latest, with a leaving that is none: another position may not go on."""
    held_until = left_on if row.held_until is None else min(row.held_until, left_on)
    return replace(row, held_until=held_until)


def _employment(person: UUID, spells: Sequence[_Spell]) -> Iterator[Fact]:
    for number, spell in enumerate(spells):
        if number:
            yield PersonRejoined(person=person, fact=UNNAMED, effective_on=spell.begins)
        else:
            yield PersonJoined(person=person, fact=UNNAMED, effective_on=spell.begins)
        if spell.left_on is not None:
            yield PersonLeft(person=person, fact=UNNAMED, effective_on=spell.left_on)


def _by_position(spells: Sequence[_Spell]) -> dict[str, list[_Span]]:
    """Each position's rows with the days over which they hold, oldest first."""
    places: dict[str, list[_Span]] = defaultdict(list)
    for spell in spells:
        for row in spell.rows:
            spans = places[row.position]
            if spans and (spans[-1].until is None or spans[-1].until > row.effective_on):
                spans[-1] = _Span(spans[-1].row, row.effective_on)
            ends = [one + DAY for one in (row.held_until, spell.left_on) if one is not None]
            spans.append(_Span(row, min(ends, default=None)))
    return places


def _places(person: UUID, spans: Sequence[_Span]) -> Iterator[Fact]:
    """Taken, changed where something differs, ended where nothing follows on the same day."""
    told: Held | None = None  # as it was told last, while it is held
    until: date | None = None
    for span in spans:
        if told is not None and until is not None and until != span.row.effective_on:
            yield PlaceEnded(person=person, fact=UNNAMED, effective_on=until, position=span.row.position)
            told = None
        held = place(person, span.row, PlaceTaken if told is None else PlaceChanged)
        if told is None or not alike(held, told) or held.reason is not None:
            yield held
            told = held
        until = span.until
    if until is not None:
        yield PlaceEnded(person=person, fact=UNNAMED, effective_on=until, position=spans[-1].row.position)


def _managers(
    person: UUID, spans: Sequence[_Span], line: Literal["solid", "dotted"], column: str, people: Mapping[str, UUID]
) -> Iterator[Fact]:
    """Who is named, from the day on which it differs from who was."""
    told: UUID | None = None
    for span in spans:
        number: str | None = getattr(span.row, column)
        manager = people[number] if number is not None else None
        if manager != told:
            yield ManagerAssigned(
                person=person,
                fact=UNNAMED,
                effective_on=span.row.effective_on,
                position=span.row.position,
                line=line,
                manager=manager,
            )
            told = manager
