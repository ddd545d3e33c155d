"""A model is built anew beside the old one, under load, and takes its place at one vector of positions."""

import asyncio
import random
from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import pytest

from shared.kafka import rebuild as rebuilding
from shared.kafka.cluster import Cluster
from shared.kafka.comparison import differences
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.parked import retry_parked
from shared.kafka.reactions import Reactions
from shared.kafka.rebuild import RebuildRefused, rebuild
from shared.kafka.records import Heard
from shared.kafka.relay import Relay
from tests.kafka.conftest import until
from tests.kafka.ledger import TYPE, Ledger, Row, applied, assert_exactly_once, make_tables
from tests.kafka.store import Store
from tests.kafka.test_consumer import all_applied, running

PEOPLE = [uuid4() for _ in range(40)]


@pytest.fixture
async def ledger(store: Store) -> Ledger:
    model = Ledger()
    await make_tables(store.connection, model)
    return model


async def schemas(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch("select nspname from pg_namespace where nspname like 'ledger%'")
    return {row[0] for row in rows}


async def test_under_load_the_new_model_is_the_old_one_and_nothing_is_lost_or_doubled(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        for _ in range(10):
            await store.append(1_000, subjects=PEOPLE)
        await all_applied(store)

        stop = asyncio.Event()

        async def load() -> None:
            while not stop.is_set():
                await store.append(chance.randrange(1, 60), subjects=PEOPLE)
                await asyncio.sleep(0)

        old = await store.connection.fetchval("select 'ledger.ledger'::regclass::oid")
        loading = asyncio.create_task(load())
        done = await rebuild(store.url, cluster, ledger, counts, accept_differences=False)
        stop.set()
        await loading
        assert (list(done.differences), done.switched, done.parked) == ([], True, 0)
        await store.append(100, subjects=PEOPLE)
        await all_applied(store)
    assert await store.connection.fetchval("select 'ledger.ledger'::regclass::oid") != old
    await assert_exactly_once(store.connection)
    assert await schemas(store.connection) == {"ledger"}
    rows = await store.connection.fetch("select distinct model from checkpoints")
    assert [row[0] for row in rows] == ["ledger"]


class Corrected(Ledger):
    """Another version of the model's code: it counts double, and reads what the first could not."""

    def prepare(self, batch: Sequence[Heard]) -> list[Row]:
        return [(h.service, h.partition, h.position, str(h.subject), 1) for h in batch]


async def test_differences_are_told_and_only_switched_to_when_accepted(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    await store.append(200, subjects=PEOPLE, body=b'{"n":2}')
    await store.append(subjects=PEOPLE[:1], body=b'{"n":0}')
    await store.append(20, subjects=PEOPLE[:1], body=b'{"n":2}')
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):

        async def heard() -> bool:
            parked: int = await store.connection.fetchval("select count(*) from parked")
            return len(await applied(store.connection)) == 200 and parked == 21

        await until(heard)
        refused = await rebuild(store.url, cluster, Corrected(), counts, accept_differences=False)
        assert not refused.switched
        assert "rows only in ledger" in "".join(refused.differences)
        assert await schemas(store.connection) == {"ledger", "ledger_rebuild"}
        assert await heard(), "the old model stands as it was"
        done = await rebuild(store.url, cluster, Corrected(), counts, accept_differences=True)
        assert (done.switched, done.parked) == (True, 0)
        assert await schemas(store.connection) == {"ledger"}
        assert await store.connection.fetchval("select count(*) from parked") == 0
    await assert_exactly_once(store.connection)


async def test_what_cannot_be_applied_is_parked_in_the_new_model_too(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    await store.append(100, subjects=PEOPLE[1:])
    await store.append(subjects=PEOPLE[:1], body=b'{"n":0}')
    await store.append(5, subjects=PEOPLE[:1])
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):

        async def heard() -> bool:
            parked: int = await store.connection.fetchval("select count(*) from parked")
            return len(await applied(store.connection)) == 100 and parked == 6

        await until(heard)
        done = await rebuild(store.url, cluster, ledger, counts, accept_differences=False)
        assert (done.switched, done.parked) == (True, 6)
        await store.append(1, subjects=PEOPLE[:1])

        async def held() -> bool:
            return bool(await store.connection.fetchval("select count(*) = 7 from parked where model = 'ledger'"))

        await until(held)
        assert (await retry_parked(store.connection, Corrected(), "profiles", PEOPLE[0])).applied == 7
    await assert_exactly_once(store.connection)


async def test_what_an_interrupted_rebuild_left_is_no_matter(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await store.append(3_000, subjects=PEOPLE)
        await all_applied(store)
        slow = Ledger(delay=0.2)
        interrupted = asyncio.create_task(rebuild(store.url, cluster, slow, counts, accept_differences=False))
        await until(lambda: slow.writes > 0)
        with pytest.raises(RebuildRefused, match="already"):
            await rebuild(store.url, cluster, ledger, counts, accept_differences=False)
        interrupted.cancel()
        await asyncio.gather(interrupted, return_exceptions=True)
        await assert_exactly_once(store.connection)
        assert (await rebuild(store.url, cluster, ledger, counts, accept_differences=False)).switched
    await assert_exactly_once(store.connection)


async def test_a_topic_that_has_lost_events_is_noticed(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "STALLED", 0.5)
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await store.append(50, subjects=PEOPLE)
        await all_applied(store)
    lost = Cluster(cluster.bootstrap_servers, cluster.instance, cluster.topic_prefix)
    await store.connection.execute("update checkpoints set position = position + 1 where position > 0")
    with pytest.raises(RebuildRefused, match="republish"):
        await rebuild(store.url, lost, ledger, counts, accept_differences=False)


async def test_reactions_cannot_be_rebuilt(store: Store, cluster: Cluster, counts: Counts) -> None:
    async def react(heard: Heard) -> None:
        raise AssertionError(heard)

    await store.append(5)
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        with pytest.raises(AttributeError, match="tables"):
            await rebuild(store.url, cluster, Reactions("tell", {TYPE: react}), counts, accept_differences=True)  # type: ignore[arg-type]


async def test_two_schemas_are_compared_row_by_row_whatever_the_order(store: Store) -> None:
    await store.connection.execute(
        """create schema a; create table a.t (at bigserial, x int, y text); create table a.same (x int);
           create schema b; create table b.t (at bigserial, x int, y text); create table b.same (x int);
           insert into a.t (x, y) values (1, 'x'), (2, null), (2, null), (3, 'z');
           insert into b.t (x, y) values (3, 'z'), (2, null), (1, 'x'), (2, null)"""
    )
    assert await differences(store.connection, "a", "b") == []
    await store.connection.execute("insert into b.t (x, y) values (2, null); create table b.more (x int)")
    assert await differences(store.connection, "a", "b") == [
        "more: not the same columns",
        "t: 0 rows only in a, 1 only in b",
    ]
