"""A lost broker loses nothing: what a topic lacks is found, and published again from the store."""

import random
from uuid import uuid4

import pytest
from aiokafka.admin import NewTopic

from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.partitions import PARTITIONS
from shared.kafka.producer import producer
from shared.kafka.reconcile import reconcile, republish
from shared.kafka.relay import Relay
from tests.kafka.conftest import administrator, until
from tests.kafka.ledger import Ledger, assert_exactly_once, make_tables
from tests.kafka.store import Store, records_of
from tests.kafka.test_consumer import all_applied, running
from tests.kafka.test_relay import published

PEOPLE = [uuid4() for _ in range(60)]


@pytest.fixture
async def ledger(store: Store) -> Ledger:
    model = Ledger()
    await make_tables(store.connection, model)
    return model


async def lose(cluster: Cluster) -> None:
    """The topic as a new broker has it: empty."""
    topic = cluster.topic("profiles")
    async with administrator(cluster.bootstrap_servers) as admin:
        await admin.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await admin.list_topics()

        await until(gone)

        async def made() -> bool:
            answer = await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
            return not answer.topic_errors[0][1]

        await until(made)


async def test_a_topic_that_is_complete_is_said_to_be(store: Store, cluster: Cluster, counts: Counts) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        await store.append(700, subjects=PEOPLE)
        await store.append(10, subjects=PEOPLE, withheld=True)
        await published(store, (await store.append(100, subjects=PEOPLE))[-1])
    found = await reconcile(store.connection, cluster, "profiles")
    assert (found.complete, found.stored, found.records, found.doubled, found.early) == (True, 800, 800, 0, 0)


async def test_what_is_missing_doubled_different_or_unknown_is_named(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        await published(store, (await store.append(300, subjects=PEOPLE))[-1])
    topic = {one.position: one for one in await records_of(cluster, "profiles")}
    await store.connection.execute("update events set body = '{}' where position = 10")
    await store.connection.execute("delete from events where position = 20")
    async with producer(cluster) as rogue:
        again = topic[30]
        await rogue.send_and_wait(
            cluster.topic("profiles"), key=str(again.subject).encode(), value=again.body,
            headers=list(again.headers), partition=again.partition,
        )  # fmt: skip
        await rogue.send_and_wait(cluster.topic("profiles"), value=b"no event", partition=3)
    found = await reconcile(store.connection, cluster, "profiles")
    assert (found.different, found.unknown, found.missing) == ([10], [20], [])
    assert (found.doubled, found.foreign, found.complete) == (1, 1, False)


async def test_a_lost_topic_is_published_again_and_consumers_go_on_as_if_nothing_had_been(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            await store.append(500, subjects=PEOPLE)
            await all_applied(store)
        await lose(cluster)
        await published(store, (await store.append(500, subjects=PEOPLE))[-1])
        found = await reconcile(store.connection, cluster, "profiles")
        assert (len(found.missing), found.complete) == (100, False)
        assert await republish(store.connection, 1) == 1000
        await published(store, (await store.append(100, subjects=PEOPLE))[-1])
        assert (await reconcile(store.connection, cluster, "profiles")).complete
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            await all_applied(store)
    await assert_exactly_once(store.connection)


async def test_a_consumer_that_runs_while_the_topic_is_lost_finds_its_way(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    consumer = Consumer(store.url, cluster, "models", [ledger], counts, silence=10)
    async with running(Relay(store.url, cluster, "profiles", counts, deadline=5).run(), consumer.run()):
        await store.append(300, subjects=PEOPLE)
        await all_applied(store)
        await lose(cluster)
        await store.append(600, subjects=PEOPLE)
        await republish(store.connection, 1)
        await all_applied(store, 90)
        await until(lambda: not consumer.problems())
    await assert_exactly_once(store.connection)


async def test_the_chain_of_what_is_published_again_is_the_one_of_the_first_time(
    store: Store, cluster: Cluster, counts: Counts, seed: int
) -> None:
    chance = random.Random(seed)
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        for _ in range(6):
            await store.append(chance.randrange(1, 200), subjects=PEOPLE)
            await store.append(chance.randrange(1, 20), subjects=PEOPLE, withheld=True)
        await published(store, (await store.append())[-1])
        first = {one.position: one.previous for one in await records_of(cluster, "profiles")}
        start = chance.randrange(1, max(first))
        await republish(store.connection, start)
        await published(store, (await store.append())[-1])
    heard = await records_of(cluster, "profiles")
    again = [one for one in heard if one.position >= start and one.position in first]
    assert len(again) == 2 * len([position for position in first if position >= start])
    assert all(first[one.position] == one.previous for one in again)


async def test_what_is_not_published_yet_is_not_skipped(store: Store) -> None:
    await store.append(10)
    with pytest.raises(ValueError, match="only 0 positions"):
        await republish(store.connection, 5)
    assert await store.marked() == 0
