"""A delegation: who stands in for a manager or an HR partner who is away, until a day. One stream a delegation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import assert_never
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.profiles import Capacity, DelegationEnded, DelegationGiven
from shared.refusals import Invalid, NotFound, Unacceptable
from shared.streams import Decider

LONGEST = timedelta(days=366)
"""Who is away for longer is replaced by HR."""


class DelegatedToOneself(Unacceptable, code="delegated-to-oneself"):
    """Nobody stands in for themselves."""


class DelegationDatesWrong(Unacceptable, code="delegation-dates-wrong"):
    """A delegation begins today or later, and lasts a year at most."""


@dataclass(frozen=True, slots=True)
class GiveDelegation:
    """`until` is the last day; `today` is that of the delegator."""

    delegation: UUID
    delegator: UUID
    delegate: UUID
    capacities: tuple[Capacity, ...]
    effective_on: date
    until: date
    reason: str | None
    today: date


@dataclass(frozen=True, slots=True)
class EndDelegation:
    """`by`: the delegator themselves; None: an administrator."""

    by: UUID | None
    today: date


DelegationCommand = GiveDelegation | EndDelegation


@dataclass(frozen=True, slots=True)
class NotGiven:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Given:
    delegation: UUID
    delegator: UUID
    delegate: UUID
    until: date
    ended: bool = False


def evolve(state: NotGiven | Given, event: Event) -> NotGiven | Given:
    match event:
        case DelegationGiven():
            return Given(event.delegation, event.delegator, event.delegate, event.until)
        case DelegationEnded() if isinstance(state, Given):
            return replace(state, ended=True)
        case _:
            return state


def decide(command: DelegationCommand, state: NotGiven | Given) -> Sequence[Event]:
    match command:
        case GiveDelegation():
            return _give(command)
        case EndDelegation():
            return _end(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[DelegationCommand, NotGiven | Given] = Decider(NotGiven(), evolve, decide)


def _give(command: GiveDelegation) -> Sequence[Event]:
    if command.delegate == command.delegator:
        raise DelegatedToOneself(invalid=(Invalid("#/delegate", "must be somebody else"),))
    if command.effective_on < command.today:
        raise DelegationDatesWrong(invalid=(Invalid("#/effective_on", "must not be in the past"),))
    if command.until < command.effective_on:
        raise DelegationDatesWrong(invalid=(Invalid("#/until", "must not be before it begins"),))
    if command.until - command.effective_on > LONGEST:
        raise DelegationDatesWrong(invalid=(Invalid("#/until", "must be within a year of its beginning"),))
    return [
        DelegationGiven(
            delegation=command.delegation,
            delegator=command.delegator,
            delegate=command.delegate,
            capacities=command.capacities,
            effective_on=command.effective_on,
            until=command.until,
            reason=command.reason,
        )
    ]


def _end(command: EndDelegation, state: NotGiven | Given) -> Sequence[Event]:
    if isinstance(state, NotGiven) or command.by not in (None, state.delegator):
        raise NotFound
    if state.ended or state.until < command.today:
        return []
    return [
        DelegationEnded(
            delegation=state.delegation,
            delegator=state.delegator,
            delegate=state.delegate,
            effective_on=command.today,
        )
    ]
