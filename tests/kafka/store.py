"""A store to publish from, and what is to be found in a topic."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.eventstore import Append, Change, EventStore, NewEvent, OutcomeUnknown, Overloaded, postgres
from shared.kafka.cluster import Cluster
from shared.kafka.partitions import PARTITIONS
from shared.kafka.records import Heard, read_record
from shared.kafka.schema import migrations
from shared.postgres import connect, migrate


class Store:
    """The events of one service, in a database of their own."""

    def __init__(self, url: str, connection: asyncpg.Connection, events: EventStore) -> None:
        self.url = url
        self.connection = connection
        self.events = events
        self._at_once = asyncio.Semaphore(256)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        connection = await connect(url)
        try:
            await migrate(connection, [*postgres.migrations(), *migrations()])
            async with postgres.open_store(url) as events:
                yield cls(url, connection, events)
        finally:
            await connection.close()

    async def append(
        self,
        count: int = 1,
        *,
        subjects: Sequence[UUID] = (),
        kind: str = "profiles.thing_happened.v1",
        withheld: bool = False,
        body: bytes = b'{"n":1}',
    ) -> list[int]:
        """Records events, each in a stream of its own; gives their positions."""

        async def one() -> int:
            subject = random.choice(subjects) if subjects else uuid4()
            event = NewEvent(uuid4(), kind, subject, body, withheld)
            for attempt in range(100):
                try:
                    async with self._at_once:
                        appended = await self.events.append(Append((Change(uuid4(), 0, (event,)),), by="test"))
                except (OutcomeUnknown, Overloaded, OSError, asyncpg.PostgresError):
                    # Its backend was terminated. An event that is recorded twice is two events here.
                    await asyncio.sleep(0.001 * attempt)
                else:
                    return appended.last
            raise TimeoutError("the store records nothing")

        return sorted(await asyncio.gather(*(one() for _ in range(count))))

    async def marked(self) -> int:
        position: int = await self.connection.fetchval("select position from relay")
        return position


async def records_of(cluster: Cluster, service: str) -> list[Heard]:
    """Everything in a service's topic now, partition by partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(cluster.topic(service), number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        async with asyncio.timeout(30):
            ends = await consumer.end_offsets(partitions)
            heard: list[Heard] = []
            while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    heard += [read_record(service, tp.partition, r.offset, r.headers, r.value) for r in records]
    finally:
        await consumer.stop()
    return sorted(heard, key=lambda one: (one.partition, one.offset))


def effective(heard: Sequence[Heard]) -> list[Heard]:
    """What a consumer that begins at the beginning applies."""
    applied: dict[int, int] = {}
    taken = []
    for one in heard:
        if one.previous == applied.get(one.partition, 0):
            applied[one.partition] = one.position
            taken.append(one)
    return taken


async def mark_beyond(cluster: Cluster, position: int) -> dict[str, Any]:
    """The first of the marks that covers a position."""
    consumer = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(cluster.marks, 0)])
        async with asyncio.timeout(20):
            while True:
                mark: dict[str, Any] = orjson.loads((await consumer.getone()).value)
                if mark["position"] >= position:
                    return mark
    finally:
        await consumer.stop()
