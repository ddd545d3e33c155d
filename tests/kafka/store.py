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

from shared.kafka.cluster import Cluster
from shared.kafka.partitions import PARTITIONS
from shared.kafka.records import Heard, read_record
from shared.kafka.schema import migrations
from shared.postgres import connect, migrate

EVENTS = """
    create table events (position bigint primary key, stream uuid not null, version int not null, id uuid not null,
        type text not null, subject uuid not null, recorded_at timestamptz not null, by text not null,
        origin text not null, withheld boolean not null, trace text, command_key bytea, command_print bytea,
        command_size smallint, body json not null, unique (stream, version))"""


class Store:
    """The events of one service, in a database of their own."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        self.url = url
        self.connection = connection

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        connection = await connect(url)
        try:
            await connection.execute(EVENTS)
            await migrate(connection, migrations())
            yield cls(url, connection)
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
        """Records events; gives their positions."""
        rows = [(uuid4(), uuid4(), random.choice(subjects) if subjects else uuid4()) for _ in range(count)]
        found = await self.connection.fetch(
            """with last as (select coalesce(max(position), 0) as position from events)
               insert into events
                   (position, stream, version, id, type, subject, recorded_at, by, origin, withheld, body)
               select last.position + e.n, e.stream, 1, e.id, $4, e.subject, clock_timestamp(), 'test', 'live',
                   $5, $6
               from last, unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as e (stream, id, subject, n)
               returning position""",
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            kind,
            withheld,
            body,
        )
        await self.connection.execute("notify events")
        return sorted(row[0] for row in found)

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
