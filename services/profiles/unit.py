"""A unit: its place in the organisation, who leads it, who is HR partner for it. One stream a unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.contracts.event import Event
from shared.contracts.profiles import (
    HrPartnerAssigned,
    HrPartnerReleased,
    UnitChanged,
    UnitEstablished,
    UnitLeaderAppointed,
    UnitReplaced,
)
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider

_UNITS = uuid5(NAMESPACE_URL, "urn:careers:unit")


def unit_id(code: str) -> UUID:
    """The id of the unit that HR calls by this code: the same whenever and wherever it is asked for."""
    return uuid5(_UNITS, code.strip())


class UnitExists(Refusal, code="unit-exists"):
    """HR has reported a unit with this code before: change it instead."""


class UnitGone(Refusal, code="unit-replaced"):
    """The unit was replaced by others on or before that day."""


class UnitWithinItself(Unacceptable, code="unit-within-itself"):
    """A unit is not part of itself and does not replace itself."""


class NotHrPartner(Refusal, code="not-hr-partner"):
    """That person is not HR partner for this unit on that day or after it."""


@dataclass(frozen=True, slots=True)
class EstablishUnit:
    unit: UUID
    code: str
    name: str
    parent: UUID | None
    legal_entity: str | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class ChangeUnit:
    unit: UUID
    name: str
    parent: UUID | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class AppointLeader:
    """No leader is a vacancy."""

    unit: UUID
    leader: UUID | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class ReplaceUnit:
    unit: UUID
    by: tuple[UUID, ...]
    effective_on: date


@dataclass(frozen=True, slots=True)
class AssignHrPartner:
    unit: UUID
    partner: UUID
    effective_on: date


@dataclass(frozen=True, slots=True)
class ReleaseHrPartner:
    """`effective_on` is the first day without them; assignments that begin then or later are taken back."""

    unit: UUID
    partner: UUID
    effective_on: date


UnitCommand = EstablishUnit | ChangeUnit | AppointLeader | ReplaceUnit | AssignHrPartner | ReleaseHrPartner


@dataclass(frozen=True, slots=True)
class NoUnit:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Unit:
    """`partners`: each HR partner and the first day of an assignment → the first day without it; None: still."""

    name: str
    parent: UUID | None
    leaders: tuple[tuple[date, UUID | None], ...] = ()
    partners: Mapping[tuple[UUID, date], date | None] = field(default_factory=dict)
    replaced_on: date | None = None


def evolve(state: NoUnit | Unit, event: Event) -> NoUnit | Unit:
    if isinstance(event, UnitEstablished):
        return Unit(event.name, event.parent)
    if isinstance(state, NoUnit):
        return state
    match event:
        case UnitChanged():
            return replace(state, name=event.name, parent=event.parent)
        case UnitLeaderAppointed():
            return replace(state, leaders=(*state.leaders, (event.effective_on, event.leader)))
        case UnitReplaced():
            return replace(state, replaced_on=event.effective_on)
        case HrPartnerAssigned():
            return replace(state, partners={**state.partners, (event.partner, event.effective_on): None})
        case HrPartnerReleased():
            return replace(state, partners=_released(state, event))
        case _:
            return state


def decide(command: UnitCommand, state: NoUnit | Unit) -> Sequence[Event]:
    if isinstance(command, EstablishUnit):
        return _establish(command, state)
    if isinstance(state, NoUnit):
        raise NotFound
    match command:
        case ChangeUnit():
            return _change(command, state)
        case AppointLeader():
            return _appoint(command, state)
        case ReplaceUnit():
            return _replace(command, state)
        case AssignHrPartner():
            return _assign(command, state)
        case ReleaseHrPartner():
            return _release(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[UnitCommand, NoUnit | Unit] = Decider(NoUnit(), evolve, decide)


def _establish(command: EstablishUnit, state: NoUnit | Unit) -> Sequence[Event]:
    if isinstance(state, Unit):
        raise UnitExists
    if command.parent == command.unit:
        raise UnitWithinItself(invalid=(Invalid("#/parent", "must be another unit"),))
    return [
        UnitEstablished(
            unit=command.unit,
            code=command.code,
            name=command.name,
            parent=command.parent,
            legal_entity=command.legal_entity,
            effective_on=command.effective_on,
        )
    ]


def _change(command: ChangeUnit, state: Unit) -> Sequence[Event]:
    _require_standing(state, command.effective_on)
    if command.parent == command.unit:
        raise UnitWithinItself(invalid=(Invalid("#/parent", "must be another unit"),))
    if (command.name, command.parent) == (state.name, state.parent):
        return []
    return [UnitChanged(unit=command.unit, name=command.name, parent=command.parent, effective_on=command.effective_on)]


def _appoint(command: AppointLeader, state: Unit) -> Sequence[Event]:
    _require_standing(state, command.effective_on)
    if (command.effective_on, command.leader) in state.leaders[-1:]:
        return []
    return [UnitLeaderAppointed(unit=command.unit, leader=command.leader, effective_on=command.effective_on)]


def _replace(command: ReplaceUnit, state: Unit) -> Sequence[Event]:
    _require_standing(state, command.effective_on)
    if command.unit in command.by:
        raise UnitWithinItself(invalid=(Invalid("#/by", "must be another unit"),))
    return [UnitReplaced(unit=command.unit, by=command.by, effective_on=command.effective_on)]


def _assign(command: AssignHrPartner, state: Unit) -> Sequence[Event]:
    begun = (first for (partner, first), end in state.partners.items() if partner == command.partner and end is None)
    if any(first <= command.effective_on for first in begun):
        return []
    return [HrPartnerAssigned(unit=command.unit, partner=command.partner, effective_on=command.effective_on)]


def _release(command: ReleaseHrPartner, state: Unit) -> Sequence[Event]:
    ends = (end for (partner, _), end in state.partners.items() if partner == command.partner)
    if not any(end is None or end > command.effective_on for end in ends):
        raise NotHrPartner
    return [HrPartnerReleased(unit=command.unit, partner=command.partner, effective_on=command.effective_on)]


def _released(state: Unit, event: HrPartnerReleased) -> dict[tuple[UUID, date], date | None]:
    """Assignments without those of the partner from that day on."""
    day, left = event.effective_on, dict(state.partners)
    for (partner, first), end in state.partners.items():
        if partner != event.partner:
            continue
        if first >= day:
            del left[partner, first]
        elif end is None or end > day:
            left[partner, first] = day
    return left


def _require_standing(state: Unit, on: date) -> None:
    if state.replaced_on is not None and state.replaced_on <= on:
        raise UnitGone
