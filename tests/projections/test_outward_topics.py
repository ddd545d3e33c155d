"""Items on their topics, over a real Kafka: a consumer that keeps the highest revision of each is always right."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from deploy.careers import topics
from services.projections.app import SERVICE
from services.projections.outward.publishing import Publishing
from services.projections.outward.records import value
from shared.contracts import profiles
from shared.kafka.cluster import Cluster
from tests.api.stage import Stage, stage
from tests.kafka.conftest import administrator, until
from tests.projections.conftest import TODAY, changed

PEOPLE, MOVES = "hr.people.v1", "hr.moves.v1"
Warehouse = dict[tuple[str, str], tuple[int, dict[str, Any]]]


@pytest.fixture
async def cluster(kafka_servers: str) -> AsyncIterator[Cluster]:
    made = Cluster(kafka_servers, "test-0", f"test-{uuid4().hex[:10]}.")
    declared = [one for one in topics.declared(made.topic_prefix) if ".hr." in one.name]
    await topics.apply(kafka_servers, declared)
    yield made
    async with administrator(kafka_servers) as admin:
        await admin.delete_topics([topic.name for topic in declared])


@asynccontextmanager
async def publishing(on: Stage, cluster: Cluster, **more: Any) -> AsyncIterator[None]:
    running = asyncio.ensure_future(Publishing(on.parts.settings.database_url, cluster, **more).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def reading(cluster: Cluster) -> AsyncIterator[list[ConsumerRecord]]:
    """All records of the outward topics, from the first one on, as they come."""
    consumer = AIOKafkaConsumer(
        *map(cluster.outward, (PEOPLE, MOVES)),
        bootstrap_servers=cluster.bootstrap_servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    found: list[ConsumerRecord] = []

    async def read() -> None:
        async for record in consumer:
            found.append(record)  # noqa: PERF401  as they come

    task = asyncio.ensure_future(read())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


def landed(records: Iterable[ConsumerRecord], cluster: Cluster) -> Warehouse:
    """As docs/outward.md tells a consumer to: by item, the highest revision; without a value, nothing."""
    found: Warehouse = {}
    for record in records:
        place = record.topic.removeprefix(cluster.topic_prefix), record.key.decode()
        if record.value is None:
            found.pop(place, None)
            continue
        item = json.loads(record.value)
        if item["revision"] > found.get(place, (0, {}))[0]:
            found[place] = item["revision"], item
    return found


async def told(on: Stage) -> Warehouse:
    """What the database says of the same topics."""
    rows = await on.parts.pool.fetch("select * from outward_items where topic = any ($1)", [PEOPLE, MOVES])
    return {(row["topic"], str(row["item"])): (row["revision"], json.loads(value(row))) for row in rows}


async def all_of_it(on: Stage, cluster: Cluster, records: list[ConsumerRecord]) -> Warehouse:
    """Once nothing is due or unpublished, what has landed is what is told."""
    due = " union all ".join(f"select at from {schema}.due where at <= now()" for schema in ("relations", "moves"))

    async def done() -> bool:
        open_ = await on.parts.pool.fetch(f"{due} union all select now() from outward_state where published < position")
        return not open_ and landed(records, cluster) == await told(on)

    await until(done)
    return landed(records, cluster)


async def test_what_is_told_lands_and_every_change_is_its_next_revision(database_url: str, cluster: Cluster) -> None:
    async with stage(database_url, SERVICE) as on, publishing(on, cluster), reading(cluster) as records:
        unit = uuid4()
        people = [await on.hire(number=f"H{number}", unit=unit) for number in range(20)]
        before = await all_of_it(on, cluster, records)
        assert {item["employee_number"] for (topic, _), (_, item) in before.items() if topic == PEOPLE} == {
            f"H{number}" for number in range(20)
        }
        await on.tell(*(changed(person, uuid4(), TODAY) for person in people[:5]))
        after = await all_of_it(on, cluster, records)
        assert sum(after[place][0] > revision for place, (revision, _) in before.items()) == 5
        headers = dict(records[-1].headers)
        assert (headers["ce_specversion"], headers["ce_source"]) == (b"1.0", b"/careers/hr")
        assert headers["ce_id"] == f"{records[-1].key.decode()}.{headers['ce_revision'].decode()}".encode()


async def test_however_records_are_repeated_and_mixed_the_highest_revision_is_right(
    database_url: str, cluster: Cluster, seed: int
) -> None:
    """Replayed from the beginning, delivered twice, keys in any order to each other, one key's in any order."""
    chance = random.Random(seed)
    async with stage(database_url, SERVICE) as on, reading(cluster) as records:
        people = [await on.hire() for _ in range(10)]
        for _ in range(6):
            async with publishing(on, cluster):  # who publishes is replaced again and again, and begins at the mark
                facts = [(person, uuid4()) for person in chance.sample(people, 4)]
                await on.tell(*(changed(person, uuid4(), TODAY, fact=fact) for person, fact in facts))
                await all_of_it(on, cluster, records)
                gone = facts[: chance.randint(0, 2)]
                await on.tell(*(profiles.FactWithdrawn(person=person, fact=fact) for person, fact in gone))
                if chance.random() < 0.5:
                    await on.parts.pool.execute("update outward_state set published = greatest(0, published - 5)")
        async with publishing(on, cluster):
            expected = await all_of_it(on, cluster, records)
        for _ in range(20):
            mixed = [*records, *chance.sample(records, len(records) // 2)]
            chance.shuffle(mixed)
            assert landed(mixed, cluster) == expected


async def test_while_kafka_does_not_answer_the_worker_says_so_and_then_goes_on(
    database_url: str, cluster: Cluster
) -> None:
    away = Cluster("127.0.0.1:1", "test-0", cluster.topic_prefix)
    async with stage(database_url, SERVICE) as on:
        publisher = Publishing(on.parts.settings.database_url, away, deadline=1)
        running = asyncio.ensure_future(publisher.run())
        await until(lambda: any("Kafka" in one for one in publisher.problems()))
        publisher._cluster = cluster
        await until(lambda: publisher.problems() == [])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_who_is_erased_is_buried(database_url: str, cluster: Cluster) -> None:
    async with stage(database_url, SERVICE) as on, reading(cluster) as records:
        async with publishing(on, cluster):
            person = await on.hire(number="H007")
            await all_of_it(on, cluster, records)
            await on.leaves(person, TODAY - timedelta(days=3))
            await on.tell(
                profiles.ErasureMarked(erasure=uuid4(), person=person, about=person, scope="person", number=1, of=1)
            )
            after = await all_of_it(on, cluster, records)
            assert after[PEOPLE, str(person)][1]["retracted"]
        async with publishing(on, cluster, buried_after=0):

            async def buried() -> bool:
                return (PEOPLE, str(person)) not in landed(records, cluster)

            await until(buried)
        assert any(topic == MOVES for topic, _ in landed(records, cluster))
