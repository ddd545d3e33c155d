"""Who tails the log misses nothing: positions become visible in their order, and recorded_at never runs backwards.

Each promise is seen broken without its mechanism first.
"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from shared.eventstore.postgres import PostgresEventStore, open_store
from tests.eventstore.given import append, change

PLAIN = """insert into events (position, stream, version, id, type, subject, recorded_at, by, origin, withheld, body)
    values (nextval('plain'), gen_random_uuid(), 1, gen_random_uuid(), 't', gen_random_uuid(), now(), 'x', 'live',
            false, '{}') returning position"""
LOCKED = """select last from append_one(gen_random_uuid(), 1, 0, gen_random_uuid(), 't', gen_random_uuid(), false, '{}',
    'x', 'live', null, null, null)"""


async def tailed(store: PostgresEventStore, seen: list[int]) -> None:
    seen += [stored.position for stored in await store.tail(seen[-1] if seen else 0, 1000)]


async def test_over_a_plain_sequence_a_tail_loses_what_commits_late(
    postgres: PostgresEventStore, aside: asyncpg.Connection, another: asyncpg.Connection
) -> None:
    await aside.execute("create sequence plain")
    seen: list[int] = []
    late = aside.transaction()
    await late.start()
    lost = await aside.fetchval(PLAIN)
    await another.fetchval(PLAIN)
    await tailed(postgres, seen)
    await late.commit()
    await tailed(postgres, seen)
    assert lost not in seen


async def test_what_commits_late_is_waited_for(
    postgres: PostgresEventStore, aside: asyncpg.Connection, another: asyncpg.Connection
) -> None:
    seen: list[int] = []
    late = aside.transaction()
    await late.start()
    first = await aside.fetchval(LOCKED)
    behind = asyncio.create_task(another.fetchval(LOCKED))
    also_behind = asyncio.create_task(postgres.append(append()))
    await waits_for_the_lock(aside, 2)
    await tailed(postgres, seen)
    assert seen == []
    await late.commit()
    await asyncio.gather(behind, also_behind)
    await tailed(postgres, seen)
    assert seen == [first, first + 1, first + 2]


async def waits_for_the_lock(connection: asyncpg.Connection, number: int) -> None:
    async with asyncio.timeout(20):
        while await connection.fetchval("select count(*) from pg_locks where not granted") < number:
            await asyncio.sleep(0.01)


async def test_a_tail_beside_many_writers_sees_all_in_order(log_url: str, postgres: PostgresEventStore) -> None:
    told: list[int] = []
    seen: list[int] = []
    done = asyncio.Event()

    async def write(store: PostgresEventStore) -> None:
        for _ in range(50):
            appended = await store.append(append(change(events=2)))
            told.extend((appended.first, appended.last))

    async def tail() -> None:
        while not done.is_set():
            await tailed(postgres, seen)

    async with open_store(log_url) as one, open_store(log_url) as two:
        tailing = asyncio.create_task(tail())
        await asyncio.gather(*(write(store) for store in (one, two, postgres) for _ in range(4)))
        done.set()
        await tailing
    await tailed(postgres, seen)
    assert seen == sorted(told) == list(range(1, 1201))


async def test_by_now_recorded_at_would_run_backwards(aside: asyncpg.Connection, another: asyncpg.Connection) -> None:
    await aside.execute("create sequence plain")
    begun_early = aside.transaction()
    await begun_early.start()
    await aside.execute("select 1")
    await another.execute(PLAIN)
    await aside.execute(PLAIN)
    await begun_early.commit()
    first, second = await aside.fetch("select recorded_at from events order by position")
    assert second[0] < first[0]


async def test_recorded_at_follows_the_lock(aside: asyncpg.Connection, another: asyncpg.Connection) -> None:
    begun_early = aside.transaction()
    await begun_early.start()
    await aside.execute("select 1")
    await another.execute(LOCKED)
    await aside.execute(LOCKED)
    await begun_early.commit()
    first, second = await aside.fetch("select recorded_at from events order by position")
    assert second[0] > first[0]


@pytest.mark.parametrize("events", [1, 2])
async def test_a_clock_that_is_set_back_does_not_set_recorded_at_back(
    postgres: PostgresEventStore, aside: asyncpg.Connection, events: int
) -> None:
    before = await postgres.append(append())
    ahead = before.recorded_at + timedelta(hours=1)
    await aside.execute("update events set recorded_at = $1", ahead)
    assert (await postgres.append(append(change(events=events)))).recorded_at == ahead


async def test_a_unique_version_alone_would_take_a_gap(postgres: PostgresEventStore, aside: asyncpg.Connection) -> None:
    await postgres.append(append(change(stream := uuid4())))
    await aside.execute(
        """insert into events (position, stream, version, id, type, subject, recorded_at, by, origin, withheld, body)
           select 7, stream, 7, id, type, subject, recorded_at, by, origin, withheld, body from events"""
    )
    assert [stored.version for stored in await postgres.read(stream)] == [1, 7]


@pytest.mark.parametrize("call", ["append_one", "append"])
async def test_an_append_within_a_transaction_that_wrote_is_refused(
    postgres: PostgresEventStore, aside: asyncpg.Connection, call: str
) -> None:
    """It would wait for the lock with rows in its hands that the holder may be waiting for."""
    await aside.execute("create table seen (n int)")
    arguments = {"append_one": 13, "append": 14}[call]
    transaction = aside.transaction()
    await transaction.start()
    await aside.execute("insert into seen values (1)")
    with pytest.raises(asyncpg.InvalidTransactionStateError):
        await aside.execute(f"select {call}({', '.join(['null'] * arguments)})")
    await transaction.rollback()
