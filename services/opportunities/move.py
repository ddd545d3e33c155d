"""A move: agreed when an offer is accepted, released by the unit that is left, completed on arrival.

Decided here: a move is completed only after it was released, on the release day or later and not in the future; the
release day can be set anew until then. Completion is a claim: only HR's facts change a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID, uuid5

from shared.contracts.event import Event
from shared.contracts.opportunities import ItemErased, MoveAgreed, MoveCompleted, MoveKind, MoveReleased
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider


def move_id(application: UUID) -> UUID:
    """The one move that an application can lead to."""
    return uuid5(application, "move")


class MoveAlreadyCompleted(Refusal, code="move-completed"):
    """The person has arrived already."""


class MoveNotReleased(Refusal, code="move-not-released"):
    """The current manager or the HR partner has not set a release day yet."""


class ReleasedTooEarly(Unacceptable, code="released-before-agreed"):
    """The release day is not before the day on which the move was agreed."""


class ArrivedTooEarly(Unacceptable, code="arrived-before-release"):
    """Nobody arrives before they are released."""


class ArrivesInTheFuture(Unacceptable, code="arrival-in-the-future"):
    """An arrival is reported once it has happened."""


@dataclass(frozen=True, slots=True)
class AgreeMove:
    move: UUID
    application: UUID
    opportunity: UUID
    person: UUID
    kind: MoveKind
    from_unit: UUID | None
    to_unit: UUID
    on: date


@dataclass(frozen=True, slots=True)
class ReleaseMove:
    released_by: UUID
    release_on: date
    on: date


@dataclass(frozen=True, slots=True)
class CompleteMove:
    arrived_on: date
    on: date


MoveCommand = AgreeMove | ReleaseMove | CompleteMove


@dataclass(frozen=True, slots=True)
class NotAgreed:
    """No event yet, or all of it erased."""


@dataclass(frozen=True, slots=True)
class Agreed:
    case: MoveAgreed


@dataclass(frozen=True, slots=True)
class Released:
    case: MoveAgreed
    release_on: date
    released_by: UUID


@dataclass(frozen=True, slots=True)
class Completed:
    case: MoveAgreed
    release_on: date
    released_by: UUID
    arrived_on: date


Move = Agreed | Released | Completed
MoveState = NotAgreed | Move


def evolve(state: MoveState, event: Event) -> MoveState:
    if isinstance(event, MoveAgreed):
        return Agreed(event)
    if isinstance(event, ItemErased):
        return NotAgreed()
    match state, event:
        case ((Agreed() | Released()), MoveReleased()):
            return Released(state.case, event.release_on, event.released_by)
        case Released(), MoveCompleted():
            return Completed(state.case, state.release_on, state.released_by, event.effective_on)
        case _:
            return state


def decide(command: MoveCommand, state: MoveState) -> Sequence[Event]:
    if isinstance(command, AgreeMove):
        return _agree(command, state)
    if isinstance(state, NotAgreed):
        raise NotFound
    match command:
        case ReleaseMove():
            return _release(command, state)
        case CompleteMove():
            return _complete(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[MoveCommand, MoveState] = Decider(NotAgreed(), evolve, decide)


def _agree(command: AgreeMove, state: MoveState) -> Sequence[Event]:
    if not isinstance(state, NotAgreed):
        return []
    return [
        MoveAgreed(
            move=command.move,
            application=command.application,
            opportunity=command.opportunity,
            person=command.person,
            kind=command.kind,
            from_unit=command.from_unit,
            to_unit=command.to_unit,
            effective_on=command.on,
        )
    ]


def _release(command: ReleaseMove, state: Move) -> Sequence[Event]:
    if isinstance(state, Completed):
        raise MoveAlreadyCompleted
    if command.release_on < state.case.effective_on:
        raise ReleasedTooEarly(invalid=(Invalid("#/release_on", "must not be before the day of the agreement"),))
    if isinstance(state, Released) and state.release_on == command.release_on:
        return []
    return [
        MoveReleased(
            move=state.case.move,
            person=state.case.person,
            released_by=command.released_by,
            release_on=command.release_on,
            effective_on=command.on,
        )
    ]


def _complete(command: CompleteMove, state: Move) -> Sequence[Event]:
    match state:
        case Agreed():
            raise MoveNotReleased
        case Completed():
            if state.arrived_on == command.arrived_on:
                return []
            raise MoveAlreadyCompleted
        case Released():
            if command.arrived_on < state.release_on:
                raise ArrivedTooEarly(invalid=(Invalid("#/arrived_on", "must not be before the release day"),))
            if command.arrived_on > command.on:
                raise ArrivesInTheFuture(invalid=(Invalid("#/arrived_on", "must not be in the future"),))
            return [
                MoveCompleted(
                    move=state.case.move,
                    person=state.case.person,
                    kind=state.case.kind,
                    from_unit=state.case.from_unit,
                    to_unit=state.case.to_unit,
                    effective_on=command.arrived_on,
                )
            ]
        case _:
            assert_never(state)
