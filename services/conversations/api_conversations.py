"""Routes of career conversations: only their parties act on them and read them. Where a legal entity has turned it on,
HR partners see that one was held."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.conversations import conversation as rules
from services.conversations.conversation_list import (
    ConversationList,
    ConversationRow,
    DueConversation,
    HeldConversation,
)
from services.conversations.conversation_view import RECORD, ConversationView, Record, State, concerns, seen_by, view
from services.conversations.fields import Rating
from services.conversations.partners import NoManagerNow, PartnerNotAvailable, Partners, ProposalNotYours
from shared.access import matrix
from shared.audit import Book, Shown
from shared.auth.callers import Caller
from shared.contracts.conversations import Outcomes, PartnerRole, Topic
from shared.http import Alias, Body, Call, Day, Found, Line, Listing, Moment, Page, Routes, Text
from shared.refusals import NotFound
from shared.relations.reads import Relations
from shared.sealing.sealer import Sealer
from shared.streams import Receipt, Streams


class RequestBody(Body):
    """With whom, about what, when. `agenda` is read by both parties."""

    partner_role: PartnerRole = "manager"
    partner: Annotated[
        Line | None, Field(description="Their id or employee number; not needed for the manager of now.")
    ] = None
    topic: Topic
    proposed_for: Moment
    agenda: Text | None = None


class AcceptBody(Body):
    """The time that you agree to: the `proposed_for` that you read."""

    proposed_for: Moment


class DeclineBody(Body):
    """Why, for the other party to read."""

    reason: Text


class RescheduleBody(Body):
    """When instead; the other party has to agree."""

    proposed_for: Moment


class CancelBody(Body):
    """Why, for the other party to read."""

    reason: Text | None = None


class HoldBody(Body):
    """The day on which you talked: today where none is given."""

    held_on: Day | None = None


class RateBody(Body):
    """The four outcomes, each from 1 (not at all) to 5 (fully), as you see them. Nobody else reads them, but whom an
    employee shares theirs with."""

    direction: Rating
    self_insight: Rating
    options: Rating
    confidence: Rating


class ConversationQuery(Listing):
    """Which of your conversations."""

    state: State | None = None
    changed_since: Moment | None = None


_OPEN = (rules.AlreadyHeld, rules.ConversationOver)
_WHEN = "2027-03-05T10:00:00+01:00"


def add_routes(
    routes: Routes,
    streams: Streams,
    relations: Relations,
    *,
    partners: Partners,
    listed: ConversationList,
    sealer: Sealer,
    audit: Book,
) -> None:
    """Adds the routes of conversations."""

    @routes.post(
        "/v1/people/{person}/conversations",
        access=matrix.REQUEST_CONVERSATION,
        creates="/v1/conversations",
        refuses=(
            NoManagerNow,
            PartnerNotAvailable,
            ProposalNotYours,
            rules.TalkingToOneself,
            rules.ProposedInThePast,
        ),
        example={"topic": "direction", "proposed_for": _WHEN, "agenda": "Where could I go from here?"},
    )
    async def request_conversation(call: Call[RequestBody], person: Alias) -> Receipt:
        """Ask for a career conversation: yours with anybody, or as a manager with who reports to you."""
        employee, body = await relations.named(person, call.caller), call.body
        if employee == call.caller.person:
            partner = await partners.for_employee(employee, body.partner_role, body.partner)
        else:
            partner = await partners.for_manager(employee, body.partner_role, body.partner, call.caller)
        command = rules.RequestConversation(
            uuid7(),
            employee,
            partner,
            body.partner_role,
            by=call.person,
            topic=body.topic,
            proposed_for=body.proposed_for,
            agenda=body.agenda,
            at=call.at,
        )
        return await streams.create(rules.DECIDER, command.conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/accept",
        access=matrix.HOLD_CONVERSATION,
        refuses=(rules.AnswerNotYours, rules.ProposalChanged, rules.ProposalPassed, *_OPEN),
        example={"proposed_for": _WHEN},
    )
    async def accept_conversation(call: Call[AcceptBody], conversation: UUID) -> Receipt:
        """Agree to the proposed time."""
        command = rules.AcceptConversation(call.person, call.body.proposed_for, call.at)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/decline",
        access=matrix.HOLD_CONVERSATION,
        refuses=(rules.AnswerNotYours, rules.AlreadyAgreed, *_OPEN),
        example={"reason": "I am away until April; would Inés be somebody to ask?"},
    )
    async def decline_conversation(call: Call[DeclineBody], conversation: UUID) -> Receipt:
        """Decline what the other party proposed, with a reason."""
        command = rules.DeclineConversation(call.person, call.body.reason)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/reschedule",
        access=matrix.HOLD_CONVERSATION,
        refuses=(rules.ProposedInThePast, *_OPEN),
        example={"proposed_for": _WHEN},
    )
    async def reschedule_conversation(call: Call[RescheduleBody], conversation: UUID) -> Receipt:
        """Propose another time, which the other party has to agree to."""
        command = rules.RescheduleConversation(call.person, call.body.proposed_for, call.at)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/cancel",
        access=matrix.HOLD_CONVERSATION,
        refuses=_OPEN,
        example={"reason": "We talked over lunch already."},
    )
    async def cancel_conversation(call: Call[CancelBody], conversation: UUID) -> Receipt:
        """Call it off before it is held."""
        command = rules.CancelConversation(call.person, call.body.reason)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/hold",
        access=matrix.HOLD_CONVERSATION,
        refuses=(rules.NotAgreed, rules.HeldInTheFuture, *_OPEN),
        example={"held_on": "2027-03-05"},
    )
    async def hold_conversation(call: Call[HoldBody], conversation: UUID) -> Receipt:
        """Say that you talked. Who asked for it can say so once the other party has agreed."""
        today = await relations.today(call.person, call.at)
        command = rules.HoldConversation(call.person, call.body.held_on or today, today)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    @routes.post(
        "/v1/conversations/{conversation}/rate",
        access=matrix.HOLD_CONVERSATION,
        refuses=(rules.NotHeld,),
        example={"direction": 4, "self_insight": 4, "options": 3, "confidence": 5},
    )
    async def rate_conversation(call: Call[RateBody], conversation: UUID) -> Receipt:
        """Rate the four outcomes of a conversation that was held, for the first time or anew."""
        outcomes = Outcomes(**call.body.model_dump())
        today, over_until = await relations.today(call.person, call.at), await relations.over_until(call.person)
        command = rules.RateOutcomes(call.person, outcomes, today, over_until)
        return await streams.execute(rules.DECIDER, conversation, command, call.origin)

    _add_reads(routes, streams, relations, listed=listed, sealer=sealer, audit=audit)


def _add_reads(
    routes: Routes,
    streams: Streams,
    relations: Relations,
    *,
    listed: ConversationList,
    sealer: Sealer,
    audit: Book,
) -> None:
    @routes.get("/v1/conversations/{conversation}", access=matrix.READ_CONVERSATION)
    async def read_conversation(call: Call, conversation: UUID) -> Found[ConversationView]:
        """One conversation, for its parties: what they said to each other, and one's own outcomes."""
        record, version = await streams.state(RECORD, conversation, of=lambda begun: concerns(begun, call.person))
        if record is None:
            raise NotFound
        document = seen_by(record, call.person, words_of_the_employee=await _reads_the_employee(record, call.caller))
        shown = view(await sealer.clear(document))
        if call.caller.person != record.request.employee:
            audit.note(call.caller, [Shown("conversation", conversation, record.request.employee, "party")])
        return Found(shown, version)

    @routes.get("/v1/people/{person}/conversations", access=matrix.LIST_CONVERSATIONS)
    async def list_conversations(call: Call[None, ConversationQuery], person: Alias) -> Page[ConversationRow]:
        """Your conversations, newest first."""
        party, query = await relations.oneself(person, call.caller), call.query
        return await listed.mine(party, call.cursor, query.limit, state=query.state, changed_since=query.changed_since)

    @routes.get("/v1/people/{person}/conversations/due", access=matrix.LIST_CONVERSATIONS)
    async def list_due_conversations(call: Call[None, Listing], person: Alias) -> Page[DueConversation]:
        """Your conversations that need something of you: an answer, being there, a word, a rating; soonest first."""
        party = await relations.oneself(person, call.caller)
        return await listed.due(party, call.cursor, call.query.limit)

    @routes.get("/v1/people/{person}/conversations/held", access=matrix.SEE_CONVERSATIONS_HELD)
    async def list_held_conversations(call: Call[None, Listing], person: Alias) -> Page[HeldConversation]:
        """That career conversations were held with you, when and of what kind; latest first.

        Your HR partner reads the same where your legal entity has `hr_sees_conversations` turned on.
        """
        employee = await relations.named(person, call.caller)
        return await listed.held(employee, call.caller, call.cursor, call.query.limit)

    async def _reads_the_employee(record: Record, caller: Caller) -> bool:
        """Whether a party reads the employee's words now; relations are asked only where there are any."""
        request = record.request
        if caller.person == request.employee or not record.holds_words_of_the_employee():
            return True
        relation = await relations.between(request.employee, caller)
        if await relations.left(request.employee) or await relations.left(request.partner):
            return False
        match request.partner_role:
            case "manager":
                return relation.manager
            case "hr_partner":
                return relation.hr_partner
            case _:
                return True
