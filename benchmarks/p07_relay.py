"""Draining a backlog by the relay, mark stored, against raw send_batch of the same records.

The relay leads already when a backlog is committed at once. Its time ends when the row in PostgreSQL says that all is
published. The ceiling reads nothing and marks nothing: keys, headers and bodies are ready, and put into batches of the
same pages, by a producer with the same settings, in the same process; its time ends when Kafka has acknowledged all.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample, interleaved
from deploy.careers import topics
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.leader import PAGE, SELECT_PAGE
from shared.kafka.partitions import PARTITIONS
from shared.kafka.producer import producer
from shared.kafka.records import Header, Published, Writer
from shared.kafka.relay import Relay
from shared.kafka.schema import migrations as kafka_migrations
from shared.metrics import Metrics
from shared.postgres import connect

TITLE = "relay drain, mark stored, against raw send_batch"
SERVERS = ("postgres", "kafka")

SERVICE = "profiles"
EVENTS = 30_000
PEOPLE = 1_000
ROUNDS = 9

# A body of 410 bytes, as an event with a sealed text has it.
_FILL = """
    insert into events
    select $1 + n, gen_random_uuid(), 1, gen_random_uuid(), 'profiles.aspiration_recorded.v1',
        ($2::uuid[])[1 + n % cardinality($2)], clock_timestamp(), gen_random_uuid()::text, 'live', false, null, null,
        null, 1, json_build_object('content', json_build_object('sealed', repeat('x', 330), 'key', gen_random_uuid()))
    from generate_series(1, $3::int) as n"""

Ready = tuple[int, bytes, bytes, list[Header]]


async def measure(place: Place) -> Result:
    """One row."""
    cluster = Cluster(place.kafka_servers, "bench-1", f"bench-{uuid4().hex[:10]}.")
    people = [uuid4() for _ in range(PEOPLE)]
    await topics.apply(cluster.bootstrap_servers, topics.declared(cluster.topic_prefix))
    async with (
        place.database([*eventstore_migrations(), *kafka_migrations()]) as url,
        _connection(url) as admin,
        producer(cluster) as raw,
        _leading(Relay(url, cluster, SERVICE, Counts(Metrics("bench")))),
    ):
        ready = await _ready(admin, people)
        await _drained(admin, EVENTS)

        async def drain() -> Sample:
            last = await admin.fetchval("select max(position) from events")
            await admin.execute(_FILL, last, people, EVENTS)
            begin = time.perf_counter()
            await admin.execute("notify events")
            await _drained(admin, last + EVENTS)
            return Sample(EVENTS, time.perf_counter() - begin)

        async def ceiling() -> Sample:
            begin = time.perf_counter()
            await _send(raw, cluster.topic("conversations"), ready)
            return Sample(EVENTS, time.perf_counter() - begin)

        found = await interleaved({"relay": drain, "raw": ceiling}, ROUNDS)
    relay, limit = found["relay"], found["raw"]
    return Result([Row(f"{EVENTS:,} events", relay.rate(), limit.rate(), "/s", relay.ratio(limit), 0.5, 0.7)])


async def _ready(admin: asyncpg.Connection, people: Sequence[UUID]) -> list[Ready]:
    """The records of the first backlog, as the relay makes them."""
    await admin.execute(_FILL, 0, people, EVENTS)
    writer, last = Writer(SERVICE), [0] * PARTITIONS
    ready: list[Ready] = []
    for row in await admin.fetch(SELECT_PAGE, 0, EVENTS):
        event = Published(*row)
        partition, key, place = writer.place(event.subject)
        ready.append((partition, key, event.body, writer.headers(event, last[partition], place)))
        last[partition] = event.position
    return ready


async def _send(raw: AIOKafkaProducer, topic: str, ready: Sequence[Ready]) -> None:
    answers = []
    now = int(time.time() * 1000)
    for begin in range(0, len(ready), PAGE):
        batches: dict[int, BatchBuilder] = {}
        for partition, key, value, headers in ready[begin : begin + PAGE]:
            batch = batches.get(partition)
            if batch is None:
                batch = batches[partition] = raw.create_batch()
            batch.append(timestamp=now, key=key, value=value, headers=headers)
        for partition, batch in batches.items():
            batch.close()
            answers.append(await raw.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*answers)


async def _drained(admin: asyncpg.Connection, last: int) -> None:
    async with asyncio.timeout(120):
        while await admin.fetchval("select position from relay") < last:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url, deadline=60)
    await connection.execute("set timezone = 'UTC'")
    yield connection
    await connection.close()


@asynccontextmanager
async def _leading(relay: Relay) -> AsyncIterator[None]:
    running = asyncio.ensure_future(relay.run())
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
