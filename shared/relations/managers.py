"""Whose manager is who, when: pure rules over facts.

The manager is the explicit one; else the leader of the unit, else of its parent and so on, who is not known to have
left and is not oneself; else there is a vacancy, as in a cycle. In a vacancy an interim partner stands in, if named.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from shared.relations.facts import Organisation, PersonFacts, PlaceFact, as_of

DEPTH = 50
"""More levels than any organisation has: bounds a walk up through wrong data."""


@dataclass(frozen=True, slots=True)
class Managed:
    """A person's manager over [from_on, to_on); to_on None: still. `manager` None is a vacancy."""

    from_on: date
    to_on: date | None
    manager: UUID | None
    kind: Literal["manager", "interim", "vacancy"]


@dataclass(frozen=True, slots=True)
class Belonging:
    """A person's unit and legal entity over [from_on, to_on), by their primary place."""

    from_on: date
    to_on: date | None
    unit: UUID
    time_zone: str
    legal_entity: str | None


def belongings(facts: PersonFacts) -> list[Belonging]:
    """The units and legal entities that a person belongs to, oldest first."""
    days = sorted(_days_of(facts))
    found: list[Belonging] = []
    for day, following in _spans(days):
        place = facts.primary_place(day)
        if place is None or place.unit is None:
            continue
        last = found[-1] if found else None
        one = Belonging(day, following, place.unit, place.time_zone, place.legal_entity)
        if last and last.to_on == day and one == replace(last, from_on=day, to_on=following):
            found[-1] = replace(last, to_on=following)
        else:
            found.append(one)
    return found


def managers(person: UUID, organisation: Organisation) -> list[Managed]:
    """Every manager that the facts give a person, oldest first, vacancies among them."""
    found: list[Managed] = []
    for day, following in _spans(sorted(_days_that_matter(person, organisation))):
        if organisation.person(person).primary_place(day) is None:
            continue
        manager, kind = manager_on(person, day, organisation)
        last = found[-1] if found else None
        if last and last.to_on == day and (last.manager, last.kind) == (manager, kind):
            found[-1] = Managed(last.from_on, following, manager, kind)
        else:
            found.append(Managed(day, following, manager, kind))
    return found


def manager_on(
    person: UUID, day: date, organisation: Organisation
) -> tuple[UUID | None, Literal["manager", "interim", "vacancy"]]:
    """The manager on one day and how they came to be it."""
    manager = _named(person, day, organisation)
    if manager is not None and not _leads_back(person, manager, day, organisation):
        return manager, "manager"
    partner = _interim(organisation.person(person), day)
    if partner is not None and partner != person and not organisation.person(partner).left(day):
        return partner, "interim"
    return None, "vacancy"


def _named(person: UUID, day: date, organisation: Organisation) -> UUID | None:
    """The explicit manager, else the nearest leader above."""
    facts = organisation.person(person)
    place = facts.primary_place(day)
    if place is None:
        return None
    explicit = _explicit(facts, place, day)
    if explicit is not None and explicit != person and not organisation.person(explicit).left(day):
        return explicit
    unit, seen = place.unit, set[UUID]()
    while unit is not None and unit not in seen:
        seen.add(unit)
        leader = as_of(organisation.unit(unit).leaders, day)
        if leader is not None and leader != person and not organisation.person(leader).left(day):
            return leader
        unit = as_of(organisation.unit(unit).parents, day)
    return None


def _leads_back(person: UUID, manager: UUID, day: date, organisation: Organisation) -> bool:
    """Whether going up from the manager comes back to the person: then nobody of that circle manages them."""
    seen: set[UUID] = set()
    above: UUID | None = manager
    while above is not None and above not in seen and len(seen) < DEPTH:
        if above == person:
            return True
        seen.add(above)
        above = _named(above, day, organisation)
    return above == person


def _explicit(facts: PersonFacts, place: PlaceFact, day: date) -> UUID | None:
    told = [fact for fact in facts.managers if fact.position == place.position and fact.effective_on <= day]
    return max(told, key=lambda fact: (fact.effective_on, fact.seq)).manager if told else None


def _interim(facts: PersonFacts, day: date) -> UUID | None:
    told = [fact for fact in facts.interim if fact.effective_on <= day]
    return max(told, key=lambda fact: (fact.effective_on, fact.seq)).partner if told else None


def _days_of(facts: PersonFacts) -> set[date]:
    """The days on which something about a person begins."""
    days = {fact.effective_on for fact in facts.places}
    days.update(fact.effective_on for fact in facts.managers)
    days.update(fact.effective_on for fact in facts.interim)
    for employment in facts.employment:
        days.add(employment.effective_on + timedelta(days=employment.kind == "left"))
    return days


def _days_that_matter(person: UUID, organisation: Organisation) -> set[date]:
    """The days on which a person's manager may change: their own, and those of all who may be above them."""
    days: set[date] = set()
    people, units = [person], set[UUID]()
    seen = {person}
    while people:
        facts = organisation.person(people.pop())
        days |= _days_of(facts)
        above = {fact.manager for fact in facts.managers}
        for unit in _upwards((fact.unit for fact in facts.places), organisation):
            if unit in units:
                continue
            units.add(unit)
            told = organisation.unit(unit)
            days |= {day for day, _ in (*told.leaders, *told.parents)}
            above |= {leader for _, leader in told.leaders}
        fresh = {one for one in above if one is not None} - seen
        seen |= fresh
        people.extend(fresh)
    for partner in {fact.partner for fact in organisation.person(person).interim}:
        if partner is not None:
            days |= _days_of(organisation.person(partner))
    return days


def _upwards(units: Iterable[UUID | None], organisation: Organisation) -> Iterator[UUID]:
    """The units given and every unit that was ever above them."""
    seen: set[UUID] = set()
    waiting = [unit for unit in units if unit is not None]
    while waiting:
        unit = waiting.pop()
        if unit in seen:
            continue
        seen.add(unit)
        yield unit
        waiting.extend(parent for _, parent in organisation.unit(unit).parents if parent is not None)


def _spans(days: list[date]) -> Iterator[tuple[date, date | None]]:
    for index, day in enumerate(days):
        yield day, days[index + 1] if index + 1 < len(days) else None
