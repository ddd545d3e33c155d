"""Routes of opportunities: what is open to everybody."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

from services.opportunities import opportunity as rules
from services.opportunities.fields import Country, Skill
from services.opportunities.matching import Matched, match
from services.opportunities.opportunity_list import (
    ListedOpportunity,
    OpportunityList,
    OpportunityStatus,
    OpportunityView,
    Wanted,
    view,
)
from services.opportunities.standing import Standings, UnitNeeded
from shared.access import matrix
from shared.auth.callers import Scope
from shared.contracts.opportunities import OpportunityKind
from shared.http import Body, Call, Day, Found, Line, Listing, Moment, Page, Routes, Text
from shared.http.routes import Grant
from shared.refusals import NotFound
from shared.relations.reads import Relations
from shared.sealing.sealer import Sealer
from shared.streams import Receipt, Streams

_READERS: tuple[Grant, ...] = ("person", Scope.OPPORTUNITIES_READ)


class PostBody(Body):
    """What is open to everybody. `unit` may be left out for mentoring and shadowing: then it is your own."""

    kind: OpportunityKind
    unit: UUID | None = None
    title: Line
    description: Text
    skills: Annotated[tuple[Skill, ...], Field(max_length=50)] = ()
    country: Country | None = None
    starts_on: Day | None = None
    closes_on: Annotated[Day | None, Field(description="The last day for applications.")] = None


class CloseBody(Body):
    filled: Annotated[bool, Field(description="It was given to somebody, here or elsewhere.")] = False


class SkillsBody(Body):
    """What you would state in an application."""

    skills: Annotated[tuple[Skill, ...], Field(max_length=100)]


class MatchView(BaseModel):
    """What the posting asks for, in two parts. Nothing follows from a missing skill: you can apply as you are."""

    matching: list[Matched]
    missing: list[str]


class OpportunitiesQuery(Listing):
    """Filters of the list; each narrows it."""

    status: OpportunityStatus | None = None
    kind: OpportunityKind | None = None
    unit: Annotated[UUID | None, Field(description="In this unit or below it.")] = None
    country: Country | None = None
    skill: Annotated[Line | None, Field(description="Asked for: an ESCO URI or a label, in whatever case.")] = None
    owner: Annotated[UUID | None, Field(description="Owned by this person now.")] = None
    changed_since: Annotated[Moment | None, Field(description="Posted, closed or withdrawn since then.")] = None


_EXAMPLE = {
    "kind": "project",
    "unit": "6f1f0c52-6a5d-5c5e-9d6f-2f0c1f6f2a11",
    "title": "Customer workshops in Madrid",
    "description": "Plan and hold six workshops with customers, half a day a week until the summer.",
    "skills": ["facilitation", "Spanish", "http://data.europa.eu/esco/skill/000f1d3d-220f-4789-9c0a-cc742521fb02"],
    "country": "ES",
    "starts_on": "2027-04-01",
}


def add_routes(
    routes: Routes,
    streams: Streams,
    relations: Relations,
    standings: Standings,
    *,
    listed: OpportunityList,
    sealer: Sealer,
) -> None:
    """Adds the routes of opportunities."""

    @routes.post(
        "/v1/opportunities",
        access=matrix.POST_OPPORTUNITY,
        creates=True,
        refuses=(UnitNeeded, rules.ClosedFromTheStart),
        example=_EXAMPLE,
    )
    async def post_opportunity(call: Call[PostBody]) -> Receipt:
        """Open something to everybody: as a leader or HR partner for your unit; mentoring and shadowing as anyone."""
        body = call.body
        command = rules.PostOpportunity(
            opportunity=uuid7(),
            kind=body.kind,
            unit=await standings.require_posting(body.kind, body.unit, call.caller),
            owner=call.person,
            title=body.title,
            description=body.description,
            skills=body.skills,
            country=body.country,
            starts_on=body.starts_on,
            closes_on=body.closes_on,
            on=await relations.today(call.person, call.at),
        )
        return await streams.create(rules.DECIDER, command.opportunity, command, call.origin)

    @routes.post(
        "/v1/opportunities/{opportunity}/close",
        access=matrix.POST_OPPORTUNITY,
        refuses=(rules.OpportunityTakenBack,),
        example={"filled": False},
    )
    async def close_opportunity(call: Call[CloseBody], opportunity: UUID) -> Receipt:
        """Take no more applications; those received go on, unless it was filled: then open ones end with it."""
        await standings.require_steward((await find(opportunity))[0].posting, call.caller)
        command = rules.CloseOpportunity(call.body.filled, await relations.today(call.person, call.at))
        return await streams.execute(rules.DECIDER, opportunity, command, call.origin)

    @routes.post(
        "/v1/opportunities/{opportunity}/withdraw", access=matrix.POST_OPPORTUNITY, refuses=(rules.OpportunityFilled,)
    )
    async def withdraw_opportunity(call: Call, opportunity: UUID) -> Receipt:
        """Take a posting back; open applications end with it, as their applicants see."""
        await standings.require_steward((await find(opportunity))[0].posting, call.caller)
        command = rules.WithdrawOpportunity(await relations.today(call.person, call.at))
        return await streams.execute(rules.DECIDER, opportunity, command, call.origin)

    @routes.post(
        "/v1/opportunities/{opportunity}/match",
        access=matrix.TRY_OPPORTUNITY,
        status=200,
        reads=True,
        example={"skills": ["spanish"]},
    )
    async def match_skills(call: Call[SkillsBody], opportunity: UUID) -> MatchView:
        """See what would match and what would be missing, before you apply. Nothing of it is kept."""
        state, _ = await find(opportunity)
        found = match(state.posting.skills, call.body.skills)
        return MatchView(matching=list(found.matching), missing=list(found.missing))

    @routes.get("/v1/opportunities", access=matrix.READ_OPPORTUNITY, allow=_READERS)
    async def list_opportunities(call: Call[None, OpportunitiesQuery]) -> Page[ListedOpportunity]:
        """The open list: roles, projects, stretch assignments, mentoring, shadowing and programmes, newest first."""
        query = call.query
        wanted = Wanted(
            status=query.status,
            kind=query.kind,
            unit=query.unit,
            country=query.country,
            skill=query.skill,
            owner=query.owner,
            changed_since=query.changed_since,
        )
        return await listed.page(wanted, call.cursor, query.limit, await today(call))

    @routes.get("/v1/opportunities/{opportunity}", access=matrix.READ_OPPORTUNITY, allow=_READERS)
    async def read_opportunity(call: Call, opportunity: UUID) -> Found[OpportunityView]:
        """One posting, as it is now."""
        state, version = await find(opportunity)
        return Found(await view(state, await standings.owner(state.posting), sealer, await today(call)), version)

    async def find(opportunity: UUID) -> tuple[rules.Posted, int]:
        state, version = await streams.state(rules.DECIDER, opportunity)
        if isinstance(state, rules.NotPosted):
            raise NotFound
        return state, version

    async def today(call: Call[None, OpportunitiesQuery] | Call) -> date:
        person = call.caller.person
        return call.at.date() if person is None else await relations.today(person, call.at)
