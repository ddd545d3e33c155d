"""The models of projections over a real PostgreSQL, told events one by one as the consumer would, without Kafka."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.projections.moves import Moves
from services.projections.timeline import Timeline
from shared.audit import Book
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from shared.postgres import Pool
from shared.relations.model import Relations as RelationsModel
from shared.relations.reads import Relations
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer

TODAY = datetime.now(UTC).date()
LONG_AGO = TODAY - timedelta(days=2000)


class Always:
    """Relations that are current, or as old as a test says."""

    seconds: float | None = 0.0

    async def age(self) -> float | None:
        return self.seconds


class World:
    """What was told so far, and who asks."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        self.url = url
        self.connection = connection
        self.keys = MemoryKeyStore()
        self.sealer = Sealer(KeyCache(self.keys, seconds=0))
        self.fresh, self.timeline_fresh = Always(), Always()
        self.relations = Relations(self, self.fresh)
        self.audit = Book(cast("Pool", None))  # what is noted here is not written
        self.models: tuple[Any, ...] = (RelationsModel(self.sealer), Timeline(), Moves())
        self.heard: list[Heard] = []

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.connection.fetch(query, *arguments)
        return rows

    async def tell(self, *events: Event, at: datetime | None = None) -> list[Heard]:
        """Records and applies events, each model in a transaction of its own. `at` is when they are recorded."""
        at = at or datetime.now(UTC)
        bodies = await self.sealer.write(events)
        batch = [
            self._heard(event, body, at + timedelta(microseconds=number))
            for number, (event, body) in enumerate(zip(events, bodies, strict=True))
        ]
        self.heard += batch
        await self.apply(batch)
        return batch

    async def apply(self, batch: Sequence[Heard]) -> None:
        for model in self.models:
            mine = [heard for heard in batch if heard.type in model.types and heard.service in model.services]
            if mine:
                async with self.connection.transaction():
                    await model.write(self.connection, model.prepare(mine))

    def _heard(self, event: Event, body: bytes, at: datetime) -> Heard:
        position = len(self.heard) + 1
        return Heard(
            service=event.service,
            partition=partition_of(event.subject),
            offset=position,
            position=position,
            previous=0,
            id=uuid7(),
            type=event.type,
            version=1,
            stream=event.subject,
            subject=event.subject,
            recorded_at=at,
            by="test",
            origin="live",
            trace=None,
            body=body,
        )

    # Two workers

    @contextlib.asynccontextmanager
    async def another(self) -> AsyncIterator[asyncpg.Connection]:
        """A second connection, as another worker has one."""
        connection = await opened(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    def soon(self, connection: asyncpg.Connection, model: Any, batch: Sequence[Heard]) -> "asyncio.Task[None]":
        """Applies a batch over another connection, at the same time."""

        async def apply() -> None:
            async with connection.transaction():
                await model.write(connection, model.prepare(batch))

        return asyncio.create_task(apply())

    async def until_waiting(self, connection: asyncpg.Connection) -> None:
        """Until the connection waits for a lock."""
        asked = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"
        async with asyncio.timeout(10):
            while not await self.connection.fetchval(asked, connection.get_server_pid()):
                await asyncio.sleep(0.01)

    # The organisation

    async def unit(self, name: str, parent: UUID | None = None, partner: UUID | None = None) -> UUID:
        unit = uuid4()
        await self.tell(
            profiles.UnitEstablished(unit=unit, code=f"{name}-{unit}", name=name, parent=parent, effective_on=LONG_AGO)
        )
        if partner is not None:
            await self.tell(profiles.HrPartnerAssigned(unit=unit, partner=partner, effective_on=LONG_AGO))
        return unit

    async def person(self, unit: UUID, on: date = LONG_AGO, **place: Any) -> UUID:
        """Somebody who joined and holds a place in the unit."""
        person = uuid4()
        await self.tell(
            profiles.PersonJoined(person=person, fact=uuid4(), effective_on=on),
            placed(person, unit, on, **place),
        )
        return person

    async def lead(self, unit: UUID, leader: UUID | None, on: date = LONG_AGO) -> None:
        await self.tell(profiles.UnitLeaderAppointed(unit=unit, leader=leader, effective_on=on))


def placed(
    person: UUID,
    unit: UUID,
    on: date,
    kind: type[profiles.PlaceTaken | profiles.PlaceChanged] | None = None,
    **more: Any,
) -> profiles.PlaceTaken | profiles.PlaceChanged:
    values: dict[str, Any] = {
        "fact": uuid4(),
        "position": "p1",
        "title": "Engineer",
        "legal_entity": "ACME",
        "country": "FR",
        "time_zone": "UTC",
        **more,
    }
    return (kind or profiles.PlaceTaken)(person=person, unit=unit, effective_on=on, **values)


def changed(person: UUID, unit: UUID, on: date, **more: Any) -> profiles.PlaceTaken | profiles.PlaceChanged:
    return placed(person, unit, on, profiles.PlaceChanged, **more)


async def opened(url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url, server_settings={"search_path": "relations, timeline, moves, public"})
    await connection.set_type_codec("json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
    return connection


@pytest.fixture
async def world(fresh_database: str) -> AsyncIterator[World]:
    connection = await opened(fresh_database)
    made = World(fresh_database, connection)
    for model in made.models:
        await connection.execute(f"create schema {model.name}; set search_path = {model.name}; {model.tables}")
    await connection.execute("reset search_path")
    try:
        yield made
    finally:
        async with asyncio.timeout(5):
            await connection.close()
