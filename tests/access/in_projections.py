"""Records of projections: a career with words of each kind, told by the other services, and a move."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.projections.moves_releases import Releasing
from services.projections.outward.keeping import SCHEMAS, keep
from shared.access import Row, Who, matrix
from shared.contracts import conversations, opportunities, profiles
from shared.contracts.conversations import Outcomes
from shared.contracts.profiles import Aspiration
from shared.groups import FLOOR
from shared.postgres import connect
from tests.access.cast import TODAY, YESTERDAY, Cast, cast, placed
from tests.access.world import Canary, Try, World
from tests.api.stage import LONG_AGO, Stage


class Projections(World):
    def __init__(self, cast_: Cast) -> None:
        super().__init__(cast_)
        self.words: list[Canary] = []

    def word(self, name: str, row: Row, *theirs: Who) -> str:
        """Words that stand in the timeline."""
        made = self.canary(name, row, *theirs)
        self.words.append(made)
        return made.text

    async def shares(self, name: str, *theirs: Who, **how: Any) -> None:
        content = Aspiration(grain="skill", certainty="likely", text=self.word(name, matrix.READ_ASPIRATION, *theirs))
        about: dict[str, Any] = {"aspiration": uuid4(), "person": self.cast.employee, "effective_on": TODAY}
        event = profiles.AspirationShared(
            **about,
            share=uuid4(),
            edition=1,
            purpose=self.word(f"purpose-{name}", matrix.WORDS_OF_PURPOSES),
            content=content,
            **how,
        )
        await self.stage.tell(event)

    async def talks(self, partner: Who) -> UUID:
        talk, about = uuid4(), self._about("employee")
        person = self.cast.people[partner]
        held = conversations.ConversationHeld(
            conversation=talk, partner=person, partner_role="manager", topic="direction", by=person, **about
        )
        rated = conversations.OutcomesRated(
            conversation=talk,
            by=self.cast.employee,
            outcomes=Outcomes(direction=5, self_insight=3, options=3, confidence=3),
            **about,
        )
        await self.stage.tell(held, rated)
        return talk

    async def commits(self, owner: Who, party: Any, *theirs: Who, talk: UUID | None = None) -> None:
        text = self.word(f"commitment-{owner.name}-{talk}", matrix.WORDS_OF_COMMITMENTS, *theirs)
        await self.stage.tell(
            conversations.CommitmentMade(
                commitment=uuid4(),
                party=party,
                owner=self.cast.people[owner],
                conversation=talk,
                due_on=TODAY,
                text=text,
                **self._about("employee"),
            )
        )

    async def releases(self) -> None:
        """Figures about three others, who went the same way as the employee long before."""
        for _ in range(FLOOR):
            person = uuid4()
            there = placed(person, self.cast.data)
            moved = placed(person, self.cast.team).model_dump() | {"effective_on": LONG_AGO + timedelta(days=1)}
            joined = profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO)
            await self.stage.tell(joined, there, profiles.PlaceChanged(**moved))
        url, now = self.stage.parts.settings.database_url, datetime.now(UTC)
        releasing = Releasing(url, self.stage.fresh, minimum=FLOOR, after=timedelta(days=1))
        for _ in range(2):
            await releasing.look(now)

    async def said(self) -> None:
        """To HR's systems."""
        url = self.stage.parts.settings.database_url
        connection = await connect(url, search_path=", ".join((*SCHEMAS, "public")))
        while await keep(connection):
            pass
        await connection.close()

    def _about(self, name: str) -> dict[str, Any]:
        return {name: self.cast.employee, "effective_on": TODAY}

    # What is sent

    async def read_timeline(self) -> Sequence[Try]:
        return [Try(self.ids, query={"limit": "200"}, words=self.words)]

    async def count_moves(self) -> Sequence[Try]:
        return [Try(query={"group_by": "flow"}, shows=str(self.cast.data))]

    async def list_releases(self) -> Sequence[Try]:
        return [Try(shows='"release":1')]

    async def read_events(self) -> Sequence[Try]:
        await self.said()
        return [Try(query={"limit": "500"}, shows=str(self.cast.employee))]

    async def list_moves(self) -> Sequence[Try]:
        return [Try(query={"limit": "200"}, shows=str(self.cast.employee))]


async def projections_world(stage: Stage) -> Projections:
    made = Projections(await cast(stage))
    before = await made.talks(Who.FORMER_MANAGER)
    await made.commits(Who.FORMER_MANAGER, "manager")
    await made.commits(Who.SELF, "employee", talk=before)
    await made.shares("for-the-manager-before", audience="my_manager", reader=made.cast.people[Who.FORMER_MANAGER])
    people = made.cast.people
    await made.shares("for-who-left", audience="person", reader=people[Who.LEFT])
    await made.cast.comes_to_now()
    await made.shares("for-the-manager", Who.MANAGER, audience="my_manager", reader=people[Who.MANAGER])
    await made.shares("for-any-manager", Who.MANAGER, Who.STAND_IN, audience="whoever_is_my_manager")
    await made.shares("for-a-mentor", audience="person", reader=people[Who.PARTNER])
    await made.shares("for-hr", Who.HR_PARTNER, Who.HR_STAND_IN, audience="my_hr_partner")
    now = await made.talks(Who.MANAGER)
    await made.commits(Who.SELF, "employee")
    await made.commits(Who.SELF, "employee", Who.MANAGER, talk=now)
    await made.commits(Who.MANAGER, "manager", Who.MANAGER)
    await made.commits(Who.HR_PARTNER, "hr", Who.HR_PARTNER)
    about: dict[str, Any] = made._about("person")
    application: dict[str, Any] = {"application": uuid4(), "opportunity": uuid4()}
    await stage.tell(
        profiles.AspirationRecorded(
            aspiration=uuid4(),
            content=Aspiration(
                grain="skill", certainty="likely", text=made.word("kept-to-oneself", matrix.READ_ASPIRATION)
            ),
            **about,
        ),
        opportunities.ApplicationSubmitted(
            **about,
            **application,
            statement=made.word("statement", matrix.LIST_APPLICATIONS),
            skills=("sql",),
            matching=(),
            missing=(),
            owner=people[Who.LEADER],
        ),
        opportunities.ApplicationDeclined(
            **about,
            **application,
            by=people[Who.LEADER],
            reason=made.word("declined", matrix.LIST_APPLICATIONS),
            next_step=made.word("next-step", matrix.LIST_APPLICATIONS),
        ),
        opportunities.OfferDeclined(
            **about, **application, reason=made.word("offer-declined", matrix.LIST_APPLICATIONS)
        ),
        profiles.PersonJoined(person=made.cast.employee, fact=uuid4(), effective_on=LONG_AGO),
        placed(made.cast.employee, made.cast.data),
        profiles.PlaceChanged(**placed(made.cast.employee, made.cast.team).model_dump() | {"effective_on": YESTERDAY}),
    )
    made.words.append(made.canary('"direction":5', matrix.OUTCOMES))
    await made.releases()
    return made
