"""How an employee rated a conversation, and whom they let read it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from services.conversations.app import SERVICE
from services.conversations.conversation import SHARING
from shared.auth.callers import Caller
from shared.contracts import conversations
from shared.sharing import Sharings
from shared.sharing.reads import SharingsStale
from tests.api.stage import Answered, Fresh, Person, Stage, stage

TODAY = datetime.now(UTC).date()
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
GOOD = {"direction": 4, "self_insight": 4, "options": 3, "confidence": 5}
BETTER = {**GOOD, "options": 5}


@dataclass
class Cast:
    """Ana, who rated a talk with her manager; her HR partner, and somebody else. `path` is the rating's."""

    stage: Stage
    ana: Person
    max: Person
    hr: Person
    eve: Person
    conversation: str = ""

    @property
    def path(self) -> str:
        return f"/v1/people/{self.ana.id}/outcomes/{self.conversation}"

    async def rated(self, outcomes: dict[str, int], who: Person | None = None) -> None:
        answer = await (who or self.ana).post(f"/v1/conversations/{self.conversation}/rate", outcomes)
        assert answer.status == 200, answer.body
        await self.stage.pump()

    async def does(self, what: str, **body: Any) -> Answered:
        answer = await self.ana.post(f"{self.path}/{what}", body)
        assert answer.status == 200, answer.body
        await self.stage.pump()
        return answer

    async def shared(self, **body: Any) -> str:
        return str((await self.does("share", **body)).body["share"])

    async def reads(self, who: Person) -> dict[str, int] | None:
        """What they read; None: there is nothing for them."""
        answer = await who.get(self.path)
        if answer.status == 404:
            assert answer.body == (await who.get(f"{self.path[:-36]}{uuid4()}")).body
            return None
        assert answer.status == 200, answer.body
        return dict(answer.body["outcomes"])


@pytest.fixture
async def cast(database_url: str) -> AsyncIterator[Cast]:
    async with stage(database_url, SERVICE) as made:
        leader, partner = await made.hire(), await made.hire()
        unit = await made.unit(leader, hr_partner=partner)
        ana = made.person(await made.hire(unit=unit))
        max_, hr = made.person(leader), made.person(partner, "hr_partner")
        cast = Cast(made, ana, max_, hr, made.person(await made.hire(unit=unit)))
        body = {"topic": "direction", "proposed_for": TOMORROW.isoformat()}
        cast.conversation = str((await ana.post("/v1/people/{me}/conversations", body)).id)
        talk = f"/v1/conversations/{cast.conversation}"
        assert (await max_.post(f"{talk}/accept", {"proposed_for": TOMORROW.isoformat()})).status == 200
        assert (await ana.post(f"{talk}/hold", {})).status == 200
        await cast.rated(GOOD)
        await cast.rated(BETTER, who=max_)
        yield cast


async def test_a_rating_is_the_employees_alone_until_they_share_it(cast: Cast) -> None:
    for other in (cast.max, cast.hr, cast.eve):
        assert await cast.reads(other) is None
    own = await cast.ana.get(cast.path)
    assert (own.body["outcomes"], own.body["edition"], own.body["shares"]) == (GOOD, 1, [])
    await cast.shared()
    seen = await cast.max.get(cast.path)
    assert seen.body == {
        "conversation": cast.conversation,
        "employee": str(cast.ana.id),
        "edition": 1,
        "rated_on": TODAY.isoformat(),
        "outcomes": GOOD,
        "shares": None,
    }
    for other in (cast.hr, cast.eve):
        assert await cast.reads(other) is None
    assert await cast.reads(cast.max) == GOOD


@pytest.mark.parametrize("audience", ["my_manager", "whoever_is_my_manager", "my_hr_partner", "person"])
async def test_an_audience_reads_it_while_it_is_that(cast: Cast, audience: str) -> None:
    named = {"reader": str(cast.eve.id)} if audience == "person" else {}
    share = await cast.shared(audience=audience, **named)
    reader = {"person": cast.eve, "my_hr_partner": cast.hr}.get(audience, cast.max)
    for who in (cast.max, cast.hr, cast.eve):
        assert await cast.reads(who) == (GOOD if who is reader else None)
    await cast.stage.managed_by(cast.ana.id, cast.eve.id)
    successor = {"my_manager": None, "whoever_is_my_manager": GOOD, "my_hr_partner": None, "person": GOOD}[audience]
    assert await cast.reads(cast.max) is None
    assert await cast.reads(cast.eve) == successor
    await cast.does("withdraw-sharing", share=share)
    for who in (cast.max, cast.hr, cast.eve):
        assert await cast.reads(who) is None


async def test_they_read_the_rating_that_was_shared_and_later_ones_by_choice(cast: Cast) -> None:
    share = await cast.shared()
    await cast.rated(BETTER)
    assert (await cast.reads(cast.max), await cast.reads(cast.ana)) == (GOOD, BETTER)
    await cast.does("change-sharing", share=share, until=None, later_editions=True)
    assert await cast.reads(cast.max) == BETTER
    await cast.rated(GOOD)
    assert await cast.reads(cast.max) == GOOD


async def test_it_is_read_up_to_the_last_day(cast: Cast) -> None:
    await cast.shared(until=TODAY.isoformat())
    assert await cast.reads(cast.max) == GOOD
    assert len((await cast.ana.get(f"{cast.path}/audience")).body["items"]) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        assert await cast.reads(cast.max) is None
        assert (await cast.ana.get(f"{cast.path}/audience")).body["items"] == []
    refused = await cast.ana.post(f"{cast.path}/share", {"until": date(2020, 1, 1).isoformat()})
    assert (refused.status, refused.code) == (422, "sharing-in-the-past")


async def test_the_employee_reads_who_can_see_it_and_who_has(cast: Cast) -> None:
    share = await cast.shared(purpose="For May")
    [told] = (await cast.ana.get(f"{cast.path}/audience")).body["items"]
    assert (told["reader"], told["because"], told["purpose"]) == (str(cast.max.id), "my_manager", "For May")
    [own] = (await cast.ana.get(cast.path)).body["shares"]
    assert (own["share"], own["purpose"]) == (share, "For May")
    assert await cast.reads(cast.max) == GOOD
    assert (await cast.max.get(f"/v1/conversations/{cast.conversation}")).status == 200
    await cast.does("withdraw-sharing", share=share)
    await cast.stage.parts.audit.flush()
    [seen] = (await cast.ana.get(f"{cast.path}/readers")).body["items"]
    assert (seen["kind"], seen["reader"], seen["rule"], seen["share"]) == (
        "outcomes",
        str(cast.max.id),
        "my_manager",
        share,
    )
    for read in ("audience", "readers"):
        assert (await cast.max.get(f"{cast.path}/{read}")).status == 404


async def test_only_the_employee_shares_it_once_they_have_rated_the_talk(cast: Cast) -> None:
    of_max = f"/v1/people/{cast.max.id}/outcomes/{cast.conversation}"
    for who, path in ((cast.max, cast.path), (cast.eve, cast.path), (cast.max, of_max)):
        refused = await who.post(f"{path}/share", {"audience": "person", "reader": str(cast.hr.id)})
        assert (refused.status, refused.code) == (404, "not-found")
    assert (await cast.max.get(of_max)).status == 404
    body = {"topic": "options", "proposed_for": TOMORROW.isoformat()}
    talk = (await cast.ana.post("/v1/people/{me}/conversations", body)).id
    refused = await cast.ana.post(f"/v1/people/{{me}}/outcomes/{talk}/share", {})
    assert (refused.status, refused.code) == (409, "outcomes-not-rated")


async def test_who_stands_in_for_the_manager_reads_what_is_for_whoever_it_is(cast: Cast) -> None:
    await cast.stage.delegated(cast.max.id, cast.eve.id, "manager")
    await cast.shared()
    assert await cast.reads(cast.eve) is None
    await cast.shared(audience="whoever_is_my_manager")
    assert await cast.reads(cast.eve) == GOOD
    await cast.stage.parts.audit.flush()
    [seen] = (await cast.ana.get(f"{cast.path}/readers")).body["items"]
    assert (seen["reader"], seen["stands_in_for"]) == (str(cast.eve.id), str(cast.max.id))
    assert (seen["reader_name"], seen["stands_in_for_name"]) == ("Ana Diaz", "Ana Diaz")


async def test_what_was_shared_is_over_when_she_leaves(cast: Cast) -> None:
    await cast.shared(audience="person", reader=str(cast.eve.id), later_editions=True)
    assert await cast.reads(cast.eve) == GOOD
    await cast.stage.leaves(cast.ana.id, TODAY - timedelta(days=1))
    assert await cast.reads(cast.eve) is None
    assert (await cast.ana.get(cast.path)).body["shares"] == []
    assert (await cast.ana.get(f"{cast.path}/audience")).body["items"] == []


async def test_with_her_words_the_sharings_are_gone(cast: Cast) -> None:
    await cast.shared()
    ana = cast.ana.id
    mark = conversations.ErasureMarked(erasure=uuid4(), person=ana, about=ana, scope="words", number=1, of=1)
    await cast.stage.tell(mark)
    assert await cast.reads(cast.max) is None


async def test_with_stale_sharings_others_read_nothing_since_they_may_be_withdrawn(cast: Cast) -> None:
    share, parts, fresh = await cast.shared(), cast.stage.parts, Fresh()
    sharings = Sharings(
        SHARING, parts.pool, parts.relations, parts.sealer, parts.audit, fresh=fresh, openings_fresh=fresh
    )
    reader = Caller(str(cast.max.id), person=cast.max.id)
    assert (await sharings.one(cast.ana.id, reader, UUID(cast.conversation)))["share"] == UUID(share)
    for seconds in (61.0, None):
        fresh.seconds = seconds
        with pytest.raises(SharingsStale):
            await sharings.one(cast.ana.id, reader, UUID(cast.conversation))
        with pytest.raises(SharingsStale):
            await sharings.page(cast.ana.id, reader, None, 10)


async def test_with_stale_relations_others_read_nothing(cast: Cast) -> None:
    await cast.shared()
    cast.stage.fresh.seconds = 61.0
    refused = await cast.max.get(cast.path)
    assert (refused.status, refused.code) == (503, "relations-stale")
    assert await cast.reads(cast.ana) == GOOD
