"""A commitment of one of the three parties to an employee's career, by a date. Only its owner says how it went.

What was missed may still be kept later, and the ledger then shows both; what was kept stays kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal, assert_never
from uuid import UUID

from shared.contracts.conversations import CommitmentKept, CommitmentMade, CommitmentMissed, Party
from shared.contracts.event import Event
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider

DUE_WITHIN = timedelta(days=5 * 366)


class DueInThePast(Unacceptable, code="due-in-the-past"):
    """A commitment is due today or on a day to come, within five years."""


class CommitmentAlreadyKept(Refusal, code="commitment-already-kept"):
    """The commitment was kept: that stays as it is."""


@dataclass(frozen=True, slots=True)
class MakeCommitment:
    """That `owner` is `party` to the employee, and took part in the conversation, is checked before."""

    commitment: UUID
    employee: UUID
    party: Party
    owner: UUID
    conversation: UUID | None
    due_on: date
    text: str
    today: date


@dataclass(frozen=True, slots=True)
class KeepCommitment:
    by: UUID
    today: date


@dataclass(frozen=True, slots=True)
class MissCommitment:
    by: UUID
    reason: str | None
    today: date


CommitmentCommand = MakeCommitment | KeepCommitment | MissCommitment


@dataclass(frozen=True, slots=True)
class NotMade:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Commitment:
    commitment: UUID
    employee: UUID
    owner: UUID
    state: Literal["open", "kept", "missed"] = "open"


def evolve(state: NotMade | Commitment, event: Event) -> NotMade | Commitment:
    if isinstance(event, CommitmentMade):
        return Commitment(event.commitment, event.employee, event.owner)
    if isinstance(state, NotMade):
        return state
    match event:
        case CommitmentKept():
            return replace(state, state="kept")
        case CommitmentMissed():
            return replace(state, state="missed")
        case _:
            return state


def decide(command: CommitmentCommand, state: NotMade | Commitment) -> Sequence[Event]:
    if isinstance(command, MakeCommitment):
        return _make(command)
    if isinstance(state, NotMade) or state.owner != command.by:
        raise NotFound
    match command:
        case KeepCommitment():
            return _keep(command, state)
        case MissCommitment():
            return _miss(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[CommitmentCommand, NotMade | Commitment] = Decider(NotMade(), evolve, decide)


def _make(command: MakeCommitment) -> Sequence[Event]:
    if not command.today <= command.due_on <= command.today + DUE_WITHIN:
        wrong = Invalid("#/due_on", "must be today or a day to come, within five years")
        raise DueInThePast(invalid=(wrong,))
    return [
        CommitmentMade(
            commitment=command.commitment,
            employee=command.employee,
            party=command.party,
            owner=command.owner,
            conversation=command.conversation,
            effective_on=command.today,
            due_on=command.due_on,
            text=command.text,
        )
    ]


def _keep(command: KeepCommitment, state: Commitment) -> Sequence[Event]:
    if state.state == "kept":
        return []
    return [
        CommitmentKept(
            commitment=state.commitment, employee=state.employee, owner=state.owner, effective_on=command.today
        )
    ]


def _miss(command: MissCommitment, state: Commitment) -> Sequence[Event]:
    if state.state == "kept":
        raise CommitmentAlreadyKept
    if state.state == "missed":
        return []
    return [
        CommitmentMissed(
            commitment=state.commitment,
            employee=state.employee,
            owner=state.owner,
            effective_on=command.today,
            reason=command.reason,
        )
    ]
