"""Routes of applications: made by anyone, answered by the opportunity's owner, read by these two sides alone."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field

from services.opportunities import application as rules
from services.opportunities import opportunity as postings
from services.opportunities.acceptance import Acceptances
from services.opportunities.application_list import ApplicationList, ApplicationStatus, ApplicationView, view
from services.opportunities.fields import Skill
from services.opportunities.standing import OF_NOBODY, Standings
from shared.access import matrix
from shared.audit import Book, Shown
from shared.contracts.opportunities import ApplicationSubmitted
from shared.http import Body, Call, Found, Listing, Page, Routes, Text
from shared.refusals import NotAllowed, NotFound
from shared.relations.reads import Relations
from shared.sealing.sealer import Sealer
from shared.streams import Receipt, Streams


class ApplyBody(Body):
    """For what, with which skills, and why if you like. Nobody is refused for a skill that is missing."""

    opportunity: UUID
    skills: Annotated[tuple[Skill, ...], Field(max_length=100)] = ()
    statement: Text | None = None


class DeclineBody(Body):
    """Why not, and what the applicant can do next: they read both."""

    reason: Text
    next_step: Text


class DeclineOfferBody(Body):
    reason: Text | None = None


class ApplicationsQuery(Listing):
    status: ApplicationStatus | None = None


_NOT_OPEN = (postings.OpportunityTakenBack, postings.OpportunityFilled, postings.OpportunityNotOpen)
_ENDED = (postings.OpportunityTakenBack, rules.ApplicationEnded, rules.OfferTaken)

_NOBODY = uuid4()
_OF_NOBODY = ApplicationSubmitted(
    application=_NOBODY,
    opportunity=_NOBODY,
    person=_NOBODY,
    owner=_NOBODY,
    effective_on=date.min,
    skills=(),
    matching=(),
    missing=(),
)


class _Access:
    """Finds an application for one of its two sides. To everybody else it looks like one that is not there."""

    def __init__(self, streams: Streams, relations: Relations, standings: Standings) -> None:
        self._streams = streams
        self._relations = relations
        self._standings = standings

    async def posting(self, opportunity: UUID) -> postings.Posted:
        state, _ = await self._streams.state(postings.DECIDER, opportunity)
        if isinstance(state, postings.NotPosted):
            raise NotFound
        return state

    async def read(self, call: Call[Any, Any], application: UUID) -> tuple[rules.Application, int, postings.Posted]:
        """Raises NotFound, RelationsStale: of what is not there, after the same questions as of what is others'."""
        state, version = await self._streams.state(rules.DECIDER, application)
        letter = _OF_NOBODY if isinstance(state, rules.NotSubmitted) else state.letter
        opportunity, _ = await self._streams.state(postings.DECIDER, letter.opportunity)
        posting = OF_NOBODY if isinstance(opportunity, postings.NotPosted) else opportunity.posting
        if letter.person != call.person and not await self._standings.decides(posting, call.caller):
            raise await self._relations.not_found()
        if isinstance(state, rules.NotSubmitted) or isinstance(opportunity, postings.NotPosted):
            raise await self._relations.not_found()
        return state, version, opportunity

    async def is_over(self, state: rules.Application) -> bool:
        """Whether the applicant has left since: it is read by nobody else then."""
        return await self._relations.is_over(state.letter.person, state.letter.effective_on)

    async def as_applicant(self, call: Call[Any, Any], application: UUID) -> tuple[rules.Application, postings.Posted]:
        """Raises NotFound; NotAllowed for the other side."""
        state, _, opportunity = await self.read(call, application)
        if state.letter.person != call.person:
            raise NotAllowed("Only the applicant can do this.")
        return state, opportunity

    async def as_owner(self, call: Call[Any, Any], application: UUID) -> tuple[rules.Application, postings.Posted]:
        """Raises NotFound; NotAllowed for the other side."""
        state, _, opportunity = await self.read(call, application)
        if state.letter.person == call.person:
            raise NotAllowed("Nobody decides on their own application.")
        return state, opportunity


def add_routes(
    routes: Routes,
    *,
    streams: Streams,
    relations: Relations,
    standings: Standings,
    acceptances: Acceptances,
    listed: ApplicationList,
    sealer: Sealer,
    audit: Book,
    secret: bytes,
) -> None:
    """Adds the routes of applications. `secret` is the service's own."""
    access = _Access(streams, relations, standings)
    _add_reads(routes, access, standings, listed=listed, sealer=sealer, audit=audit)
    _add_commands_of_applicants(
        routes, access, streams, relations, standings=standings, acceptances=acceptances, secret=secret
    )
    _add_decisions(routes, access, streams, relations)


def _add_reads(
    routes: Routes,
    access: _Access,
    standings: Standings,
    *,
    listed: ApplicationList,
    sealer: Sealer,
    audit: Book,
) -> None:
    @routes.get("/v1/applications", access=matrix.LIST_APPLICATIONS)
    async def list_own_applications(call: Call[None, ApplicationsQuery]) -> Page[ApplicationView]:
        """Your applications, newest first."""
        return await listed.mine(call.person, call.query.status, call.cursor, call.query.limit)

    @routes.get("/v1/opportunities/{opportunity}/applications", access=matrix.RECEIVE_APPLICATIONS)
    async def list_received_applications(
        call: Call[None, ApplicationsQuery], opportunity: UUID
    ) -> Page[ApplicationView]:
        """Applications for an opportunity that you own, in the order in which they came.

        The owner is who posted it, as long as they lead its unit or one above it, or are its HR partner; else who leads
        the unit now. Mentoring and shadowing stay with who offers them. Nobody else reads or decides on applications.
        """
        state = await access.posting(opportunity)
        if not await standings.decides(state.posting, call.caller):
            raise NotFound
        page = await listed.received(opportunity, call.person, call.query.status, call.cursor, call.query.limit)
        audit.note(call.caller, [_shown(one.application, one.person) for one in page.items])
        return page

    @routes.get("/v1/applications/{application}", access=matrix.READ_APPLICATION)
    async def read_application(call: Call, application: UUID) -> Found[ApplicationView]:
        """One application: for the applicant, and for the opportunity's owner, who decides on it.

        To everybody else it is not there: neither to the applicant's manager nor to other leaders and HR partners.
        """
        state, version, opportunity = await access.read(call, application)
        over = await access.is_over(state)
        owner = await standings.owner(opportunity.posting)
        shown = await view(state, opportunity, owner, sealer, reader=call.person, over=over)
        if state.letter.person != call.person:
            audit.note(call.caller, [_shown(application, state.letter.person)])
        return Found(shown, version)


def _shown(application: UUID, applicant: UUID) -> Shown:
    return Shown("application", application, applicant, "opportunity_owner")


def _add_commands_of_applicants(
    routes: Routes,
    access: _Access,
    streams: Streams,
    relations: Relations,
    *,
    standings: Standings,
    acceptances: Acceptances,
    secret: bytes,
) -> None:
    @routes.post(
        "/v1/applications",
        access=matrix.APPLY,
        creates=True,
        refuses=(*_NOT_OPEN, rules.OwnOpportunity, rules.AlreadyApplied, rules.OfferTaken),
        example={
            "opportunity": "01a2c3d4-0000-7000-8000-000000000001",
            "skills": ["facilitation", "French"],
            "statement": "I have held such workshops in Lyon, and my Spanish is on its way.",
        },
    )
    async def apply(call: Call[ApplyBody]) -> Receipt:
        """Apply. Read the application to see what matches and what is missing."""
        body, person = call.body, call.person
        await relations.require_present(person)
        opportunity = await access.posting(body.opportunity)
        command = rules.SubmitApplication(
            application=rules.application_id(body.opportunity, person, secret),
            person=person,
            statement=body.statement,
            skills=body.skills,
            owner=await standings.owner(opportunity.posting) or opportunity.posting.owner,
            opportunity=opportunity,
            on=await relations.today(person, call.at),
        )
        return await streams.execute(rules.DECIDER, command.application, command, call.origin)

    @routes.post("/v1/applications/{application}/withdraw", access=matrix.ANSWER_OFFER, refuses=_ENDED)
    async def withdraw_application(call: Call, application: UUID) -> Receipt:
        """Take your application back; the owner no longer reads its words."""
        _, opportunity = await access.as_applicant(call, application)
        command = rules.WithdrawApplication(opportunity, await relations.today(call.person, call.at))
        return await streams.execute(rules.DECIDER, application, command, call.origin)

    @routes.post(
        "/v1/applications/{application}/accept-offer",
        access=matrix.ANSWER_OFFER,
        refuses=(*_ENDED, postings.OpportunityFilled, rules.NoOfferMade),
    )
    async def accept_offer(call: Call, application: UUID) -> Receipt:
        """Accept the offer. What is for one is filled by it; a role, project or stretch assignment becomes a move."""
        await access.as_applicant(call, application)
        today = await relations.today(call.person, call.at)
        return await acceptances.execute(application, call.person, today, call.origin)

    @routes.post(
        "/v1/applications/{application}/decline-offer",
        access=matrix.ANSWER_OFFER,
        refuses=(*_ENDED, postings.OpportunityFilled, rules.NoOfferMade),
        example={"reason": "Not before my project ends in June."},
    )
    async def decline_offer(call: Call[DeclineOfferBody], application: UUID) -> Receipt:
        """Decline the offer, with a reason if you like."""
        _, opportunity = await access.as_applicant(call, application)
        today = await relations.today(call.person, call.at)
        command = rules.DeclineOffer(call.body.reason, opportunity, today)
        return await streams.execute(rules.DECIDER, application, command, call.origin)


def _add_decisions(routes: Routes, access: _Access, streams: Streams, relations: Relations) -> None:
    @routes.post(
        "/v1/applications/{application}/shortlist",
        access=matrix.DECIDE_APPLICATION,
        refuses=(*_ENDED, postings.OpportunityFilled, rules.OfferPending),
    )
    async def shortlist_application(call: Call, application: UUID) -> Receipt:
        """Put an application on the short list."""
        state, opportunity = await access.as_owner(call, application)
        command = rules.ShortlistApplication(opportunity, await day_of(state, call))
        return await streams.execute(rules.DECIDER, application, command, call.origin)

    @routes.post(
        "/v1/applications/{application}/decline",
        access=matrix.DECIDE_APPLICATION,
        guarded=True,
        refuses=_ENDED,
        example={
            "reason": "We need fluent Spanish from the first day.",
            "next_step": "The course begins in May, and we post the next workshops in autumn. Let us talk before.",
        },
    )
    async def decline_application(call: Call[DeclineBody], application: UUID) -> Receipt:
        """Decline an application as you read it, with the reason and a next step."""
        state, opportunity = await access.as_owner(call, application)
        body = call.body
        command = rules.DeclineApplication(
            call.person, body.reason, body.next_step, opportunity, await day_of(state, call)
        )
        return await streams.execute(rules.DECIDER, application, command, call.origin)

    @routes.post(
        "/v1/applications/{application}/offer",
        access=matrix.DECIDE_APPLICATION,
        guarded=True,
        refuses=(*_ENDED, postings.OpportunityFilled),
    )
    async def make_offer(call: Call, application: UUID) -> Receipt:
        """Offer the opportunity to the applicant, for the application as you read it."""
        state, opportunity = await access.as_owner(call, application)
        command = rules.MakeOffer(opportunity, await day_of(state, call))
        return await streams.execute(rules.DECIDER, application, command, call.origin)

    async def day_of(state: rules.Application, call: Call[Any, Any]) -> date:
        """Today where the applicant is: the facts are about them."""
        return await relations.today(state.letter.person, call.at)
