"""Records of opportunities: a role, applications for it in each state that has words, and a move that was agreed."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from services.opportunities.opportunity import DECIDER, PostOpportunity
from shared.access import Row, Who, matrix
from shared.streams import Origin
from tests.access.cast import TODAY, Cast, cast
from tests.access.world import Canary, Try, World
from tests.api.stage import Stage


class Opportunities(World):
    def __init__(self, cast_: Cast) -> None:
        super().__init__(cast_)
        self.applications: dict[UUID, Sequence[Canary]] = {}
        self.received: UUID
        """The opportunity of the first application."""
        self.move: UUID

    async def posted(self) -> UUID:
        """By who led the unit then."""
        command = PostOpportunity(
            opportunity=uuid4(),
            kind="role",
            unit=self.cast.data,
            owner=self.cast.people[Who.FORMER_LEADER],
            title="Engineer",
            description="Figures.",
            skills=(),
            country=None,
            starts_on=None,
            closes_on=None,
            on=TODAY,
        )
        await self.stage.parts.streams.create(DECIDER, command.opportunity, command, Origin("test"))
        return command.opportunity

    async def applied(self, statement: str = "…", opportunity: UUID | None = None) -> UUID:
        body = {"opportunity": str(opportunity or await self.posted()), "skills": ["sql"], "statement": statement}
        return await self.made(Who.SELF, "/v1/applications", body)

    async def offered(self, statement: str = "…") -> UUID:
        application = await self.applied(statement)
        await self.command(Who.LEADER, f"/v1/applications/{application}/offer", if_match='"1"')
        return application

    async def agreed(self) -> UUID:
        """A move."""
        application = await self.offered()
        await self.command(Who.SELF, f"/v1/applications/{application}/accept-offer")
        found = await self.stage.person(self.cast.employee).get(f"/v1/applications/{application}")
        await self.stage.pump()
        return UUID(found.body["move_case"])

    async def released(self) -> UUID:
        move = await self.agreed()
        body = {"release_on": TODAY.isoformat()}
        await self.command(Who.HR_PARTNER, f"/v1/move-cases/{move}/release", body, if_match='"1"')
        return move

    def words(self, name: str, row: Row = matrix.READ_APPLICATION) -> Canary:
        return self.canary(name, row)

    # What is sent

    async def post_opportunity(self) -> Sequence[Try]:
        body = {"kind": "role", "unit": str(self.cast.data), "title": "Engineer", "description": "Figures."}
        return [Try(body=body)]

    async def read_opportunity(self) -> Sequence[Try]:
        return [Try({"opportunity": self.received}, shows=str(self.received))]

    async def match_skills(self) -> Sequence[Try]:
        return [Try({"opportunity": self.received})]

    async def list_opportunities(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(self.received))]

    async def close_opportunity(self) -> Sequence[Try]:
        return [Try({"opportunity": await self.posted()})]

    withdraw_opportunity = close_opportunity

    async def apply(self) -> Sequence[Try]:
        return [Try(body={"opportunity": str(await self.posted())})]

    async def list_own_applications(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(one), words=words) for one, words in self.applications.items()]

    async def list_received_applications(self) -> Sequence[Try]:
        (first, words) = next(iter(self.applications.items()))
        return [Try({"opportunity": self.received}, shows=str(first), words=words)]

    async def read_application(self) -> Sequence[Try]:
        return [Try({"application": one}, shows=str(one), words=words) for one, words in self.applications.items()]

    async def withdraw_application(self) -> Sequence[Try]:
        return [Try({"application": await self.applied()})]

    shortlist_application = decline_application = make_offer = withdraw_application

    async def accept_offer(self) -> Sequence[Try]:
        return [Try({"application": await self.offered()})]

    decline_offer = accept_offer

    async def read_move_case(self) -> Sequence[Try]:
        return [Try({"move_case": self.move}, shows=str(self.move))]

    async def list_move_cases(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(self.move))]

    async def release_move(self) -> Sequence[Try]:
        return [Try({"move_case": await self.agreed()}, body={"release_on": TODAY.isoformat()})]

    async def complete_move(self) -> Sequence[Try]:
        return [Try({"move_case": await self.released()}, body={"arrived_on": TODAY.isoformat()})]


async def opportunities_world(stage: Stage) -> Opportunities:
    made = Opportunities(await cast(stage))
    await made.cast.comes_to_now()
    sent = made.words("statement")
    made.received = await made.posted()
    made.applications[await made.applied(sent.text, made.received)] = [sent]
    statement, reason, next_step = (made.words(f"declined-{name}") for name in ("statement", "reason", "next-step"))
    declined = await made.applied(statement.text)
    body = {"reason": reason.text, "next_step": next_step.text}
    await made.command(Who.LEADER, f"/v1/applications/{declined}/decline", body, if_match='"1"')
    made.applications[declined] = [statement, reason, next_step]
    no_more = made.words("offer-declined")
    refused = await made.offered()
    await made.command(Who.SELF, f"/v1/applications/{refused}/decline-offer", {"reason": no_more.text})
    made.applications[refused] = [no_more]
    back = made.words("taken-back", matrix.LIST_APPLICATIONS)
    withdrawn = await made.applied(back.text)
    await made.command(Who.SELF, f"/v1/applications/{withdrawn}/withdraw")
    made.applications[withdrawn] = [back]
    made.move = await made.agreed()
    await stage.pump()
    return made
