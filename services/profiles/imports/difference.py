"""The facts that hold of a person, and those that a file states → the events that make the one the other. Pure.

What is the same is left alone. A fact that differs, also in its date, is told again under its own name: a correction,
so that both versions stay visible. What is new gets a name; what the file does not state any more is withdrawn.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid5

from services.profiles.imports.history import Described, order
from services.profiles.person import Fact
from shared.contracts.event import Event
from shared.contracts.profiles import (
    AliasAdded,
    AliasRemoved,
    AliasSource,
    FactWithdrawn,
    Language,
    ManagerAssigned,
    Name,
    PersonDescribed,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
)

NAMELESS: Language = "en"
"""The language of somebody of whom only a name is told."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a person's stream says now, with its version; the values are clear."""

    version: int = 0
    facts: Mapping[UUID, Fact] = field(default_factory=dict)
    name: Name | None = None
    language: Language | None = None
    aliases: frozenset[tuple[AliasSource, str]] = frozenset()
    erased: bool = False


def difference(person: UUID, known: Known, facts: Sequence[Fact]) -> list[Event]:
    """The events after which exactly `facts` hold. Told twice, the second time there is nothing to tell."""
    before: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    after: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact in known.facts.values():
        before[_family(fact)].append(fact)
    for fact in facts:
        after[_family(fact)].append(fact)
    told: list[Fact] = []
    gone: list[UUID] = []
    for family in sorted({*before, *after}):
        pairs, left, new = _match(sorted(before[family], key=order), sorted(after[family], key=order))
        told += [_again(held, wanted) for held, wanted in pairs if not _same(held, wanted)]
        told += new
        gone += [fact.fact for fact in left]
    told.sort(key=order)
    withdrawn = [FactWithdrawn(person=person, fact=fact) for fact in sorted(gone)]
    return [*withdrawn, *_names(person, known.version, told)]


def describing(person: UUID, known: Known, said: Described, on: date) -> list[Event]:
    """The events that bring name, language and address to what a file says; where it says nothing, what is known stays.

    `on` is the day from which another address is valid.
    """
    events: list[Event] = []
    held = known.name or Name(given="", family="")
    given = said.given_name if said.given_name is not None else held.given
    family = said.family_name if said.family_name is not None else held.family
    name, language = Name(given=given, family=family), said.language or known.language or NAMELESS
    named = said.given_name is not None or said.family_name is not None or known.name is not None
    if named and (name, language) != (known.name, known.language):
        events.append(PersonDescribed(person=person, name=name, language=language))
    if said.email is not None and ("email", said.email) not in known.aliases:
        events += [
            AliasRemoved(person=person, source=source, value=value, effective_on=on)
            for source, value in sorted(known.aliases)
            if source == "email"
        ]
        events.append(AliasAdded(person=person, source="email", value=said.email, effective_on=on))
    return events


def _family(fact: Fact) -> tuple[str, ...]:
    """Facts of one family can be corrections of each other: another day, another value, first or later."""
    match fact:
        case PersonJoined() | PersonRejoined():
            return ("in",)
        case PersonLeft():
            return ("left",)
        case PlaceTaken() | PlaceChanged():
            return "place", fact.position
        case PlaceEnded():
            return "ended", fact.position
        case ManagerAssigned():
            return "manager", fact.position, fact.line


def _match(before: Sequence[Fact], after: Sequence[Fact]) -> tuple[list[tuple[Fact, Fact]], list[Fact], list[Fact]]:
    """Pairs of one family, both sides by day: first of the same day, then between these in order. And who is left over.

    Between two facts that stayed, one that is gone and one that came are one that changed its day.
    """
    waiting: dict[date, list[Fact]] = defaultdict(list)
    for fact in before:
        waiting[fact.effective_on].append(fact)
    anchors: dict[int, Fact] = {}  # index of `after` → the fact of the same day
    for index, wanted in enumerate(after):
        candidates = waiting[wanted.effective_on]
        if candidates:
            best = next((one for one in candidates if _same(one, wanted)), candidates[0])
            candidates.remove(best)
            anchors[index] = best
    pairs = [(held, after[index]) for index, held in anchors.items()]
    loose = [fact for facts in waiting.values() for fact in facts]
    days = sorted(held.effective_on for held in anchors.values())
    gaps: dict[int, tuple[list[Fact], list[Fact]]] = defaultdict(lambda: ([], []))
    for fact in loose:
        gaps[_gap(days, fact)][0].append(fact)
    for index, wanted in enumerate(after):
        if index not in anchors:
            gaps[_gap(days, wanted)][1].append(wanted)
    left: list[Fact] = []
    new: list[Fact] = []
    for gone, came in gaps.values():
        matched = _in_order(gone, came)
        pairs += matched
        left += [fact for fact in gone if all(fact is not held for held, _ in matched)]
        new += [fact for fact in came if all(fact is not wanted for _, wanted in matched)]
    return pairs, left, new


def _gap(days: Sequence[date], fact: Fact) -> int:
    return sum(day < fact.effective_on for day in days)


def _in_order(gone: Sequence[Fact], came: Sequence[Fact]) -> list[tuple[Fact, Fact]]:
    """First those whose day alone changed, then the others, by their day."""
    pairs: list[tuple[Fact, Fact]] = []
    rest_gone, rest_came = list(gone), list(came)
    for wanted in came:
        held = next((one for one in rest_gone if _words(one) == _words(wanted)), None)
        if held is not None:
            rest_gone.remove(held)
            rest_came.remove(wanted)
            pairs.append((held, wanted))
    return [*pairs, *zip(rest_gone, rest_came, strict=False)]


def _same(held: Fact, wanted: Fact) -> bool:
    return type(held) is type(wanted) and _again(held, wanted) == held


def _again(held: Fact, wanted: Fact) -> Fact:
    """The fact that holds, as it is wanted. Files do not say why somebody left: what is known of it stays."""
    if isinstance(held, PersonLeft) and isinstance(wanted, PersonLeft):
        return wanted.model_copy(update={"fact": held.fact, "reason": held.reason})
    return _named(wanted, held.fact)


def _words(fact: Fact) -> dict[str, object]:
    return fact.model_dump(exclude={"fact", "effective_on"})


def _named(fact: Fact, name: UUID) -> Fact:
    return fact.model_copy(update={"fact": name})


def _names(person: UUID, version: int, told: Iterable[Fact]) -> list[Event]:
    """New facts get names that follow from the person and the version of the stream, and from nothing else."""
    return [
        fact if fact.fact.int else _named(fact, uuid5(person, f"{version}.{number}"))
        for number, fact in enumerate(told)
    ]
