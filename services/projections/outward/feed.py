"""The same items over HTTP, for systems without Kafka: read on from a position, or wait for what comes."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from services.projections.outward.records import value
from shared.access import matrix
from shared.auth.callers import Scope
from shared.contracts.outward import Topic
from shared.http import Call, Query, Routes, Several
from shared.relations.reads import Rows

LONGEST = 30
"""Seconds for which a request waits at most."""

LOOK = 0.2
"""Seconds between looks for something new, while somebody waits."""

_ON = """
    select topic, item, type, revision, position, recorded_at, effective_on, content from outward_items
    where position > $1 and ($2::text[] is null or topic = any ($2)) order by position limit $3"""
_NEWEST = "select position from outward_state"


class FeedQuery(Query):
    since: Annotated[
        int, Field(ge=0, le=2**63 - 1, description="The `next` of the answer before; 0: from the first.")
    ] = 0
    topic: Annotated[Several[Topic], Field(description="Only these.")] = ()
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    wait: Annotated[int, Field(ge=0, le=LONGEST, description="Seconds to wait while there is nothing new.")] = 0


class FeedItem(BaseModel):
    """An item's newest revision: `event` is what its record on `topic` says, by the schema of its type."""

    position: int
    topic: Topic
    item: UUID
    event: dict[str, Any]


class Feed(BaseModel):
    """In the order in which it was said. `next` is where to go on: also where nothing is new."""

    items: list[FeedItem]
    next: int


_EXAMPLE = {
    "items": [
        {
            "position": 4711,
            "topic": "hr.moves.v1",
            "item": "7f0b8a3e-6a0c-5d53-9d5e-0a5b54f2a2c1",
            "event": {
                "id": "7f0b8a3e-6a0c-5d53-9d5e-0a5b54f2a2c1",
                "type": "hr.move.v1",
                "revision": 2,
                "retracted": True,
                "recorded_at": "2027-03-01T09:30:00Z",
                "effective_on": None,
            },
        }
    ],
    "next": 4711,
}


def add_feed(routes: Routes, rows: Rows) -> None:
    """Adds the feed."""

    @routes.get(
        "/v1/events",
        access=matrix.READ_FEED,
        allow=Scope.EVENTS_READ,
        deadline=LONGEST + 10.0,
        example_answer=_EXAMPLE,
    )
    async def read_events(call: Call[None, FeedQuery]) -> Feed:
        """What HR's systems are told: the newest revision of each item, in the order in which it was said.

        Begin at 0 for all there is, then go on at `next`. An item that changes moves to the end: what was said of it
        before is no more to be had, and not needed.
        """
        query = call.query
        topics = list(query.topic) or None
        until = asyncio.get_running_loop().time() + query.wait
        while True:
            [newest] = await rows.fetch(_NEWEST)
            found = await rows.fetch(_ON, query.since, topics, query.limit)
            if found or asyncio.get_running_loop().time() >= until:
                break
            await asyncio.sleep(LOOK)
        items = [
            FeedItem(position=row["position"], topic=row["topic"], item=row["item"], event=orjson.loads(value(row)))
            for row in found
        ]
        # Nothing of these topics up to the newest: one need not look there again.
        reached = items[-1].position if items else max(query.since, newest["position"])
        return Feed(items=items, next=reached)
