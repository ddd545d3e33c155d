"""How current a model is, and when what a command recorded is to be seen."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.freshness import Freshness
from shared.kafka.marks import Marks
from shared.kafka.partitions import partition_of
from shared.kafka.relay import Relay
from shared.postgres import Pool
from tests.kafka.conftest import until
from tests.kafka.ledger import Ledger, make_tables
from tests.kafka.store import Store, mark_beyond
from tests.kafka.test_consumer import running

ANNA = uuid4()


@dataclass(frozen=True)
class At:
    service: str
    partition: int
    position: int


def annas(position: int) -> At:
    return At("profiles", partition_of(ANNA), position)


@pytest.fixture
async def ledger(store: Store) -> Ledger:
    model = Ledger()
    await make_tables(store.connection, model)
    return model


async def test_a_read_sees_what_was_recorded_before_it_or_says_not_yet(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    pool = await Pool(store.url).open()
    fresh = Freshness(pool).of("ledger")
    [first] = await store.append(subjects=[ANNA])
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        assert await fresh.wait(annas(first), 0.2) == "not-yet"
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            assert await fresh.wait(annas(first), 20) == "reached"
            position = first
            for _ in range(20):
                [position] = await store.append(subjects=[ANNA])
                assert await fresh.wait(annas(position), 20) == "reached"
                assert await store.connection.fetchval("select max(position) from ledger.ledger") == position
            assert await fresh.wait(annas(position + 1), 0.1) == "not-yet"
    await pool.close()


async def test_many_wait_with_one_look(store: Store, cluster: Cluster, counts: Counts, ledger: Ledger) -> None:
    pool = await Pool(store.url, size=1).open()
    fresh = Freshness(pool).of("ledger")
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        positions = await store.append(200, subjects=[ANNA])
        answers = await asyncio.gather(*(fresh.wait(annas(position), 20) for position in positions))
    assert set(answers) == {"reached"}
    await pool.close()


async def test_what_is_never_published_is_reached_by_a_mark_beyond_it(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    pool = await Pool(store.url).open()
    fresh = Freshness(pool).of("ledger")
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
        Marks(store.url, cluster, [ledger]).run(),
    ):
        await store.append(20)
        [withheld] = await store.append(subjects=[ANNA], withheld=True)
        assert await fresh.wait(annas(withheld), 20) == "reached"
        assert await store.connection.fetchval("select count(*) from ledger.ledger") == 20
    await pool.close()


async def test_who_waits_for_a_parked_event_is_told(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    pool = await Pool(store.url).open()
    fresh = Freshness(pool).of("ledger")
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        [bad] = await store.append(subjects=[ANNA], body=b'{"n":0}')
        [behind] = await store.append(subjects=[ANNA])
        assert await fresh.wait(annas(bad), 20) == "parked"
        assert await fresh.wait(annas(behind), 20) == "parked"
    await pool.close()


async def test_a_model_is_as_fresh_as_the_newest_mark_that_it_has_fully_applied(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    pool = await Pool(store.url).open()
    freshness = Freshness(pool)
    fresh = freshness.of("ledger")
    assert await fresh.age() is None
    marks = Marks(store.url, cluster, [ledger])

    async def known() -> bool:
        return await fresh.age() is not None

    async with running(Relay(store.url, cluster, "profiles", counts).run(), marks.run()):
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            await store.append(30)
            await until(known)
            age = await fresh.age()
            assert age is not None
            assert age < 10
            assert marks.problems() == []
        # Nobody applies any more: what is recorded now is in no mark that counts, and the model grows old.
        recorded = datetime.now(UTC)
        await mark_beyond(cluster, (await store.append(30))[-1])
        as_of = await freshness.as_of("ledger")
        assert as_of is not None
        assert as_of < recorded
    await pool.close()


async def test_a_service_that_nobody_has_heard_of_makes_the_model_unknown(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    ledger.services = ("profiles", "conversations")
    pool = await Pool(store.url).open()
    freshness = Freshness(pool)
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
        Marks(store.url, cluster, [ledger]).run(),
    ):
        await store.append(5)

        async def profiles_is_known() -> bool:
            rows = await store.connection.fetch("select service from freshness where as_of is not null")
            return [row[0] for row in rows] == ["profiles"]

        await until(profiles_is_known)
        assert await freshness.as_of("ledger") is None
    await pool.close()


async def test_a_database_that_is_gone_is_told_to_who_waits(store: Store) -> None:
    pool = await Pool(store.url).open()
    fresh = Freshness(pool).of("ledger")
    await store.connection.execute("alter table checkpoints rename to gone")
    with pytest.raises(asyncpg.UndefinedTableError):
        await fresh.wait(annas(1), 5)
    await pool.close()
