"""An application: one person's for one opportunity, from applying to an answer. Missing skills refuse nobody.

One stream for a person and an opportunity, so that there is one open application at most. After it has ended without an
offer accepted, the person may apply again: the same application, submitted anew. The owner can decline even an offer
made, until it is accepted, with a reason and a next step as any decline.

With the opportunity withdrawn or filled, an open application has ended. Of what was filled the owner can still say to
whom it was not given why, and what next; and the applicant can still take their words back.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never
from uuid import UUID

from services.opportunities.matching import match
from services.opportunities.opportunity import (
    OpportunityTakenBack,
    Posted,
    Withdrawn,
    require_open,
    require_unfilled,
)
from shared.contracts.event import Event, Private
from shared.contracts.opportunities import (
    ApplicationDeclined,
    ApplicationShortlisted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ItemErased,
    OfferAccepted,
    OfferDeclined,
    OfferMade,
)
from shared.refusals import NotFound, Refusal
from shared.streams import Decider


def application_id(opportunity: UUID, person: UUID, secret: bytes) -> UUID:
    """The one application of a person for an opportunity. `secret` is the service's own, the same for ever: without it
    nobody finds out, by asking for ids that they worked out, who applied."""
    key = hmac.digest(secret, b"careers application", "sha256")
    return UUID(bytes=hmac.digest(key, opportunity.bytes + person.bytes, "sha256")[:16], version=5)


class OwnOpportunity(Refusal, code="own-opportunity"):
    """You decide on the applications for this opportunity yourself."""


class AlreadyApplied(Refusal, code="already-applied"):
    """There is an open application of yours for this opportunity."""


class ApplicationEnded(Refusal, code="application-ended"):
    """The application has ended: it was withdrawn or declined before."""


class NoOfferMade(Refusal, code="no-offer-made"):
    """There is no offer to answer."""


class OfferPending(Refusal, code="offer-pending"):
    """An offer was made, which the applicant has still to answer."""


class OfferTaken(Refusal, code="offer-accepted"):
    """The offer was accepted before."""


# Commands. `opportunity` is what it is when the command is given: an application lives and ends with it.


@dataclass(frozen=True, slots=True)
class SubmitApplication:
    application: UUID
    person: UUID
    statement: str | None
    skills: tuple[str, ...]
    owner: UUID
    """Who decides on it."""
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class WithdrawApplication:
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class ShortlistApplication:
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class DeclineApplication:
    by: UUID
    reason: str
    next_step: str
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class MakeOffer:
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    opportunity: Posted
    on: date


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    reason: str | None
    opportunity: Posted
    on: date


ApplicationCommand = (
    SubmitApplication
    | WithdrawApplication
    | ShortlistApplication
    | DeclineApplication
    | MakeOffer
    | AcceptOffer
    | DeclineOffer
)


# States


@dataclass(frozen=True, slots=True)
class NotSubmitted:
    """No event yet, or all of it erased."""


@dataclass(frozen=True, slots=True)
class Submitted:
    letter: ApplicationSubmitted


@dataclass(frozen=True, slots=True)
class Shortlisted:
    letter: ApplicationSubmitted


@dataclass(frozen=True, slots=True)
class Offered:
    letter: ApplicationSubmitted


@dataclass(frozen=True, slots=True)
class Accepted:
    """The applicant took the offer: nothing follows here, a move may."""

    letter: ApplicationSubmitted


@dataclass(frozen=True, slots=True)
class Declined:
    letter: ApplicationSubmitted
    reason: Private[str]
    next_step: Private[str]


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The applicant did not take the offer."""

    letter: ApplicationSubmitted
    reason: Private[str] | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The applicant withdrew it."""

    letter: ApplicationSubmitted


Pending = Submitted | Shortlisted | Offered
Ended = Declined | OfferRefused | TakenBack
Application = Pending | Accepted | Ended
ApplicationState = NotSubmitted | Application


def evolve(state: ApplicationState, event: Event) -> ApplicationState:
    if isinstance(event, ApplicationSubmitted):
        return Submitted(event)
    if isinstance(event, ItemErased):
        return NotSubmitted()
    if isinstance(state, NotSubmitted):
        return state
    match event:
        case ApplicationShortlisted():
            return Shortlisted(state.letter)
        case ApplicationDeclined():
            return Declined(state.letter, event.reason, event.next_step)
        case ApplicationWithdrawn():
            return TakenBack(state.letter)
        case OfferMade():
            return Offered(state.letter)
        case OfferAccepted():
            return Accepted(state.letter)
        case OfferDeclined():
            return OfferRefused(state.letter, event.reason)
        case _:
            return state


def decide(command: ApplicationCommand, state: ApplicationState) -> Sequence[Event]:
    if isinstance(command, SubmitApplication):
        return _submit(command, state)
    if isinstance(state, NotSubmitted):
        raise NotFound
    match command:
        case WithdrawApplication():
            return _withdraw(command, state)
        case ShortlistApplication():
            return _shortlist(command, state)
        case DeclineApplication():
            return _decline(command, state)
        case MakeOffer():
            return _offer(command, state)
        case AcceptOffer():
            return _accept(command, state)
        case DeclineOffer():
            return _decline_offer(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[ApplicationCommand, ApplicationState] = Decider(NotSubmitted(), evolve, decide)


def _submit(command: SubmitApplication, state: ApplicationState) -> Sequence[Event]:
    posting = command.opportunity.posting
    require_open(command.opportunity, command.on)
    if command.owner == command.person:
        raise OwnOpportunity
    if isinstance(state, Pending):
        raise AlreadyApplied
    if isinstance(state, Accepted):
        raise OfferTaken
    found = match(posting.skills, command.skills)
    return [
        ApplicationSubmitted(
            application=command.application,
            opportunity=posting.opportunity,
            person=command.person,
            owner=command.owner,
            effective_on=command.on,
            statement=command.statement,
            skills=command.skills,
            matching=tuple(one.skill for one in found.matching),
            missing=found.missing,
        )
    ]


def _withdraw(command: WithdrawApplication, state: Application) -> Sequence[Event]:
    if isinstance(state, TakenBack):
        return []
    letter = _require_pending(state, command.opportunity).letter
    return [ApplicationWithdrawn(**_about(letter, command.on))]


def _shortlist(command: ShortlistApplication, state: Application) -> Sequence[Event]:
    pending = _require_pending(state, command.opportunity)
    if isinstance(pending, Offered):
        raise OfferPending
    if isinstance(pending, Shortlisted):
        return []
    require_unfilled(command.opportunity)
    letter = pending.letter
    return [ApplicationShortlisted(**_about(letter, command.on))]


def _decline(command: DeclineApplication, state: Application) -> Sequence[Event]:
    letter = _require_pending(state, command.opportunity).letter
    about = _about(letter, command.on)
    return [ApplicationDeclined(**about, by=command.by, reason=command.reason, next_step=command.next_step)]


def _offer(command: MakeOffer, state: Application) -> Sequence[Event]:
    pending = _require_pending(state, command.opportunity)
    if isinstance(pending, Offered):
        return []
    require_unfilled(command.opportunity)
    letter = pending.letter
    return [OfferMade(**_about(letter, command.on))]


def _accept(command: AcceptOffer, state: Application) -> Sequence[Event]:
    if isinstance(state, Accepted):
        return []
    letter = _require_offer(state, command.opportunity).letter
    require_unfilled(command.opportunity)
    return [OfferAccepted(**_about(letter, command.on))]


def _decline_offer(command: DeclineOffer, state: Application) -> Sequence[Event]:
    letter = _require_offer(state, command.opportunity).letter
    require_unfilled(command.opportunity)
    return [OfferDeclined(**_about(letter, command.on), reason=command.reason)]


def _require_offer(state: Application, opportunity: Posted) -> Offered:
    pending = _require_pending(state, opportunity)
    if not isinstance(pending, Offered):
        raise NoOfferMade
    return pending


def _require_pending(state: Application, opportunity: Posted) -> Pending:
    """The application as long as nobody has ended it. A posting that was withdrawn ended it."""
    match state:
        case Submitted() | Shortlisted() | Offered():
            if isinstance(opportunity, Withdrawn):
                raise OpportunityTakenBack
            return state
        case Accepted():
            raise OfferTaken
        case Declined() | OfferRefused() | TakenBack():
            raise ApplicationEnded
        case _:
            assert_never(state)


def _about(letter: ApplicationSubmitted, on: date) -> dict[str, Any]:
    """What every event of an application says."""
    return {
        "application": letter.application,
        "opportunity": letter.opportunity,
        "person": letter.person,
        "effective_on": on,
    }
