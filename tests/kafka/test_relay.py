"""Stored but not published never lasts; nothing is skipped, and what is sent twice can be told."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiokafka.admin import NewTopic

from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.leader import Leader
from shared.kafka.relay import Relay
from tests.kafka.conftest import Broker, administrator, until
from tests.kafka.store import Store, effective, mark_beyond, records_of

# Of this database alone: what an earlier test left behind may take a moment to end.
_LEADERS = """
    select count(*) from pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and datname = current_database()"""
PEOPLE = [uuid4() for _ in range(50)]


@contextlib.asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for task in tasks:
            assert not task.done(), task
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def published(store: Store, position: int, seconds: float = 30) -> None:
    async def marked() -> bool:
        return await store.marked() >= position

    await until(marked, seconds)


async def assert_complete(store: Store, cluster: Cluster) -> None:
    """Every event that is not withheld takes effect exactly once, in the order of positions in each partition."""
    stored = await store.connection.fetch("select position, id, subject from events where not withheld order by 1")
    applied = effective(await records_of(cluster, "profiles"))
    assert sorted(one.position for one in applied) == [row["position"] for row in stored]
    assert {one.position: one.id for one in applied} == {row["position"]: row["id"] for row in stored}
    for number in {one.partition for one in applied}:
        positions = [one.position for one in applied if one.partition == number]
        assert positions == sorted(positions)


async def test_events_are_published_in_order_and_marked(store: Store, cluster: Cluster, counts: Counts) -> None:
    [*_, last] = await store.append(2_500, subjects=PEOPLE)
    async with running(relay := Relay(store.url, cluster, "profiles", counts)):
        await published(store, last)
        assert relay.problems() == []
    heard = await records_of(cluster, "profiles")
    assert len(heard) == 2_500
    await assert_complete(store, cluster)


async def test_an_event_reaches_kafka_at_once(store: Store, cluster: Cluster, counts: Counts) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts)):
        await published(store, (await store.append())[-1])
        took = []
        for _ in range(20):
            begun = asyncio.get_running_loop().time()
            await published(store, (await store.append())[-1])
            took.append(asyncio.get_running_loop().time() - begun)
    assert sorted(took)[10] < 0.5, took  # woken, not found by the poll of one second


async def test_an_event_whose_notification_was_lost_is_found_all_the_same(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts)):
        await published(store, (await store.append())[-1])
        await store.connection.execute(
            """insert into events select position + 1, gen_random_uuid(), 1, gen_random_uuid(), type, subject,
                   recorded_at, by, origin, withheld, trace, null, null, 1, body from events"""
        )
        await published(store, 2)


async def test_what_is_withheld_is_never_published(store: Store, cluster: Cluster, counts: Counts) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts)):
        await store.append(30, subjects=PEOPLE)
        await store.append(30, subjects=PEOPLE, withheld=True)
        await store.append(30, subjects=PEOPLE)
        await published(store, (await store.append(5, withheld=True))[-1])
    assert len(await records_of(cluster, "profiles")) == 60
    await assert_complete(store, cluster)


async def test_only_one_replica_publishes_and_the_other_takes_over(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    first, second = (Relay(store.url, cluster, "profiles", counts) for _ in range(2))
    async with running(second):
        async with running(first):
            await published(store, (await store.append(100, subjects=PEOPLE))[-1])
            await until(lambda: first.problems() == second.problems() == [])
            assert await store.connection.fetchval(_LEADERS) == 1
        await published(store, (await store.append(100, subjects=PEOPLE))[-1])
    assert len(await records_of(cluster, "profiles")) == 200
    await assert_complete(store, cluster)


async def test_backends_that_are_terminated_do_not_stop_the_relay(
    store: Store, cluster: Cluster, counts: Counts, seed: int
) -> None:
    chance = random.Random(seed)
    async with running(Relay(store.url, cluster, "profiles", counts), Relay(store.url, cluster, "profiles", counts)):
        for _ in range(15):
            await store.append(chance.randrange(1, 200), subjects=PEOPLE)
            if chance.random() < 0.6:
                await store.connection.execute(
                    """select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and pid <> pg_backend_pid() order by random() limit 2"""
                )
        await published(store, (await store.append())[-1])
    await assert_complete(store, cluster)


async def test_a_leader_that_was_replaced_cannot_mark(store: Store, cluster: Cluster, counts: Counts) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts)):
        await published(store, (await store.append(10))[-1])
        # As an operator does who has events published again: the leader gives up its term and begins from the mark.
        await store.connection.execute("update relay set epoch = epoch + 1, position = 0, partitions = '{}'")
        await published(store, 10)
        await published(store, (await store.append(10))[-1])
    heard = await records_of(cluster, "profiles")
    assert len(heard) == 30
    await assert_complete(store, cluster)


async def test_a_topic_with_another_number_of_partitions_is_refused(
    store: Store, kafka_servers: str, counts: Counts
) -> None:
    cluster = Cluster(kafka_servers, "test-0", f"test-{uuid4().hex[:10]}.")
    async with administrator(kafka_servers) as admin:
        await admin.create_topics([NewTopic(cluster.topic("profiles"), 5, 1)])
    async with running(relay := Relay(store.url, cluster, "profiles", counts, deadline=5)):
        await until(lambda: "5 partitions, not 24" in "".join(relay.problems()))
    assert await store.marked() == 0


async def test_marks_say_how_far_the_relay_is(store: Store, cluster: Cluster, counts: Counts) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts)):
        await store.append(40, subjects=PEOPLE)
        [last] = await store.append(withheld=True)
        mark = await mark_beyond(cluster, last)
    heard = await records_of(cluster, "profiles")
    assert mark["service"] == "profiles"
    assert mark["positions"] == {
        str(number): max(one.position for one in heard if one.partition == number)
        for number in {one.partition for one in heard}
    }
    assert mark["offsets"] == {
        str(number): max(one.offset for one in heard if one.partition == number)
        for number in {one.partition for one in heard}
    }


async def test_a_producer_that_kafka_refuses_for_good_is_replaced(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    async with running(relay := Relay(store.url, cluster, "profiles", counts)):
        await published(store, (await store.append(50, subjects=PEOPLE))[-1])
        first = relay._leader
        assert first is not None
        # Kafka answers OutOfOrderSequenceNumber to a number that it does not expect; this producer never recovers.
        numbers = first._producer._txn_manager._sequence_numbers
        for partition in numbers:
            numbers[partition] += 5
        await published(store, (await store.append(50, subjects=PEOPLE))[-1])
        assert relay._leader is not first
    await assert_complete(store, cluster)


async def test_a_frozen_broker_is_outlived(store: Store, own_cluster: Cluster, broker: Broker, counts: Counts) -> None:
    async with running(relay := Relay(store.url, own_cluster, "profiles", counts, deadline=2)):
        await published(store, (await store.append(500, subjects=PEOPLE))[-1])
        broker.signal(signal.SIGSTOP)
        [*_, last] = await store.append(500, subjects=PEOPLE)
        await until(relay.problems)
        broker.signal(signal.SIGCONT)
        await published(store, last, 60)
        assert relay.problems() == []
    await assert_complete(store, own_cluster)


async def test_marking_what_is_not_acknowledged_would_lose_it(
    store: Store, own_cluster: Cluster, broker: Broker, counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the mark waits for Kafka: without that, what a frozen broker never took is passed over for good."""
    recorded = 150

    async def believe(leader: Leader) -> None:
        while True:
            await leader._sent.acquire()
            leader._reached = leader._in_flight.popleft().reached
            leader._room.release()
            leader._acknowledged.set()

    async with running(Relay(store.url, own_cluster, "profiles", counts)):
        await published(store, (await store.append(50, subjects=PEOPLE))[-1])
    monkeypatch.setattr(Leader, "_acknowledge", believe)
    async with running(Relay(store.url, own_cluster, "profiles", counts, deadline=4)):
        await published(store, (await store.append(50, subjects=PEOPLE))[-1])
        while True:
            broker.signal(signal.SIGSTOP)
            last = (await store.append(50, subjects=PEOPLE))[-1]
            recorded += 50
            try:
                await published(store, last, 5)
                break
            except TimeoutError:  # the leader's term ended before it sent them: it may try again
                broker.signal(signal.SIGCONT)
                await published(store, last)
    await broker.kill()
    await broker.start()
    monkeypatch.undo()
    async with running(Relay(store.url, own_cluster, "profiles", counts)):
        await published(store, (await store.append(50, subjects=PEOPLE))[-1])
    assert len(effective(await records_of(own_cluster, "profiles"))) < recorded


async def test_a_killed_broker_loses_nothing(
    store: Store, own_cluster: Cluster, broker: Broker, counts: Counts, seed: int
) -> None:
    chance = random.Random(seed)
    async with running(Relay(store.url, own_cluster, "profiles", counts, deadline=4)):
        for _ in range(3):
            await store.append(chance.randrange(200, 2_000), subjects=PEOPLE)
            if chance.random() < 0.5:
                await published(store, 1)
            await broker.kill()
            await store.append(chance.randrange(200, 2_000), subjects=PEOPLE)
            await broker.start()
        await published(store, (await store.append())[-1], 60)
    await assert_complete(store, own_cluster)
