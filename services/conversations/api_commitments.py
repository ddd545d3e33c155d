"""Routes of commitments: each party makes and marks its own."""

from uuid import UUID

from uuid_utils.compat import uuid7

from services.conversations import commitment as rules
from services.conversations import conversation as talks
from services.conversations.commitment_list import CommitmentList, CommitmentState, CommitmentView
from shared.access import matrix
from shared.contracts.conversations import Party
from shared.http import Alias, Body, Call, Day, Listing, Moment, Page, Routes, Text
from shared.refusals import NotAllowed, NotFound
from shared.relations.reads import Relation, Relations
from shared.streams import Receipt, Streams


class PartyNotYours(NotAllowed, code="party-not-yours"):
    """You commit as what you are to the employee now: as the employee, the manager or the HR partner."""


class CommitmentBody(Body):
    """What you will do for this career, by when, as which of the three parties. The employee reads it."""

    party: Party
    text: Text
    due_on: Day
    conversation: UUID | None = None


class MissBody(Body):
    """What came between, perhaps; the employee reads it."""

    reason: Text | None = None


class LedgerQuery(Listing):
    """Which commitments."""

    state: CommitmentState | None = None
    party: Party | None = None
    changed_since: Moment | None = None


class OwnedQuery(Listing):
    """Which of your commitments."""

    state: CommitmentState | None = None


def add_routes(routes: Routes, streams: Streams, relations: Relations, listed: CommitmentList) -> None:
    """Adds the routes of commitments."""

    @routes.post(
        "/v1/people/{person}/commitments",
        access=matrix.MAKE_COMMITMENT,
        creates="/v1/commitments",
        refuses=(PartyNotYours, rules.DueInThePast, talks.NotHeld),
        example={"party": "manager", "text": "I introduce Ana to the research lead.", "due_on": "2027-04-30"},
    )
    async def make_commitment(call: Call[CommitmentBody], person: Alias) -> Receipt:
        """Commit to something for an employee's career; `conversation` is one that you both held."""
        employee, body = await relations.named(person, call.caller), call.body
        relation = await relations.between(employee, call.caller)
        if not (relation.self or relation.manager or relation.hr_partner):
            raise NotFound
        if not _is(relation, body.party):
            raise PartyNotYours
        if body.conversation is not None:
            await _require_held(body.conversation, employee, call.person)
        command = rules.MakeCommitment(
            uuid7(),
            employee,
            body.party,
            owner=call.person,
            conversation=body.conversation,
            due_on=body.due_on,
            text=body.text,
            today=await relations.today(call.person, call.at),
        )
        return await streams.create(rules.DECIDER, command.commitment, command, call.origin)

    @routes.post("/v1/commitments/{commitment}/keep", access=matrix.MARK_COMMITMENT)
    async def keep_commitment(call: Call, commitment: UUID) -> Receipt:
        """Say that you kept a commitment of yours, also one that you missed at first."""
        command = rules.KeepCommitment(call.person, await relations.today(call.person, call.at))
        return await streams.execute(rules.DECIDER, commitment, command, call.origin)

    @routes.post(
        "/v1/commitments/{commitment}/miss",
        access=matrix.MARK_COMMITMENT,
        refuses=(rules.CommitmentAlreadyKept,),
        example={"reason": "The research lead is away until June."},
    )
    async def miss_commitment(call: Call[MissBody], commitment: UUID) -> Receipt:
        """Say that you did not manage a commitment of yours, and perhaps why."""
        command = rules.MissCommitment(call.person, call.body.reason, await relations.today(call.person, call.at))
        return await streams.execute(rules.DECIDER, commitment, command, call.origin)

    @routes.get("/v1/commitments/{commitment}", access=matrix.READ_COMMITMENT)
    async def read_commitment(call: Call, commitment: UUID) -> CommitmentView:
        """One commitment: what of it is for you, as in the lists."""
        return await listed.one(commitment, call.caller)

    @routes.get("/v1/people/{person}/commitments", access=matrix.LIST_COMMITMENTS)
    async def list_commitments(call: Call[None, LedgerQuery], person: Alias) -> Page[CommitmentView]:
        """The commitments to an employee's career, newest first: what of them is for you."""
        employee, query = await relations.named(person, call.caller), call.query
        return await listed.ledger(
            employee,
            call.caller,
            call.cursor,
            query.limit,
            state=query.state,
            party=query.party,
            changed_since=query.changed_since,
        )

    @routes.get("/v1/people/{person}/commitments/owned", access=matrix.LIST_OWNED_COMMITMENTS)
    async def list_owned_commitments(call: Call[None, OwnedQuery], person: Alias) -> Page[CommitmentView]:
        """What you yourself committed to, to whosever career, the earliest due first."""
        owner = await relations.oneself(person, call.caller)
        return await listed.owned(owner, call.cursor, call.query.limit, state=call.query.state)

    async def _require_held(conversation: UUID, employee: UUID, owner: UUID) -> None:
        """Raises NotFound for a conversation that is not the owner's with, or as, this employee; NotHeld."""
        state, _ = await streams.state(talks.DECIDER, conversation)
        if isinstance(state, talks.NotRequested) or state.talk.employee != employee:
            raise NotFound
        if owner not in (state.talk.employee, state.talk.partner):
            raise NotFound
        if not isinstance(state, talks.Held):
            raise talks.NotHeld


def _is(relation: Relation, party: Party) -> bool:
    return {"employee": relation.self, "manager": relation.manager, "hr": relation.hr_partner}[party]
