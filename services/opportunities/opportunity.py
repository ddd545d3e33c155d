"""An opportunity: a role, project or other chance that is open to everybody until it is closed, filled or withdrawn.

Decided here: a role and a stretch assignment are one person's, so the first accepted offer fills them; a project moves
people but takes several, and mentoring, shadowing and programmes move nobody: these stay open until somebody closes
them. A posting whose last day has passed takes no applications, though no event says so. Mentoring and shadowing are
offered in somebody's own words: sealed, they end with the owner's other words, and the posting is called by its kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.opportunities import (
    OFFERED_BY_ANYONE,
    MoveKind,
    OpportunityClosed,
    OpportunityKind,
    OpportunityPosted,
    OpportunityWithdrawn,
    OwnOffer,
)
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider


class OpportunityNotOpen(Refusal, code="opportunity-not-open"):
    """The opportunity takes no applications any more."""


class OpportunityFilled(Refusal, code="opportunity-filled"):
    """The opportunity was given to somebody, and open applications ended with it."""


class OpportunityTakenBack(Refusal, code="opportunity-withdrawn"):
    """The opportunity was withdrawn, and open applications ended with it."""


class ClosedFromTheStart(Unacceptable, code="closed-from-the-start"):
    """The last day for applications is a day to come."""


@dataclass(frozen=True, slots=True)
class KindRules:
    """What accepting an offer of this kind brings about."""

    moves_as: MoveKind | None
    for_one: bool


KINDS: Mapping[OpportunityKind, KindRules] = {
    "role": KindRules("transfer", for_one=True),
    "project": KindRules("project", for_one=False),
    "stretch_assignment": KindRules("stretch_assignment", for_one=True),
    "mentoring": KindRules(None, for_one=False),
    "shadowing": KindRules(None, for_one=False),
    "programme": KindRules(None, for_one=False),
}


@dataclass(frozen=True, slots=True)
class PostOpportunity:
    opportunity: UUID
    kind: OpportunityKind
    unit: UUID
    owner: UUID
    title: str
    description: str
    skills: tuple[str, ...]
    country: str | None
    starts_on: date | None
    closes_on: date | None
    on: date


@dataclass(frozen=True, slots=True)
class CloseOpportunity:
    """`filled`: it was given to somebody, here or elsewhere."""

    filled: bool
    on: date


@dataclass(frozen=True, slots=True)
class WithdrawOpportunity:
    on: date


OpportunityCommand = PostOpportunity | CloseOpportunity | WithdrawOpportunity


@dataclass(frozen=True, slots=True)
class NotPosted:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Open:
    posting: OpportunityPosted


@dataclass(frozen=True, slots=True)
class Closed:
    """Takes no more applications; those received go on."""

    posting: OpportunityPosted


@dataclass(frozen=True, slots=True)
class Filled:
    """Given to somebody: open applications ended with it."""

    posting: OpportunityPosted


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Taken back: open applications ended with it."""

    posting: OpportunityPosted


Posted = Open | Closed | Filled | Withdrawn
OpportunityState = NotPosted | Posted


def evolve(state: OpportunityState, event: Event) -> OpportunityState:
    if isinstance(event, OpportunityPosted):
        return Open(event)
    if isinstance(state, NotPosted):
        return state
    match event:
        case OpportunityClosed():
            return Filled(state.posting) if event.filled else Closed(state.posting)
        case OpportunityWithdrawn():
            return Withdrawn(state.posting)
        case _:
            return state


def decide(command: OpportunityCommand, state: OpportunityState) -> Sequence[Event]:
    if isinstance(command, PostOpportunity):
        return _post(command)
    if isinstance(state, NotPosted):
        raise NotFound
    match command:
        case CloseOpportunity():
            return _close(command, state)
        case WithdrawOpportunity():
            return _withdraw(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[OpportunityCommand, OpportunityState] = Decider(NotPosted(), evolve, decide)


def require_open(state: Posted, on: date) -> None:
    """Whether somebody may apply on that day. Raises OpportunityTakenBack, OpportunityFilled, OpportunityNotOpen."""
    require_unfilled(state)
    if isinstance(state, Closed) or past_last_day(state, on):
        raise OpportunityNotOpen


def require_unfilled(state: Posted) -> None:
    """Whether it can still be offered and given to somebody. Raises OpportunityTakenBack, OpportunityFilled."""
    match state:
        case Withdrawn():
            raise OpportunityTakenBack
        case Filled():
            raise OpportunityFilled
        case Open() | Closed():
            return
        case _:
            assert_never(state)


def past_last_day(state: Posted, on: date) -> bool:
    """Whether the last day for applications has passed."""
    return state.posting.closes_on is not None and state.posting.closes_on < on


def _post(command: PostOpportunity) -> Sequence[Event]:
    if command.closes_on is not None and command.closes_on < command.on:
        raise ClosedFromTheStart(invalid=(Invalid("#/closes_on", "must not be in the past"),))
    own = OwnOffer(title=command.title, description=command.description) if command.kind in OFFERED_BY_ANYONE else None
    return [
        OpportunityPosted(
            opportunity=command.opportunity,
            kind=command.kind,
            unit=command.unit,
            owner=command.owner,
            title=command.title if own is None else command.kind,
            description=command.description if own is None else "",
            words=own,
            skills=command.skills,
            country=command.country,
            starts_on=command.starts_on,
            closes_on=command.closes_on,
            effective_on=command.on,
        )
    ]


def _close(command: CloseOpportunity, state: Posted) -> Sequence[Event]:
    """Closed before, it can still be said that it was filled."""
    match state:
        case Withdrawn():
            raise OpportunityTakenBack
        case Filled():
            return []
        case Closed() if not command.filled:
            return []
        case Open() | Closed():
            opportunity = state.posting.opportunity
            return [OpportunityClosed(opportunity=opportunity, filled=command.filled, effective_on=command.on)]
        case _:
            assert_never(state)


def _withdraw(command: WithdrawOpportunity, state: Posted) -> Sequence[Event]:
    match state:
        case Filled():
            raise OpportunityFilled
        case Withdrawn():
            return []
        case Open() | Closed():
            return [OpportunityWithdrawn(opportunity=state.posting.opportunity, effective_on=command.on)]
        case _:
            assert_never(state)
