"""The feed of what HR's systems are told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.projections.app import SERVICE
from services.projections.outward.keeping import SCHEMAS, keep
from shared.postgres import connect
from tests.api.stage import Stage, stage
from tests.api.test_projections import Service
from tests.projections.conftest import changed

TODAY = datetime.now(UTC).date()


class Desk:
    def __init__(self, on: Stage, connection: asyncpg.Connection) -> None:
        self.stage, self._connection = on, connection
        self.reader = Service(on.person(uuid4()), "events:read")

    async def said(self) -> None:
        while await keep(self._connection):
            pass

    async def read(self, **query: Any) -> dict[str, Any]:
        answer = await self.reader.get("/v1/events", **query)
        assert answer.status == 200, answer.body
        return dict(answer.body)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with stage(database_url, SERVICE) as on:
        connection = await connect(on.parts.settings.database_url, search_path=", ".join((*SCHEMAS, "public")))
        yield Desk(on, connection)
        await connection.close()


async def test_who_reads_on_page_by_page_has_the_newest_of_everything(desk: Desk) -> None:
    people = [await desk.stage.hire(number=f"H{number}") for number in range(5)]
    await desk.said()
    landed: dict[str, dict[str, Any]] = {}
    since, pages = 0, 0
    while (page := await desk.read(since=since, limit=3))["items"]:
        landed |= {item["item"]: item["event"] for item in page["items"]}
        since, pages = page["next"], pages + 1
    assert pages == 4  # five people, who joined
    assert {str(person) for person in people} <= landed.keys()
    await desk.stage.tell(changed(people[0], uuid4(), TODAY, position="P1"))
    await desk.said()
    news = (await desk.read(since=since))["items"]
    assert [(item["topic"], item["event"]["revision"]) for item in news] == [("hr.people.v1", 2), ("hr.moves.v1", 1)]
    assert news[0]["item"] == str(people[0])


async def test_topics_are_chosen_and_where_nothing_is_new_one_goes_on_all_the_same(desk: Desk) -> None:
    await desk.stage.hire()
    await desk.said()
    assert {item["topic"] for item in (await desk.read(topic="hr.moves.v1"))["items"]} == {"hr.moves.v1"}
    nothing = await desk.read(topic="hr.units.v1")
    assert (nothing["items"], nothing["next"]) == ([], (await desk.read())["next"])


async def test_who_waits_is_answered_when_something_comes(desk: Desk) -> None:
    since = (await desk.read())["next"]
    waiting = asyncio.ensure_future(desk.read(since=since, wait=20))
    await desk.stage.hire()
    await desk.said()
    answered = await asyncio.wait_for(waiting, 15)
    assert answered["items"]
    assert (await desk.read(since=answered["next"], wait=0))["items"] == []


@pytest.mark.parametrize(
    "query", [{"since": -1}, {"since": 2**63}, {"limit": 501}, {"wait": 31}, {"topic": "hr.people.v9"}, {"from": 1}]
)
async def test_what_cannot_be_asked_is_refused(desk: Desk, query: dict[str, Any]) -> None:
    assert (await desk.reader.get("/v1/events", **query)).status == 422


async def test_another_scope_opens_nothing(desk: Desk) -> None:
    other = Service(desk.reader, "people:read", "moves:read")
    assert (await other.get("/v1/events")).status == 403
