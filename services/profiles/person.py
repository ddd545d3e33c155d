"""A person's employment: what HR reports of joining, places, explicit managers and leaving. One stream a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, assert_never
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.profiles import (
    AliasAdded,
    AliasRemoved,
    AliasSource,
    ChangeReason,
    FactWithdrawn,
    InterimPartnerNamed,
    ItemErased,
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
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider

# Refusals


class AlreadyJoined(Refusal, code="person-already-joined"):
    """The person is in the organisation already."""


class AliasTaken(Refusal, code="alias-taken"):
    """This employee number or subject names another person."""


class NotEmployed(Refusal, code="person-not-employed"):
    """On that day the person is not in the organisation."""


class PositionHeld(Refusal, code="position-already-held"):
    """The person holds this position on that day already: change it, or end it first."""


class PositionNotHeld(Refusal, code="position-not-held"):
    """The person does not hold this position on that day."""


class OwnManager(Unacceptable, code="own-manager"):
    """Nobody is their own manager or stands in for their own."""


class FactUnknown(Refusal, code="fact-unknown"):
    """HR has reported no such fact of this person, of the kind that is told anew, or has taken it back."""


class ManagerPresent(Refusal, code="manager-present"):
    """Somebody stands in only while there is no manager."""


# Commands. `fact` names the fact for later corrections; a known one is told again. `corrects`: it must be known.


@dataclass(frozen=True, slots=True)
class PlaceDetails:
    """What HR reports of a place. `position` tells several places apart."""

    position: str
    unit: UUID
    title: str
    legal_entity: str
    country: str
    time_zone: str
    job_level: int | None = None
    fte: float | None = None
    primary: bool = True
    status: Literal["active", "leave"] = "active"
    reason: ChangeReason | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody new, with what is known of them at once."""

    person: UUID
    fact: UUID
    effective_on: date
    name: Name
    language: Language
    aliases: tuple[tuple[AliasSource, str], ...]


@dataclass(frozen=True, slots=True)
class Describe:
    person: UUID
    name: Name
    language: Language


@dataclass(frozen=True, slots=True)
class AddAlias:
    person: UUID
    source: AliasSource
    value: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class RemoveAlias:
    person: UUID
    source: AliasSource
    value: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class TakePlace:
    person: UUID
    fact: UUID
    effective_on: date
    place: PlaceDetails
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class ChangePlace:
    person: UUID
    fact: UUID
    effective_on: date
    place: PlaceDetails
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class EndPlace:
    person: UUID
    fact: UUID
    effective_on: date
    position: str
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class AssignManager:
    person: UUID
    fact: UUID
    effective_on: date
    position: str
    manager: UUID | None
    line: Literal["solid", "dotted"] = "solid"
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class NameInterimPartner:
    """`vacant`: whether relations know of no manager now; the rule cannot look it up itself."""

    person: UUID
    effective_on: date
    partner: UUID | None
    vacant: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """`effective_on` is the last day in."""

    person: UUID
    fact: UUID
    effective_on: date
    reason: str | None = None
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Rejoin:
    person: UUID
    fact: UUID
    effective_on: date
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawFact:
    person: UUID
    fact: UUID


PersonCommand = (
    Join
    | Describe
    | AddAlias
    | RemoveAlias
    | TakePlace
    | ChangePlace
    | EndPlace
    | AssignManager
    | NameInterimPartner
    | Leave
    | Rejoin
    | WithdrawFact
)

# State

Fact = PersonJoined | PersonRejoined | PersonLeft | PlaceTaken | PlaceChanged | PlaceEnded | ManagerAssigned


@dataclass(frozen=True, slots=True)
class Nobody:
    """No event yet, or erased."""


@dataclass(frozen=True, slots=True)
class Person:
    """The facts that hold, by their names, in the order in which they were first told."""

    facts: Mapping[UUID, Fact] = field(default_factory=dict)

    def employed(self, on: date) -> bool:
        """In the organisation on that day; `left` is the last day in."""
        newest: Fact | None = None
        for fact in sorted(self.facts.values(), key=_begins):
            if isinstance(fact, PersonJoined | PersonRejoined | PersonLeft) and _begins(fact) <= on.toordinal():
                newest = fact
        return newest is not None and not isinstance(newest, PersonLeft)

    def place(self, position: str, on: date) -> PlaceTaken | PlaceChanged | None:
        """The position as held on that day."""
        newest: Fact | None = None
        for fact in sorted(self.facts.values(), key=_begins):
            if (
                isinstance(fact, PlaceTaken | PlaceChanged | PlaceEnded)
                and fact.position == position
                and fact.effective_on <= on
            ):
                newest = fact
        return newest if isinstance(newest, PlaceTaken | PlaceChanged) else None


def evolve(state: Nobody | Person, event: Event) -> Nobody | Person:
    person = state if isinstance(state, Person) else Person()
    match event:
        case ItemErased():
            return Nobody()
        case (
            PersonJoined()
            | PersonRejoined()
            | PersonLeft()
            | PlaceTaken()
            | PlaceChanged()
            | PlaceEnded()
            | ManagerAssigned()
        ):
            return replace(person, facts={**person.facts, event.fact: event})
        case FactWithdrawn():
            return replace(person, facts={name: fact for name, fact in person.facts.items() if name != event.fact})
        case _:
            return person


def decide(command: PersonCommand, state: Nobody | Person) -> Sequence[Event]:
    if isinstance(command, Join):
        return _join(command, state)
    if isinstance(state, Nobody):
        raise NotFound
    match command:
        case Describe():
            return [PersonDescribed(person=command.person, name=command.name, language=command.language)]
        case AddAlias():
            return [_alias_added(command.person, command.source, command.value, command.effective_on)]
        case RemoveAlias():
            return [_alias_removed(command)]
        case TakePlace():
            return _take_place(command, state)
        case ChangePlace():
            return _change_place(command, state)
        case EndPlace():
            return _end_place(command, state)
        case AssignManager():
            return _assign_manager(command, state)
        case NameInterimPartner():
            return _name_interim_partner(command, state)
        case Leave():
            return _leave(command, state)
        case Rejoin():
            return _rejoin(command, state)
        case WithdrawFact():
            return _withdraw(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[PersonCommand, Nobody | Person] = Decider(Nobody(), evolve, decide)

# Rules


def _join(command: Join, state: Nobody | Person) -> Sequence[Event]:
    if isinstance(state, Person):
        raise AlreadyJoined
    return [
        PersonJoined(person=command.person, fact=command.fact, effective_on=command.effective_on),
        PersonDescribed(person=command.person, name=command.name, language=command.language),
        *(_alias_added(command.person, source, value, command.effective_on) for source, value in command.aliases),
    ]


def _take_place(command: TakePlace, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, PlaceTaken, PlaceChanged)
    _require_employed(state, command.effective_on)
    held = _without(state, command.fact).place(command.place.position, command.effective_on)
    if held is not None:
        raise PositionHeld
    return _unless_known(
        state,
        PlaceTaken(
            person=command.person, fact=command.fact, effective_on=command.effective_on, **_values(command.place)
        ),
    )


def _change_place(command: ChangePlace, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, PlaceTaken, PlaceChanged)
    _require_employed(state, command.effective_on)
    if _without(state, command.fact).place(command.place.position, command.effective_on) is None:
        raise PositionNotHeld
    return _unless_known(
        state,
        PlaceChanged(
            person=command.person, fact=command.fact, effective_on=command.effective_on, **_values(command.place)
        ),
    )


def _end_place(command: EndPlace, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, PlaceEnded)
    if _without(state, command.fact).place(command.position, command.effective_on) is None:
        raise PositionNotHeld
    return _unless_known(
        state,
        PlaceEnded(
            person=command.person, fact=command.fact, effective_on=command.effective_on, position=command.position
        ),
    )


def _assign_manager(command: AssignManager, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, ManagerAssigned)
    if command.manager == command.person:
        raise OwnManager(invalid=(Invalid("#/manager", "must be somebody else"),))
    if state.place(command.position, command.effective_on) is None:
        raise PositionNotHeld
    return _unless_known(
        state,
        ManagerAssigned(
            person=command.person,
            fact=command.fact,
            effective_on=command.effective_on,
            position=command.position,
            line=command.line,
            manager=command.manager,
        ),
    )


def _name_interim_partner(command: NameInterimPartner, state: Person) -> Sequence[Event]:
    if command.partner == command.person:
        raise OwnManager(invalid=(Invalid("#/partner", "must be somebody else"),))
    _require_employed(state, command.effective_on)
    if command.partner is not None and not command.vacant:
        raise ManagerPresent
    return [InterimPartnerNamed(person=command.person, effective_on=command.effective_on, partner=command.partner)]


def _leave(command: Leave, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, PersonLeft)
    if not _without(state, command.fact).employed(command.effective_on):
        raise NotEmployed
    return [
        PersonLeft(person=command.person, fact=command.fact, effective_on=command.effective_on, reason=command.reason)
    ]


def _rejoin(command: Rejoin, state: Person) -> Sequence[Event]:
    _require_correctable(state, command, PersonRejoined)
    if _without(state, command.fact).employed(command.effective_on):
        raise AlreadyJoined
    return _unless_known(
        state, PersonRejoined(person=command.person, fact=command.fact, effective_on=command.effective_on)
    )


def _withdraw(command: WithdrawFact, state: Person) -> Sequence[Event]:
    fact = state.facts.get(command.fact)
    if fact is None or isinstance(fact, PersonJoined):
        raise FactUnknown
    return [FactWithdrawn(person=command.person, fact=command.fact)]


def _require_correctable(
    state: Person,
    command: TakePlace | ChangePlace | EndPlace | AssignManager | Leave | Rejoin,
    *family: type[Fact],
) -> None:
    """What is told anew was told before, of this person and family; no command corrects joining itself."""
    known = state.facts.get(command.fact)
    if (known is None and command.corrects) or (known is not None and not isinstance(known, family)):
        raise FactUnknown


def _require_employed(state: Person, on: date) -> None:
    if not state.employed(on):
        raise NotEmployed


def _without(state: Person, fact: UUID) -> Person:
    """The state in which a fact that is told again is judged: as if it had not been told before."""
    return Person({name: known for name, known in state.facts.items() if name != fact})


def _unless_known(state: Person, event: Fact) -> Sequence[Event]:
    """A fact told again unchanged is nothing to do. Sealed values are never equal: with them it counts as changed."""
    return [] if state.facts.get(event.fact) == event else [event]


def _alias_added(person: UUID, source: AliasSource, value: str, effective_on: date) -> AliasAdded:
    return AliasAdded(person=person, source=source, value=value, effective_on=effective_on)


def _alias_removed(command: RemoveAlias) -> AliasRemoved:
    return AliasRemoved(
        person=command.person, source=command.source, value=command.value, effective_on=command.effective_on
    )


def _values(place: PlaceDetails) -> dict[str, Any]:
    return {name: getattr(place, name) for name in PlaceDetails.__dataclass_fields__}


def _begins(fact: Fact) -> int:
    """The day number from which the fact makes a difference."""
    return fact.effective_on.toordinal() + isinstance(fact, PersonLeft)
