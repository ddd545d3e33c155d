"""What a service reports of an erasure besides what its models forgot."""

import asyncio
from uuid import uuid4

import orjson

from services.notifications.app import SERVICE
from shared.contracts.notifications import ErasureReported
from shared.erasure.cleaning import Cleaning
from tests.api.stage import stage


async def test_commands_that_were_refused_for_who_is_erased_are_known_no_more(database_url: str) -> None:
    async with stage(database_url, SERVICE) as on:
        pool, erased, other = on.parts.pool, uuid4(), uuid4()
        for person in (erased, other):
            await pool.execute(
                """insert into refused_reactions (reaction, event_id, service, position, type, subject, code)
                   values ('tellings', $1, 'profiles', 1, 'profiles.person_left.v1', $2, 'too-late')""",
                uuid4(),
                person,
            )
        ordered = "insert into erasures_ordered (erasure, person, scope) values ($1, $2, 'person')"
        await pool.execute(ordered, uuid4(), erased)
        run = asyncio.create_task(Cleaning("notifications", pool, [], None).run())
        async with asyncio.timeout(30):
            while await pool.fetch("select from erasures_ordered where reported_at is null"):
                await asyncio.sleep(0.01)
        run.cancel()
        await asyncio.wait({run})
        assert [row["subject"] for row in await pool.fetch("select subject from refused_reactions")] == [other]
        [report] = [one for one in await on.parts.store.tail(0, 100) if one.type == ErasureReported.type]
        places = {one["place"]: (one["found"], one["done"]) for one in orjson.loads(report.body)["places"]}
        assert places["refused reactions"] == (1, "deleted")
