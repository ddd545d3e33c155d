"""A held connection comes back by itself, and what the former one was doing has ended by then."""

import asyncio

import asyncpg
import pytest

from shared.postgres import Closed, Held, connect
from tests.eventstore.wire import Wire

PIDS = "select pid from pg_stat_activity where application_name like 'holding%'"


async def itself(connection: asyncpg.Connection) -> asyncpg.Connection:
    return connection


def held(url: str) -> Held[asyncpg.Connection]:
    return Held(url, itself, name="holding", deadline=5)


async def connected(one: Held[asyncpg.Connection]) -> asyncpg.Connection:
    async with asyncio.timeout(20):
        return await one.ready()


async def test_it_connects_ahead_of_its_use(fresh_database: str) -> None:
    async with held(fresh_database) as one:
        assert await one.check() == "PostgreSQL: not connected yet"
        assert await (await connected(one)).fetchval("select 1") == 1
        assert await one.check() is None


async def test_it_comes_back_when_its_process_is_ended(fresh_database: str) -> None:
    aside = await connect(fresh_database)
    async with held(fresh_database) as one:
        first = await connected(one)
        [(pid,)] = await aside.fetch(PIDS)
        await aside.execute("select pg_terminate_backend($1)", pid)
        async with asyncio.timeout(20):
            while one.now in (first, None):
                await asyncio.sleep(0.005)
        assert [row["pid"] for row in await aside.fetch(PIDS)] != [pid]
    await aside.close()


async def test_the_former_process_has_ended_before_there_is_a_new_connection(fresh_database: str) -> None:
    aside = await connect(fresh_database)
    async with Wire(fresh_database) as wire, held(wire.url) as one:
        first = await connected(one)
        query = asyncio.ensure_future(first.execute("select pg_sleep(60)"))
        [(pid,)] = await aside.fetch(PIDS)
        await asyncio.sleep(0)
        wire.half_open = True  # the server goes on as if nothing had happened
        wire.cut()
        with pytest.raises((asyncpg.ConnectionDoesNotExistError, ConnectionError)):
            await query
        one.lost()
        await connected(one)
        assert pid not in [row["pid"] for row in await aside.fetch(PIDS)]
    await aside.close()


async def test_without_ending_it_the_former_process_goes_on(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave_it(_held: object, _connection: object) -> None:
        return None

    monkeypatch.setattr(Held, "_end_former", leave_it)
    aside = await connect(fresh_database)
    async with Wire(fresh_database) as wire, held(wire.url) as one:
        first = await connected(one)
        query = asyncio.ensure_future(first.execute("select pg_sleep(60)"))
        [(pid,)] = await aside.fetch(PIDS)
        await asyncio.sleep(0)
        wire.half_open = True
        wire.cut()
        await asyncio.gather(query, return_exceptions=True)
        one.lost()
        await connected(one)
        assert pid in [row["pid"] for row in await aside.fetch(PIDS)]
    await aside.execute("select pg_terminate_backend($1)", pid)
    await aside.close()


async def test_it_says_why_it_is_not_there(fresh_database: str) -> None:
    async with held(f"{fresh_database}_which_is_not_there") as one, asyncio.timeout(20):
        while await one.check() != "PostgreSQL: InvalidCatalogNameError":
            await asyncio.sleep(0.005)


async def test_an_unsafe_server_is_never_used(fresh_database: str) -> None:
    unsafe: Held[asyncpg.Connection] = Held(fresh_database, itself, extra={"synchronous_commit": "off"})
    async with unsafe as one, asyncio.timeout(20):
        while await one.check() != "PostgreSQL: fsync and synchronous_commit must be on":
            await asyncio.sleep(0.005)
        assert one.now is None


async def test_who_waits_for_it_is_told_when_it_is_closed(fresh_database: str) -> None:
    async with held(f"{fresh_database}_which_is_not_there") as one:
        waiting = asyncio.create_task(one.ready())
        await asyncio.sleep(0)
    with pytest.raises(Closed):
        await waiting


async def test_many_losses_leave_one_connection(fresh_database: str) -> None:
    aside = await connect(fresh_database)
    async with held(fresh_database) as one:
        for _ in range(10):
            await connected(one)
            one.lost()
        await connected(one)
        async with asyncio.timeout(10):
            while len(await aside.fetch(PIDS)) > 1:
                await asyncio.sleep(0.01)
    await aside.close()
