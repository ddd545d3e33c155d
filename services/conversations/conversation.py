"""A career conversation between an employee and a partner: who may do what with it, in which order.

A proposal is answered by the party who did not make it; moving an agreed talk is a new proposal. Held needs both: an
agreed talk may be marked held by either party, a proposed one by whoever it waits for, whose word is then the
agreement, too. A held talk stays: it is rated by each party for themselves, as often as they like. The employee may
share their own rating.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, assert_never
from uuid import UUID

from shared.access import matrix
from shared.contracts.conversations import (
    ConversationAccepted,
    ConversationCancelled,
    ConversationDeclined,
    ConversationEnded,
    ConversationHeld,
    ConversationRequested,
    ConversationRescheduled,
    ItemErased,
    Outcomes,
    OutcomesRated,
    OutcomesShared,
    OutcomesSharingChanged,
    OutcomesSharingWithdrawn,
    PartnerRole,
    Topic,
)
from shared.contracts.event import Event, Private
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.sharing import Item, Kind, Share, SharingCommand
from shared.streams import Decider

PLANNED_AHEAD = timedelta(days=366)
TOLD_LATER = timedelta(days=366)
"""How long ago a talk that is marked held may have been."""


class TalkingToOneself(Unacceptable, code="conversation-with-oneself"):
    """A conversation takes two."""


class ProposedInThePast(Unacceptable, code="proposed-in-the-past"):
    """A conversation is proposed for a time to come, within a year."""


class HeldInTheFuture(Unacceptable, code="held-in-the-future"):
    """A conversation was held on a day that has come, at most a year ago."""


class AnswerNotYours(Refusal, code="answer-not-yours"):
    """The last proposal is yours: the other party answers it."""


class ProposalChanged(Refusal, code="proposal-changed"):
    """Another time is proposed by now: read the conversation again."""


class ProposalPassed(Refusal, code="proposal-passed"):
    """The proposed time has passed: propose another, or say that you talked."""


class AlreadyAgreed(Refusal, code="conversation-already-agreed"):
    """You have both agreed to talk: reschedule or cancel instead."""


class NotAgreed(Refusal, code="conversation-not-agreed"):
    """The other party has not agreed yet: they accept it, or say themselves that you talked."""


class NotHeld(Refusal, code="conversation-not-held"):
    """This follows a conversation that was held."""


class NotRated(Refusal, code="outcomes-not-rated"):
    """You share how you rated a conversation: rate it first."""


class AlreadyHeld(Refusal, code="conversation-already-held"):
    """The conversation was held: that stays as it is."""


class ConversationOver(Refusal, code="conversation-over"):
    """The conversation was declined, called off or ended: request a new one."""


@dataclass(frozen=True, slots=True)
class RequestConversation:
    conversation: UUID
    employee: UUID
    partner: UUID
    partner_role: PartnerRole
    by: UUID
    topic: Topic
    proposed_for: datetime
    agenda: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AcceptConversation:
    """`proposed_for` is the time that is agreed to: one that was never seen is not agreed to by chance."""

    by: UUID
    proposed_for: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class DeclineConversation:
    by: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RescheduleConversation:
    by: UUID
    proposed_for: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class CancelConversation:
    by: UUID
    reason: str | None


@dataclass(frozen=True, slots=True)
class HoldConversation:
    """`today` is the caller's own."""

    by: UUID
    held_on: date
    today: date


@dataclass(frozen=True, slots=True)
class RateOutcomes:
    """`over_until`: the day up to which all that an employee shared is over, if they ever left."""

    by: UUID
    outcomes: Outcomes
    today: date
    over_until: date | None = None


@dataclass(frozen=True, slots=True)
class EndConversation:
    """Given by a reaction: the partner is not the employee's manager any more, or a party left."""

    cause: Literal["manager_changed", "party_left"]
    at: datetime


ConversationCommand = (
    RequestConversation
    | AcceptConversation
    | DeclineConversation
    | RescheduleConversation
    | CancelConversation
    | HoldConversation
    | RateOutcomes
    | EndConversation
    | SharingCommand
)


@dataclass(frozen=True, slots=True)
class Talk:
    """What stays the same through all states."""

    conversation: UUID
    employee: UUID
    partner: UUID
    partner_role: PartnerRole
    topic: Topic

    def other(self, person: UUID) -> UUID:
        return self.partner if person == self.employee else self.employee


@dataclass(frozen=True, slots=True)
class NotRequested:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Proposed:
    talk: Talk
    proposed_for: datetime
    awaits: UUID


@dataclass(frozen=True, slots=True)
class Agreed:
    talk: Talk
    proposed_for: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """The employee's own, as they gave it last; `edition` counts them."""

    outcomes: Private[Outcomes]
    rated_on: date
    edition: int


@dataclass(frozen=True, slots=True)
class Held:
    """`shares`: who reads the employee's rating, by what was not withdrawn."""

    talk: Talk
    held_on: date
    rating: Rating | None = None
    shares: Mapping[UUID, Share] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Over:
    talk: Talk
    how: Literal["declined", "cancelled", "ended"]


Conversation = Proposed | Agreed | Held | Over


def evolve(state: NotRequested | Conversation, event: Event) -> NotRequested | Conversation:
    if isinstance(event, ConversationRequested):
        talk = Talk(event.conversation, event.employee, event.partner, event.partner_role, event.topic)
        return Proposed(talk, event.proposed_for, awaits=talk.other(event.requested_by))
    if isinstance(state, NotRequested):
        return state
    match event:
        case ConversationAccepted() if isinstance(state, Proposed):
            return Agreed(state.talk, state.proposed_for)
        case ConversationRescheduled():
            return Proposed(state.talk, event.proposed_for, awaits=state.talk.other(event.by))
        case ConversationDeclined():
            return Over(state.talk, "declined")
        case ConversationCancelled():
            return Over(state.talk, "cancelled")
        case ConversationEnded():
            return Over(state.talk, "ended")
        case ConversationHeld():
            return Held(state.talk, event.effective_on)
        case _:
            return _since_held(state, event) if isinstance(state, Held) else state


def _since_held(state: Held, event: Event) -> Held:
    match event:
        case OutcomesRated():
            if event.by != state.talk.employee:
                return state
            return replace(state, rating=_next(state, event.outcomes, event.effective_on))
        case ItemErased():
            return Held(state.talk, state.held_on) if event.person == state.talk.employee else state
        case _:
            return replace(state, shares=SHARING.follow(state.shares, event))


def _next(state: Held, outcomes: Private[Outcomes], on: date) -> Rating:
    return Rating(outcomes, on, 1 if state.rating is None else state.rating.edition + 1)


def decide(command: ConversationCommand, state: NotRequested | Conversation) -> Sequence[Event]:
    if isinstance(command, RequestConversation):
        return _request(command)
    if isinstance(state, NotRequested):
        raise NotFound
    if isinstance(command, EndConversation):
        return _end(command, state)
    if isinstance(command, SharingCommand):
        return _sharing(command, state)
    if command.by not in (state.talk.employee, state.talk.partner):
        raise NotFound
    match command:
        case AcceptConversation():
            return _accept(command, state)
        case DeclineConversation():
            return _decline(command, state)
        case RescheduleConversation():
            return _reschedule(command, state)
        case CancelConversation():
            return _cancel(command, state)
        case HoldConversation():
            return _hold(command, state)
        case RateOutcomes():
            return _rate(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[ConversationCommand, NotRequested | Conversation] = Decider(NotRequested(), evolve, decide)


def shareable(state: NotRequested | Conversation) -> Item | None:
    """The employee's rating as sharing takes it, if there is one."""
    return _item(state, state.rating) if isinstance(state, Held) and state.rating is not None else None


def _item(state: Held, rating: Rating) -> Item:
    content = {"outcomes": rating.outcomes, "rated_on": rating.rated_on}
    return Item(state.talk.conversation, state.talk.employee, rating.edition, content, state.shares)


SHARING = Kind(
    name="outcomes",
    collection="outcomes",
    item="conversation",
    person="employee",
    content=("outcomes", "rated_on"),
    shared=OutcomesShared,
    changed=OutcomesSharingChanged,
    withdrawn=OutcomesSharingWithdrawn,
    sharing=matrix.SHARE_OUTCOMES,
    audience=matrix.READ_OUTCOMES_AUDIENCE,
    decider=DECIDER,
    found=shareable,
    refuses=(NotRated,),
)


def _sharing(command: SharingCommand, state: Conversation) -> Sequence[Event]:
    """What a partner made of the talk is theirs, and stays with them."""
    if command.person != state.talk.employee:
        raise NotFound
    rating = shareable(state)
    if rating is None:
        raise NotRated
    return SHARING.decide(command, rating)


def _request(command: RequestConversation) -> Sequence[Event]:
    if command.employee == command.partner:
        raise TalkingToOneself(invalid=(Invalid("#/partner", "must be somebody else"),))
    _require_to_come(command.proposed_for, command.at)
    return [
        ConversationRequested(
            conversation=command.conversation,
            employee=command.employee,
            partner=command.partner,
            partner_role=command.partner_role,
            requested_by=command.by,
            topic=command.topic,
            proposed_for=command.proposed_for,
            agenda=command.agenda,
        )
    ]


def _accept(command: AcceptConversation, state: Conversation) -> Sequence[Event]:
    proposal = _open(state)
    if proposal.proposed_for != command.proposed_for:
        raise ProposalChanged
    if isinstance(proposal, Agreed):
        return []
    if proposal.awaits != command.by:
        raise AnswerNotYours
    if proposal.proposed_for < command.at:
        raise ProposalPassed
    return [_accepted(proposal.talk, command.by)]


def _decline(command: DeclineConversation, state: Conversation) -> Sequence[Event]:
    proposal = _open(state)
    if isinstance(proposal, Agreed):
        raise AlreadyAgreed
    if proposal.awaits != command.by:
        raise AnswerNotYours
    talk = proposal.talk
    return [
        ConversationDeclined(
            conversation=talk.conversation, employee=talk.employee, by=command.by, reason=command.reason
        )
    ]


def _reschedule(command: RescheduleConversation, state: Conversation) -> Sequence[Event]:
    proposal = _open(state)
    _require_to_come(command.proposed_for, command.at)
    if proposal.proposed_for == command.proposed_for:
        return []
    talk = proposal.talk
    return [
        ConversationRescheduled(
            conversation=talk.conversation, employee=talk.employee, by=command.by, proposed_for=command.proposed_for
        )
    ]


def _cancel(command: CancelConversation, state: Conversation) -> Sequence[Event]:
    if isinstance(state, Over) and state.how == "cancelled":
        return []
    talk = _open(state).talk
    return [
        ConversationCancelled(
            conversation=talk.conversation, employee=talk.employee, by=command.by, reason=command.reason
        )
    ]


def _hold(command: HoldConversation, state: Conversation) -> Sequence[Event]:
    if isinstance(state, Held) and state.held_on == command.held_on:
        return []
    proposal = _open(state)
    if not command.today - TOLD_LATER <= command.held_on <= command.today:
        wrong = Invalid("#/held_on", "must be today or a day of the year before")
        raise HeldInTheFuture(invalid=(wrong,))
    talk = proposal.talk
    held = ConversationHeld(
        conversation=talk.conversation,
        employee=talk.employee,
        partner=talk.partner,
        partner_role=talk.partner_role,
        topic=talk.topic,
        by=command.by,
        effective_on=command.held_on,
    )
    if isinstance(proposal, Agreed):
        return [held]
    if proposal.awaits != command.by:
        raise NotAgreed
    return [_accepted(talk, command.by), held]


def _rate(command: RateOutcomes, state: Conversation) -> Sequence[Event]:
    """Ratings are sealed in the store, so that the same ones again are not known as such: they count as given anew."""
    if not isinstance(state, Held):
        raise NotHeld
    rated = OutcomesRated(
        conversation=state.talk.conversation,
        employee=state.talk.employee,
        by=command.by,
        effective_on=command.today,
        outcomes=command.outcomes,
    )
    if command.by != state.talk.employee:
        return [rated]
    newest = _item(state, _next(state, command.outcomes, command.today))
    return [rated, *SHARING.anew(newest, command.today, command.over_until)]


def _end(command: EndConversation, state: Conversation) -> Sequence[Event]:
    """An agreed talk whose time has come stays open: the two may have talked, and may still say so."""
    if isinstance(state, Held | Over) or (isinstance(state, Agreed) and state.proposed_for <= command.at):
        return []
    return [ConversationEnded(conversation=state.talk.conversation, employee=state.talk.employee, cause=command.cause)]


def _open(state: Conversation) -> Proposed | Agreed:
    match state:
        case Held():
            raise AlreadyHeld
        case Over():
            raise ConversationOver
        case _:
            return state


def _accepted(talk: Talk, by: UUID) -> ConversationAccepted:
    return ConversationAccepted(conversation=talk.conversation, employee=talk.employee, by=by)


def _require_to_come(proposed_for: datetime, at: datetime) -> None:
    if not at < proposed_for <= at + PLANNED_AHEAD:
        wrong = Invalid("#/proposed_for", "must be a time to come, within a year")
        raise ProposedInThePast(invalid=(wrong,))
