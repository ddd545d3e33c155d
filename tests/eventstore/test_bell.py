"""Whoever listens is woken after a commit, and not once for each of a crowd."""

import asyncio
from uuid import uuid4

import asyncpg

from shared.eventstore.bell import CHANNEL
from shared.eventstore.postgres import open_store
from tests.eventstore.given import append
from tests.eventstore.wire import Wire


class Ear:
    """Hears the bell, and looks at the log each time."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.heard = 0

    async def listen(self) -> None:
        await self._connection.add_listener(CHANNEL, self._hear)

    def _hear(self, *_: object) -> None:
        self.heard += 1

    async def hears(self, more_than: int) -> None:
        async with asyncio.timeout(10):
            while self.heard <= more_than:
                await asyncio.sleep(0.005)


async def test_a_listener_is_woken_once_the_events_are_there(log_url: str, aside: asyncpg.Connection) -> None:
    ear = Ear(aside)
    await ear.listen()
    async with open_store(log_url) as store:
        await store.read(uuid4())
        for number in range(1, 4):
            before = ear.heard
            await store.append(append())
            await ear.hears(before)
            assert await aside.fetchval("select count(*) from events") == number


async def test_many_commits_ring_few_times(log_url: str, aside: asyncpg.Connection) -> None:
    ear = Ear(aside)
    await ear.listen()
    async with open_store(log_url) as store:
        await asyncio.gather(*(several(store, 20) for _ in range(20)))
        last = await store.append(append())
        await ear.hears(0)
        assert last.last == 401
    assert ear.heard < 200


async def several(store, number: int) -> None:
    for _ in range(number):
        await store.append(append())


async def test_a_bell_that_cannot_ring_keeps_nobody_waiting(wire: Wire, aside: asyncpg.Connection) -> None:
    ear = Ear(aside)
    await ear.listen()
    async with open_store(wire.url) as store:
        await store.append(append())
        await ear.hears(0)
        await aside.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%bell%'"
        )
        await asyncio.gather(*(store.append(append()) for _ in range(5)))
        async with asyncio.timeout(10):  # the bell comes back by itself
            while ear.heard < 2:
                await store.append(append())
                await asyncio.sleep(0.05)
