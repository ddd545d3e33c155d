"""Many appends in one transaction, and yet none can hurt another; many reads in one query."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from shared.eventstore import Append, Appended, Change, CommandRepeated, Overloaded, VersionConflict
from shared.eventstore.postgres import PostgresEventStore, open_store
from tests.eventstore.given import append, change, command_key, event
from tests.eventstore.wire import Wire

BATCH = """insert into events (position, stream, version, id, type, subject, recorded_at, by, origin, withheld,
        command_key, body)
    select 100 + n, gen_random_uuid(), 1, gen_random_uuid(), 't', gen_random_uuid(), now(), 'x', 'live', false, key,
           '{}'
    from unnest($1::bytea[]) with ordinality as k (key, n)"""


async def transactions(connection: asyncpg.Connection) -> int:
    """How many of them recorded events."""
    found: int = await connection.fetchval("select count(distinct xmin::text) from events")
    return found


async def test_what_waits_together_is_one_transaction(postgres: PostgresEventStore, aside: asyncpg.Connection) -> None:
    told = await asyncio.gather(*(postgres.append(append(change(events=2))) for _ in range(100)))
    assert len({one.recorded_at for one in told}) <= 3
    assert await transactions(aside) <= 3
    assert sorted(one.first for one in told) == list(range(1, 201, 2))


async def test_in_a_plain_batch_one_repeated_key_takes_its_neighbours_along(
    postgres: PostgresEventStore, aside: asyncpg.Connection
) -> None:
    key = command_key()
    await postgres.append(append(key=key))
    with pytest.raises(asyncpg.UniqueViolationError):
        await aside.execute(BATCH, [b"one", key.key, b"two", b"three"])
    assert await aside.fetchval("select count(*) from events") == 1


async def test_one_repeated_key_leaves_its_neighbours_alone(postgres: PostgresEventStore) -> None:
    key, stream = command_key(), uuid4()
    await postgres.append(append(change(stream, events=2), key=key))
    group = [append(), append(key=key), append(change(stream, 2), change()), append(change(stream)), append()]
    told = await asyncio.gather(*map(postgres.append, [append(), *group]), return_exceptions=True)
    assert [type(one) for one in told] == [Appended, Appended, CommandRepeated, Appended, VersionConflict, Appended]
    assert [stored.position for stored in await postgres.tail(0, 100)] == list(range(1, 8))


@pytest.mark.parametrize("body", [b"{", b'"\\u0000', b"\xff", b""])
async def test_what_postgresql_cannot_take_hurts_only_who_brought_it(postgres: PostgresEventStore, body: bytes) -> None:
    poison = Append((Change(uuid4(), 0, (event(body),)),), by="x")
    told = await asyncio.gather(
        *(postgres.append(one) for one in (append(), append(), poison, append())), return_exceptions=True
    )
    assert [type(one) for one in told] == [Appended, Appended, ValueError, Appended]


async def test_a_nul_in_a_name_hurts_only_who_brought_it(postgres: PostgresEventStore) -> None:
    told = await asyncio.gather(
        *(postgres.append(one) for one in (append(), append(), append()._replace(by="a\0b"), append())),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [Appended, Appended, ValueError, Appended]


async def test_a_cancelled_caller_that_runs_its_query_takes_the_group_along(aside: asyncpg.Connection) -> None:
    """What the store must not do: await the statement of a group in the task of one of its callers."""
    query = asyncio.ensure_future(aside.fetch("select pg_sleep(5)"))
    others = [asyncio.ensure_future(asyncio.shield(query)) for _ in range(3)]
    await asyncio.sleep(0.05)
    query.cancel()
    told = await asyncio.gather(*others, return_exceptions=True)
    assert {type(one) for one in told} == {asyncio.CancelledError}


async def test_cancelled_callers_leave_the_group_and_the_connection_alone(
    log_url: str, aside: asyncpg.Connection
) -> None:
    async with open_store(log_url, name="cancelling") as store:
        await store.append(append())
        before = await backends(aside)
        appends = [append() for _ in range(400)]
        tasks = [asyncio.ensure_future(store.append(one)) for one in appends]
        for number, task in enumerate(tasks):
            if number % 3 == 0:
                task.cancel()
            if number % 7 == 0:
                await asyncio.sleep(0)
        told = await asyncio.gather(*tasks, return_exceptions=True)
        recorded = {row[0] for row in await aside.fetch("select id from events")}
        for one, outcome in zip(appends, told, strict=True):
            if isinstance(outcome, Appended):
                assert one.changes[0].events[0].id in recorded
            else:
                assert isinstance(outcome, asyncio.CancelledError)
        assert sum(isinstance(outcome, Appended) for outcome in told) >= 266
        assert await backends(aside) == before


async def backends(connection: asyncpg.Connection) -> set[int]:
    return {
        row[0]
        for row in await connection.fetch("select pid from pg_stat_activity where application_name like 'cancelling%'")
    }


async def test_who_is_cancelled_while_waiting_records_nothing(wire: Wire, aside: asyncpg.Connection) -> None:
    async with open_store(wire.url) as store:
        await store.append(append())
        wire.there.clear()
        under_way = asyncio.ensure_future(store.append(append()))
        await asyncio.sleep(0)
        waiting = [asyncio.ensure_future(store.append(append())) for _ in range(10)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        wire.there.set()
        await under_way
        await asyncio.wait(waiting)
        await store.append(append())
        assert await aside.fetchval("select count(*) from events") == 3


async def test_too_many_that_wait_are_told_at_once(wire: Wire) -> None:
    async with open_store(wire.url, room=10) as store:
        await store.append(append())
        wire.there.clear()
        tasks = [asyncio.ensure_future(store.append(append())) for _ in range(11)]
        await asyncio.sleep(0)
        assert store.waiting == 10
        with pytest.raises(Overloaded):
            await store.append(append())
        wire.there.set()
        assert all(isinstance(one, Appended) for one in await asyncio.gather(*tasks))


async def test_reads_that_wait_share_one_query(wire: Wire) -> None:
    said: list[bytes] = []
    async with open_store(wire.url) as store:
        streams = [uuid4() for _ in range(50)]
        await asyncio.gather(*(store.append(append(change(stream, events=3))) for stream in streams))
        await store.read(uuid4())
        wire.heard = said.append
        found = await asyncio.gather(*(store.read(stream) for stream in streams))
        assert [len(events) for events in found] == [3] * 50
        assert len([one for one in said if one]) <= 3


async def test_two_who_read_one_stream_together_do_not_share_a_list(postgres: PostgresEventStore) -> None:
    await postgres.append(append(change(stream := uuid4())))
    _, one, two = await asyncio.gather(*(postgres.read(stream) for _ in range(3)))
    one.clear()
    assert two


async def test_an_idle_store_is_in_nobodys_way(postgres: PostgresEventStore, aside: asyncpg.Connection) -> None:
    """asyncpg's prepare() leaves a transaction open, with locks, until the next statement."""
    await postgres.append(append())
    await postgres.read(uuid4())
    await aside.execute("set lock_timeout = '2s'")
    await aside.execute("alter table events add column added_later int")
    await aside.execute("alter table events drop column added_later")
    await postgres.append(append())


async def test_a_prepared_statement_is_in_the_way_until_something_follows(
    log_url: str, another: asyncpg.Connection, aside: asyncpg.Connection
) -> None:
    await another.prepare("select position from events")
    await aside.execute("set lock_timeout = '200ms'")
    with pytest.raises(asyncpg.LockNotAvailableError):
        await aside.execute("alter table events add column added_later int")
