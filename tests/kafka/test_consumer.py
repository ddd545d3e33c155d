"""An event takes effect once in a model, whatever is delivered twice and whoever is killed."""

import asyncio
import contextlib
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.kafka import applier, checkpoints
from shared.kafka.checkpoints import Fenced
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.delivery import Place
from shared.kafka.fetching import Fetching
from shared.kafka.records import Heard
from shared.kafka.relay import Relay
from shared.postgres import connect
from tests.kafka.conftest import Broker, until
from tests.kafka.ledger import AtOnceLedger, Ledger, applied, assert_exactly_once, make_tables
from tests.kafka.store import Store, effective, records_of

PEOPLE = [uuid4() for _ in range(60)]


@contextlib.asynccontextmanager
async def running(*parts: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_applied(store: Store, seconds: float = 40) -> None:
    """Waits until there are as many rows as events to publish; whether they are the right ones is looked at after."""

    async def there() -> bool:
        wanted: int = await store.connection.fetchval("select count(*) from events where not withheld")
        return len(await applied(store.connection)) >= wanted

    await until(there, seconds)


@pytest.fixture
async def ledger(store: Store, request: pytest.FixtureRequest) -> Ledger:
    model: Ledger = getattr(request, "param", Ledger)()
    await make_tables(store.connection, model)
    return model


EITHER = pytest.mark.parametrize("ledger", [Ledger, AtOnceLedger], indirect=True)
"""A transaction of several statements, or one that does it all."""


@EITHER
async def test_what_is_recorded_is_applied_once_and_in_order(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    consumer = Consumer(store.url, cluster, "models", [ledger], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        for _ in range(10):
            await store.append(500, subjects=PEOPLE)
        await all_applied(store)
        assert consumer.problems() == []
    await assert_exactly_once(store.connection)
    assert ledger.writes < 500, "batches, not one event at a time"


async def test_several_models_share_a_consumer_and_each_stands_where_it_stands(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            await store.append(300, subjects=PEOPLE)
            await all_applied(store)
        later = Ledger("later")
        await make_tables(store.connection, later)
        async with running(Consumer(store.url, cluster, "models", [ledger, later], counts).run()):
            await store.append(300, subjects=PEOPLE)
            await all_applied(store)

            async def has_all() -> bool:
                return len(await applied(store.connection, "later")) >= 600

            await until(has_all)
    await assert_exactly_once(store.connection)
    await assert_exactly_once(store.connection, "later")


async def test_what_kafka_knows_of_the_group_is_no_matter(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    """Another group, and a replica of another name: the place to go on is PostgreSQL's."""
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        for round_ in range(3):
            other = Cluster(cluster.bootstrap_servers, f"replica-{round_}", cluster.topic_prefix)
            async with running(Consumer(store.url, other, f"group-{round_}", [ledger], counts).run()):
                await store.append(200, subjects=PEOPLE)
                await all_applied(store)
    await assert_exactly_once(store.connection)


async def test_two_workers_share_the_partitions_through_every_rebalance(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)

    def worker(number: int) -> Coroutine[Any, Any, None]:
        mine = Cluster(cluster.bootstrap_servers, f"replica-{number}", cluster.topic_prefix)
        return Consumer(store.url, mine, "models", [ledger], counts).run()

    async with running(Relay(store.url, cluster, "profiles", counts).run(), worker(0)):
        await store.append(500, subjects=PEOPLE)
        async with running(worker(1)):
            for _ in range(10):
                await store.append(chance.randrange(1, 400), subjects=PEOPLE)
            await all_applied(store)
        async with running(worker(2)):
            for _ in range(10):
                await store.append(chance.randrange(1, 400), subjects=PEOPLE)
            await all_applied(store, 60)
    await assert_exactly_once(store.connection)


async def test_workers_that_are_killed_lose_and_double_nothing(
    store: Store, cluster: Cluster, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)

    async def start(number: int) -> asyncio.subprocess.Process:
        arguments = (store.url, cluster.bootstrap_servers, cluster.topic_prefix, f"replica-{number}")
        return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.kafka.worker", *arguments)

    workers = [await start(number) for number in range(2)]
    try:
        for _ in range(8):
            for _ in range(chance.randrange(1, 6)):
                await store.append(chance.randrange(1, 300), subjects=PEOPLE)
            before = len(await applied(store.connection))
            if chance.random() < 0.7:

                async def moved(before: int = before) -> bool:
                    return len(await applied(store.connection)) > before

                with contextlib.suppress(TimeoutError):
                    await until(moved, 3)
            number = chance.randrange(2)
            workers[number].kill()
            await workers[number].wait()
            workers[number] = await start(number)
        await all_applied(store, 60)
    finally:
        for one in workers:
            one.kill()
            await one.wait()
    await assert_exactly_once(store.connection)


@EITHER
async def test_terminated_backends_stop_nobody(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)
    consumer = Consumer(store.url, cluster, "models", [ledger], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        for _ in range(20):
            await store.append(chance.randrange(1, 300), subjects=PEOPLE)
            await store.connection.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() order by random() limit 1"""
            )
        await all_applied(store)
        assert consumer.problems() == []
    await assert_exactly_once(store.connection)


async def test_what_a_crashed_server_took_back_is_heard_again_though_nothing_new_comes(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    consumer = Consumer(store.url, cluster, "models", [ledger], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        await store.append(50, subjects=PEOPLE)
        await all_applied(store)
        await store.connection.execute(
            """begin; delete from ledger.ledger; delete from ledger.counters;
               update checkpoints set position = 0, kafka_offset = -1 where model = 'ledger'; commit"""
        )
        await store.connection.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and application_name = 'ledger'"""
        )
        await all_applied(store)
    await assert_exactly_once(store.connection)


async def test_a_broker_that_is_killed_or_frozen_is_outlived(
    store: Store, own_cluster: Cluster, broker: Broker, counts: Counts, ledger: Ledger
) -> None:
    consumer = Consumer(store.url, own_cluster, "models", [ledger], counts, silence=6)
    async with running(Relay(store.url, own_cluster, "profiles", counts, deadline=3).run(), consumer.run()):
        await store.append(400, subjects=PEOPLE)
        await all_applied(store)
        await broker.kill()
        await store.append(400, subjects=PEOPLE)
        await broker.start()
        await all_applied(store, 60)
        broker.signal(signal.SIGSTOP)
        await store.append(400, subjects=PEOPLE)
        await until(consumer.problems)
        broker.signal(signal.SIGCONT)
        await all_applied(store, 60)
        await until(lambda: not consumer.problems())
    await assert_exactly_once(store.connection)


async def test_a_consumer_that_falls_silent_is_replaced(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetchings: list[Fetching] = []
    monkeypatch.setattr(Fetching, "begin", _noting(Fetching.begin, fetchings))
    consumer = Consumer(store.url, cluster, "models", [ledger], counts, silence=2)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        await store.append(50, subjects=PEOPLE)
        await all_applied(store)
        # As in aiokafka's issues: its fetcher's task is gone, and getmany gives nothing for ever, without an error.
        assert fetchings
        for one in fetchings[-1]._consumers:
            for task in (one._fetcher._fetch_task, *one._fetcher._pending_tasks):
                task.cancel()
        await store.append(50, subjects=PEOPLE)
        await all_applied(store)
    await assert_exactly_once(store.connection)
    assert counts.replaced.labels(cluster.group("models"))._value.get() == 1


def _noting(begin: Any, noted: list[Fetching]) -> Any:
    def noting(self: Fetching, places: Any) -> None:
        noted.append(self)
        begin(self, places)

    return noting


@EITHER
async def test_a_worker_that_was_replaced_writes_nothing(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    events = await published(store, cluster, counts, 40)
    first, second = (applier.Applier(store.url, ledger, counts) for _ in range(2))
    partitions = [("profiles", number) for number in range(24)]
    await first.begin(partitions)
    await second.begin(partitions)
    async with running(second.run()):
        await second.offer(events)
        await all_applied(store)
    await first.offer(events)
    with pytest.raises(Fenced):
        await asyncio.wait_for(first.run(), 10)
    await assert_exactly_once(store.connection)
    first.close()
    second.close()


@EITHER
async def test_without_the_guard_it_would_write_everything_again(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def move_unguarded(connection: asyncpg.Connection, model: str, moves: dict[Any, tuple[Place, Place]]) -> None:
        await connection.execute("begin")
        for (service, partition), (_, now) in sorted(moves.items()):
            await connection.execute(
                "update checkpoints set position = $4 where model = $1 and service = $2 and partition = $3",
                model, service, partition, now.position,
            )  # fmt: skip

    async def move_at_once_unguarded(
        connection: asyncpg.Connection, model: str, moves: dict[Any, tuple[Place, Place]], statements: Any
    ) -> None:
        await move_unguarded(connection, model, moves)
        for statement, arguments in statements:
            await connection.execute(statement, *arguments)
        await connection.execute("commit")

    monkeypatch.setattr(applier, "begin_and_move", move_unguarded)
    monkeypatch.setattr(applier, "move_at_once", move_at_once_unguarded)
    events = await published(store, cluster, counts, 40)
    first, second = (applier.Applier(store.url, ledger, counts) for _ in range(2))
    partitions = [("profiles", number) for number in range(24)]
    await first.begin(partitions)
    await second.begin(partitions)
    async with running(first.run(), second.run()):
        await second.offer(events)
        await first.offer(events)

        async def doubled() -> bool:
            return len(await applied(store.connection)) == 80

        await until(doubled)
    first.close()
    second.close()


async def published(store: Store, cluster: Cluster, counts: Counts, count: int) -> list[Heard]:
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        [*_, last] = await store.append(count, subjects=PEOPLE)

        async def marked() -> bool:
            return await store.marked() >= last

        await until(marked)
    return effective(await records_of(cluster, "profiles"))


async def test_a_gap_that_stays_is_named_with_its_remedy(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applier, "GAP", 0.2)
    events = await published(store, cluster, counts, 60)
    [(partition, _)] = Counter(event.partition for event in events).most_common(1)
    missing, *later = [event for event in events if event.partition == partition]
    alone = applier.Applier(store.url, ledger, counts)
    await alone.begin([("profiles", partition)])
    async with running(alone.run()):
        await alone.offer(later)
        await until(lambda: f"position {later[0].position} is missing, republish it" in "".join(alone.problems()))
        await alone.offer([missing, *later])
        await until(lambda: not alone.problems())
    assert [position for _, position in await applied(store.connection)] == [missing.position] + [
        event.position for event in later
    ]
    alone.close()


async def test_checkpoints_are_moved_all_or_none(store: Store) -> None:
    here, there = ("profiles", 3), ("profiles", 4)
    stood = await checkpoints.stand(store.connection, "ledger", [here, there])
    assert stood == {here: Place(0, -1), there: Place(0, -1)}
    moves = {here: (Place(0, -1), Place(5, 2)), there: (Place(1, 0), Place(6, 2))}
    with pytest.raises(Fenced):
        await checkpoints.begin_and_move(store.connection, "ledger", moves)
    await store.connection.execute("rollback")
    await store.connection.execute("create table told (n int)")
    told = [("insert into told select * from unnest($1::int[])", ([1, 2],))] * 2
    with pytest.raises(Fenced):
        await checkpoints.move_at_once(store.connection, "ledger", moves, told)
    assert await store.connection.fetchval("select count(*) from told") == 0
    assert await checkpoints.stand(store.connection, "ledger", [here]) == {here: Place(0, -1)}
    await checkpoints.move_at_once(store.connection, "ledger", {here: moves[here]}, told)
    assert await store.connection.fetchval("select count(*) from told") == 4
    assert await checkpoints.stand(store.connection, "ledger", [here]) == {here: Place(5, 2)}


async def test_whoever_moves_checkpoints_at_once_waits_for_who_is_moving_them(store: Store) -> None:
    here = ("profiles", 3)
    await checkpoints.stand(store.connection, "ledger", [here])
    await store.connection.execute("create table told (n int)")
    moves = {here: (Place(0, -1), Place(5, 2))}
    other = await connect(store.url)
    try:
        await checkpoints.begin_and_move(store.connection, "ledger", moves)
        late = asyncio.create_task(
            checkpoints.move_at_once(other, "ledger", moves, [("insert into told select $1::int", (1,))])
        )

        async def waits() -> bool:
            return bool(await store.connection.fetchval("select count(*) > 0 from pg_locks where not granted"))

        await until(waits)
        assert not late.done()
        await store.connection.execute("commit")
        with pytest.raises(Fenced):
            await late
        assert await store.connection.fetchval("select count(*) from told") == 0
    finally:
        other.terminate()
