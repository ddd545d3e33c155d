"""What HR reported of people and units, as the rules read it. A fact told again replaces itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class EmploymentFact:
    """Joined or rejoined from a day on, or left with it as the last day. `seq` orders facts that begin on one day."""

    kind: Literal["joined", "rejoined", "left"]
    effective_on: date
    seq: int = 0


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """A place as it is from a day on; `ended` from the first day without it. `seq` orders facts of one day."""

    kind: Literal["taken", "changed", "ended"]
    position: str
    effective_on: date
    seq: int
    unit: UUID | None = None
    primary: bool = True
    time_zone: str = "UTC"
    legal_entity: str | None = None


@dataclass(frozen=True, slots=True)
class ManagerFact:
    """The explicit solid-line manager of a place from a day on; None takes the assignment back."""

    position: str
    effective_on: date
    seq: int
    manager: UUID | None


@dataclass(frozen=True, slots=True)
class InterimFact:
    """Who stands in for a manager while there is none, as the employee named them."""

    effective_on: date
    seq: int
    partner: UUID | None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All of one person. Order within the tuples does not matter."""

    employment: tuple[EmploymentFact, ...] = ()
    places: tuple[PlaceFact, ...] = ()
    managers: tuple[ManagerFact, ...] = ()
    interim: tuple[InterimFact, ...] = ()

    def left(self, on: date) -> bool:
        """Whether the person is known to have left by that day. Somebody never reported as joining has not left."""
        begun = [fact for fact in self.employment if _first_day(fact) <= on]
        return bool(begun) and max(begun, key=lambda fact: (_first_day(fact), fact.seq)).kind == "left"

    def primary_place(self, on: date) -> PlaceFact | None:
        """The place that decides manager and unit on that day: a primary one first, then by position."""
        if self.left(on):
            return None
        newest: dict[str, PlaceFact] = {}
        for fact in sorted(self.places, key=lambda fact: (fact.effective_on, fact.seq)):
            if fact.effective_on <= on:
                newest[fact.position] = fact
        held = [fact for fact in newest.values() if fact.kind != "ended"]
        return min(held, key=lambda fact: (not fact.primary, fact.position), default=None)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Who leads a unit and which unit it belongs to, each from a day on, oldest first."""

    leaders: tuple[tuple[date, UUID | None], ...] = ()
    parents: tuple[tuple[date, UUID | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation:
    """The units, and the facts of those people who may be somebody's manager."""

    units: Mapping[UUID, UnitFacts] = field(default_factory=dict)
    people: Mapping[UUID, PersonFacts] = field(default_factory=dict)

    def person(self, person: UUID) -> PersonFacts:
        return self.people.get(person, _NOBODY)

    def unit(self, unit: UUID) -> UnitFacts:
        return self.units.get(unit, _NO_UNIT)


_NOBODY = PersonFacts()
_NO_UNIT = UnitFacts()


def as_of(dated: tuple[tuple[date, UUID | None], ...], on: date) -> UUID | None:
    """The newest value begun by that day; values are sorted by day, later told last."""
    value = None
    for day, given in dated:
        if day > on:
            break
        value = given
    return value


def _first_day(fact: EmploymentFact) -> date:
    """`left` is the last day in, so being away begins the day after."""
    return date.fromordinal(fact.effective_on.toordinal() + 1) if fact.kind == "left" else fact.effective_on
