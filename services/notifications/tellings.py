"""Which event tells whom: a table from event to tellings. Pure; who somebody's manager is, is asked when it is told.

Told are live facts: never imports, never what took effect longer before its recording than its kind allows (a
correction of last year is not news), never what was recorded longer ago than TOLD_WITHIN (a history that is heard for
the first time). A fact of a day to come waits for its day.

Nobody is told that they joined or left, which they know (but on their last day, that they can take with them what is
held about them; who has left is told nothing any more), that a place ended, since the next one is told, nor of what is
taken back: a sharing that is withdrawn or over before it is told, a fact that was none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeVar, get_args
from uuid import UUID

from shared.contracts import conversations, opportunities, profiles
from shared.contracts.event import Event
from shared.contracts.profiles import AudienceKind

Kind = Literal[
    "aspiration_shared",
    "conversation_requested",
    "conversation_accepted",
    "conversation_declined",
    "conversation_rescheduled",
    "conversation_cancelled",
    "conversation_ended",
    "conversation_ended_ask_next",
    "conversation_held",
    "outcomes_shared",
    "commitment_made",
    "commitment_kept",
    "commitment_missed",
    "application_received",
    "application_withdrawn",
    "application_shortlisted",
    "application_declined",
    "offer_made",
    "offer_accepted",
    "offer_declined",
    "opportunity_withdrawn",
    "move_agreed",
    "move_to_release",
    "move_released",
    "move_completed",
    "manager_changed",
    "place_changed",
    "delegation_given",
    "delegation_ended",
    "last_day",
    "words_erased",
    "hold_placed",
    "hold_lifted",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

TOLD_WITHIN = timedelta(days=14)
"""Since the recording. Long enough for a service that was down over a holiday."""

_BACKDATED = timedelta(days=7)
_BACKDATED_BY_KIND: Mapping[Kind, timedelta] = {
    "conversation_held": timedelta(days=31),
    "move_agreed": timedelta(days=31),
    "move_released": timedelta(days=31),
    "move_completed": timedelta(days=31),
}

Whom = Literal["person", "manager", "hr_partners", "managed", "team", "applicants"]
"""What `to` is: the person to tell; whose manager, or whose HR partners, to tell; the person to tell if `who` has
become their manager; the unit in which all are told whose manager `who` has become; what they all applied for."""


OF_RELATIONS = ("managed", "team")
"""News about relations themselves."""

EASTERNMOST = timedelta(hours=14)
"""A day begins here first."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is told of it is told while it lasts, to who is its audience then."""

    share: UUID
    audience: AudienceKind
    until: date | None


@dataclass(frozen=True, slots=True)
class Telling:
    """`details` names persons, units, opportunities by id, days and times: words are made from them when read."""

    kind: Kind
    about: UUID
    whom: Whom
    to: UUID
    details: Mapping[str, str] = field(default_factory=dict)
    effective_on: date | None = None  # None: it is news as it happens
    fact: UUID | None = None  # HR's fact, so that a withdrawal finds what still waits for its day
    sharing: Sharing | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """The two whom an item concerns: employee and partner of a conversation, applicant and owner of an application."""

    person: UUID
    other: UUID
    opportunity: UUID | None = None


def is_news(telling: Telling, *, origin: str, recorded_at: datetime, now: datetime) -> bool:
    """Whether an event is told at all."""
    if origin != "live" or now - recorded_at > TOLD_WITHIN:
        return False
    if telling.effective_on is None:
        return True
    return recorded_at.date() - telling.effective_on <= _BACKDATED_BY_KIND.get(telling.kind, _BACKDATED)


def day_to_wait_for(telling: Telling, recorded_at: datetime) -> date | None:
    """The day before which nobody is told; None: at once.

    What somebody does today may already be dated tomorrow for somebody further west, and is no fact to come. A relation
    switches on its day at its person's place; nobody learns of their leaving hours before the day.
    """
    if telling.effective_on is None or telling.whom in OF_RELATIONS or telling.kind == "last_day":
        return telling.effective_on
    return telling.effective_on if telling.effective_on > (recorded_at + EASTERNMOST).date() else None


def parties_of(event: Event) -> tuple[UUID, Parties] | None:
    """What an event says of whom an item concerns: later events about it name one of them alone."""
    match event:
        case conversations.ConversationRequested():
            return event.conversation, Parties(event.employee, event.partner)
        case opportunities.ApplicationSubmitted():
            return event.application, Parties(event.person, event.owner, event.opportunity)
        case _:
            return None


def item_of(event: Event) -> UUID | None:
    """The conversation or application whose parties an event needs."""
    match event:
        case conversations.ConversationRequested() | opportunities.ApplicationSubmitted():
            return None
        case _:
            return getattr(event, "conversation", None) or getattr(event, "application", None)


def ends(event: Event) -> UUID | None:
    """The application that is decided by an event: its applicant waits for the opportunity no more."""
    match event:
        case (
            opportunities.ApplicationWithdrawn()
            | opportunities.ApplicationDeclined()
            | opportunities.OfferAccepted()
            | opportunities.OfferDeclined()
        ):
            return event.application
        case _:
            return None


def tellings(event: Event, parties: Parties | None) -> tuple[Telling, ...]:
    """Whom an event tells what. `parties` of the item that `item_of` names; without them nobody is told."""
    rule = _RULES.get(type(event))
    return rule(event, parties) if rule is not None else ()


E = TypeVar("E", bound=Event)
Rule = Callable[[Any, Parties | None], tuple[Telling, ...]]


def _shared(kind: Kind, item: str) -> Rule:
    """Who reads it now: a person, or whoever has the relation when they are told. Who leads an opportunity is told of
    the application with which it goes."""

    def rule(event: Any, _: Parties | None) -> tuple[Telling, ...]:
        if event.audience == "opportunity_leader":
            return ()
        details = {"who": str(event.subject)}
        whom: Whom
        if event.reader is not None:
            whom, to = "person", event.reader
        else:
            whom, to = ("hr_partners" if event.audience == "my_hr_partner" else "manager"), event.subject
        sharing = Sharing(event.share, event.audience, event.until)
        return (Telling(kind, getattr(event, item), whom, to, details, event.effective_on, sharing=sharing),)

    return rule


def _manager_assigned(event: profiles.ManagerAssigned, _: Parties | None) -> tuple[Telling, ...]:
    if event.manager is None or event.line != "solid":
        return ()
    details = {"who": str(event.manager)}
    return (
        Telling("manager_changed", event.manager, "managed", event.person, details, event.effective_on, event.fact),
    )


def _place(event: profiles.PlaceTaken | profiles.PlaceChanged, _: Parties | None) -> tuple[Telling, ...]:
    details = {"unit": str(event.unit), "on": event.effective_on.isoformat()}
    return (Telling("place_changed", event.unit, "person", event.person, details, event.effective_on, event.fact),)


def _left(event: profiles.PersonLeft, _: Parties | None) -> tuple[Telling, ...]:
    """On their last day, since the day after nobody is told anything, and before it nobody learns of it."""
    details = {"on": event.effective_on.isoformat()}
    return (Telling("last_day", event.person, "person", event.person, details, event.effective_on, event.fact),)


def _words_erased(event: profiles.WordsErased, _: Parties | None) -> tuple[Telling, ...]:
    """Whose words somebody else had erased; when it is complete, or the message would go with them."""
    if event.asked_by in (None, event.person):
        return ()
    return (Telling("words_erased", event.erasure, "person", event.person, {"who": str(event.asked_by)}),)


def _hold(kind: Kind) -> Rule:
    def rule(event: Any, _: Parties | None) -> tuple[Telling, ...]:
        return (Telling(kind, event.person, "person", event.person),)

    return rule


def _delegation_given(event: profiles.DelegationGiven, _: Parties | None) -> tuple[Telling, ...]:
    """At once, so that who is to stand in can say so before the day comes."""
    details = {"who": str(event.delegator), "on": event.effective_on.isoformat(), "due": event.until.isoformat()}
    return (Telling("delegation_given", event.delegation, "person", event.delegate, details),)


def _delegation_ended(event: profiles.DelegationEnded, _: Parties | None) -> tuple[Telling, ...]:
    details = {"who": str(event.delegator)}
    return (Telling("delegation_ended", event.delegation, "person", event.delegate, details),)


def _leader_appointed(event: profiles.UnitLeaderAppointed, _: Parties | None) -> tuple[Telling, ...]:
    if event.leader is None:
        return ()
    details = {"who": str(event.leader)}
    return (Telling("manager_changed", event.leader, "team", event.unit, details, event.effective_on),)


def _requested(event: conversations.ConversationRequested, _: Parties | None) -> tuple[Telling, ...]:
    asked = event.partner if event.requested_by == event.employee else event.employee
    details = {"who": str(event.requested_by), "when": event.proposed_for.isoformat()}
    return (Telling("conversation_requested", event.conversation, "person", asked, details),)


def _to_the_other(kind: Kind) -> Rule:
    """Of a conversation, whoever did not do it."""

    def rule(event: Any, parties: Parties | None) -> tuple[Telling, ...]:
        if parties is None:
            return ()
        to = parties.other if event.by == parties.person else parties.person
        details = {"who": str(event.by)}
        if isinstance(event, conversations.ConversationRescheduled):
            details["when"] = event.proposed_for.isoformat()
        if isinstance(event, conversations.ConversationHeld):
            details["on"] = event.effective_on.isoformat()
        return (Telling(kind, event.conversation, "person", to, details, getattr(event, "effective_on", None)),)

    return rule


def _ended(event: conversations.ConversationEnded, parties: Parties | None) -> tuple[Telling, ...]:
    """Nobody did it, so both are told; the employee of a former manager is asked whom to ask next."""
    if parties is None:
        return ()
    ask_next = event.cause == "manager_changed"
    employee, partner = {"who": str(parties.other)}, {"who": str(parties.person)}
    kind: Kind = "conversation_ended_ask_next" if ask_next else "conversation_ended"
    return (
        Telling(kind, event.conversation, "person", parties.person, employee),
        Telling("conversation_ended", event.conversation, "person", parties.other, partner),
    )


def _commitment(kind: Kind) -> Rule:
    """The employee hears what manager and HR committed to, and what became of it."""

    def rule(event: Any, _: Parties | None) -> tuple[Telling, ...]:
        if event.owner == event.employee:
            return ()
        details = {"who": str(event.owner)}
        if isinstance(event, conversations.CommitmentMade):
            details["due"] = event.due_on.isoformat()
        return (Telling(kind, event.commitment, "person", event.employee, details, event.effective_on),)

    return rule


def _submitted(event: opportunities.ApplicationSubmitted, _: Parties | None) -> tuple[Telling, ...]:
    details = {"who": str(event.person), "opportunity": str(event.opportunity)}
    return (Telling("application_received", event.application, "person", event.owner, details, event.effective_on),)


def _to_owner(kind: Kind) -> Rule:
    def rule(event: Any, parties: Parties | None) -> tuple[Telling, ...]:
        if parties is None:
            return ()
        details = {"who": str(event.person), "opportunity": str(event.opportunity)}
        return (Telling(kind, event.application, "person", parties.other, details, event.effective_on),)

    return rule


def _to_applicant(kind: Kind) -> Rule:
    def rule(event: Any, _: Parties | None) -> tuple[Telling, ...]:
        details = {"opportunity": str(event.opportunity)}
        return (Telling(kind, event.application, "person", event.person, details, event.effective_on),)

    return rule


def _opportunity_withdrawn(event: opportunities.OpportunityWithdrawn, _: Parties | None) -> tuple[Telling, ...]:
    details = {"opportunity": str(event.opportunity)}
    return (
        Telling(
            "opportunity_withdrawn", event.opportunity, "applicants", event.opportunity, details, event.effective_on
        ),
    )


def _move(kind: Kind) -> Rule:
    def rule(event: Any, _: Parties | None) -> tuple[Telling, ...]:
        if isinstance(event, opportunities.MoveReleased):
            details = {"on": event.release_on.isoformat()}
        else:
            details = {"unit": str(event.to_unit), "on": event.effective_on.isoformat()}
        return (Telling(kind, event.move, "person", event.person, details, event.effective_on),)

    return rule


def _agreed(event: opportunities.MoveAgreed, parties: Parties | None) -> tuple[Telling, ...]:
    """The person, where somebody else agreed for them; and their manager, who sets the day of their release."""
    details = {"who": str(event.person), "unit": str(event.to_unit)}
    asked = Telling("move_to_release", event.move, "manager", event.person, details)
    return (*_move("move_agreed")(event, parties), asked)


_RULES: Mapping[type[Event], Rule] = {
    profiles.PersonLeft: _left,
    profiles.WordsErased: _words_erased,
    profiles.HoldPlaced: _hold("hold_placed"),
    profiles.HoldLifted: _hold("hold_lifted"),
    profiles.PlaceTaken: _place,
    profiles.PlaceChanged: _place,
    profiles.AspirationShared: _shared("aspiration_shared", "aspiration"),
    profiles.ManagerAssigned: _manager_assigned,
    profiles.UnitLeaderAppointed: _leader_appointed,
    profiles.DelegationGiven: _delegation_given,
    profiles.DelegationEnded: _delegation_ended,
    conversations.ConversationRequested: _requested,
    conversations.ConversationAccepted: _to_the_other("conversation_accepted"),
    conversations.ConversationDeclined: _to_the_other("conversation_declined"),
    conversations.ConversationRescheduled: _to_the_other("conversation_rescheduled"),
    conversations.ConversationCancelled: _to_the_other("conversation_cancelled"),
    conversations.ConversationEnded: _ended,
    conversations.ConversationHeld: _to_the_other("conversation_held"),
    conversations.OutcomesShared: _shared("outcomes_shared", "conversation"),
    conversations.CommitmentMade: _commitment("commitment_made"),
    conversations.CommitmentKept: _commitment("commitment_kept"),
    conversations.CommitmentMissed: _commitment("commitment_missed"),
    opportunities.ApplicationSubmitted: _submitted,
    opportunities.ApplicationWithdrawn: _to_owner("application_withdrawn"),
    opportunities.ApplicationShortlisted: _to_applicant("application_shortlisted"),
    opportunities.ApplicationDeclined: _to_applicant("application_declined"),
    opportunities.OfferMade: _to_applicant("offer_made"),
    opportunities.OfferAccepted: _to_owner("offer_accepted"),
    opportunities.OfferDeclined: _to_owner("offer_declined"),
    opportunities.OpportunityWithdrawn: _opportunity_withdrawn,
    opportunities.MoveAgreed: _agreed,
    opportunities.MoveReleased: _move("move_released"),
    opportunities.MoveCompleted: _move("move_completed"),
}

TELLING: frozenset[type[Event]] = frozenset(_RULES)
"""The events that tell somebody something."""

SharingEvent = (
    profiles.SharingChanged
    | profiles.SharingWithdrawn
    | conversations.OutcomesSharingChanged
    | conversations.OutcomesSharingWithdrawn
)
"""Those that say of a sharing until when it lasts, or that it is over: whether it is still told."""
