"""Connections that are lost, frozen or held up: nobody hangs, nothing is doubled, and what is told is true."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from shared.eventstore import Append, Appended, CommandRepeated, OutcomeUnknown, Overloaded, VersionConflict
from shared.eventstore.appends import Appends
from shared.eventstore.postgres import PostgresEventStore, open_store
from shared.postgres import connect
from tests.eventstore.given import append, change, command_key
from tests.eventstore.wire import Wire

DEADLINE = 2.0
RECORD = """append_one(gen_random_uuid(), 1, 0, gen_random_uuid(), 't', gen_random_uuid(), false, '{}', 'x', 'live',
    null, null, null)"""


@pytest.fixture
async def wired(wire: Wire) -> AsyncIterator[PostgresEventStore]:
    """A store behind a wire, connected."""
    async with open_store(wire.url, deadline=DEADLINE) as store:
        await store.read(uuid4())
        await store.append(append())
        yield store


async def recorded(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval("select count(*) from events")
    return found


async def commits(connection: asyncpg.Connection, number: int) -> None:
    async with asyncio.timeout(20):
        while await recorded(connection) < number:
            await asyncio.sleep(0.005)


def asked(store: PostgresEventStore, *appends: Append) -> list[asyncio.Future[Appended]]:
    return [asyncio.ensure_future(store.append(one)) for one in appends]


async def test_a_lost_answer_leaves_a_plain_caller_in_doubt(wire: Wire, aside: asyncpg.Connection) -> None:
    plain = await connect(wire.url)
    wire.back.clear()
    query = asyncio.ensure_future(plain.execute(f"select {RECORD}"))
    await commits(aside, 1)
    wire.cut()
    with pytest.raises((asyncpg.ConnectionDoesNotExistError, ConnectionError)):
        await query


@pytest.mark.parametrize("number", [1, 5])
async def test_a_lost_answer_is_found_again(
    wired: PostgresEventStore, wire: Wire, aside: asyncpg.Connection, number: int
) -> None:
    """With or without a key: the events have ids of ours."""
    appends = [append(change(events=2), key=command_key() if i % 2 else None) for i in range(number)]
    wire.back.clear()
    told = asked(wired, *appends)
    await commits(aside, 3)
    wire.cut()
    wire.back.set()
    for one, appended in zip(appends, await asyncio.gather(*told), strict=True):
        events = await wired.read(one.changes[0].stream)
        assert [stored.position for stored in events] == [appended.first, appended.last]
        assert events[0].recorded_at == appended.recorded_at


async def test_a_lost_question_is_asked_again_and_recorded_once(
    wired: PostgresEventStore, wire: Wire, aside: asyncpg.Connection
) -> None:
    wire.there.clear()
    told = asked(wired, *(append(key=command_key()) for _ in range(5)))
    await asyncio.sleep(0)
    wire.cut()
    wire.there.set()
    assert [type(one) for one in await asyncio.gather(*told)] == [Appended] * 5
    assert await recorded(aside) == 6


async def test_a_question_that_arrives_late_is_not_carried_out(
    wired: PostgresEventStore, wire: Wire, aside: asyncpg.Connection
) -> None:
    """The server still believes in the connection that we have given up. Its process is ended before anybody looks."""
    wire.there.clear()
    wire.half_open = True
    told = asked(wired, append(change(stream := uuid4())))
    await asyncio.sleep(0.05)
    wire.cut()
    wire.there.set()  # what was held up goes to the old process now, while the new connection is made
    [appended] = await asyncio.gather(*told)
    assert [stored.position for stored in await wired.read(stream)] == [appended.first]
    assert await recorded(aside) == 2


async def test_who_looks_too_early_takes_its_own_append_for_another_writers(
    wired: PostgresEventStore, wire: Wire, aside: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without ending the old process: the answer is wrong."""

    async def leave_it(_held: object, _connection: object) -> None:
        return None

    monkeypatch.setattr("shared.postgres.held.Held._end_former", leave_it)
    looked = Appends._not_found

    async def look_then_wait(self: Appends, jobs: list[object]) -> object:
        left = await looked(self, jobs)  # type: ignore[arg-type]
        await aside.execute("commit")
        await asyncio.create_task(commits(aside, 2))
        return left

    monkeypatch.setattr(Appends, "_not_found", look_then_wait)
    await aside.execute("begin")
    await aside.execute("select pg_advisory_xact_lock(1702258036)")  # the old process waits for its turn
    wire.half_open = True
    told = asked(wired, append())
    async with asyncio.timeout(10):
        while not await aside.fetchval("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0.01)
    wire.cut()
    with pytest.raises(VersionConflict):
        await asyncio.gather(*told)


async def test_backends_ended_under_load_lose_and_double_nothing(log_url: str, aside: asyncpg.Connection) -> None:
    told: list[tuple[Append, object]] = []

    async def write(store: PostgresEventStore) -> None:
        for number in range(50):
            one = append(change(events=number % 3 + 1), key=command_key())
            told.append((one, (await asyncio.gather(store.append(one), return_exceptions=True))[0]))

    async def kill() -> int:
        kills = 0
        while len(told) < 350:
            [(ended,)] = await aside.fetch(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'killed%'"
            )
            kills += ended
            enough = len(told) + 40
            while len(told) < enough:
                await asyncio.sleep(0)
        return kills

    async with open_store(log_url, name="killed") as store:
        await store.append(append())
        killing = asyncio.create_task(kill())
        await asyncio.gather(*(write(store) for _ in range(8)))
        assert await killing > 8
    rows = await aside.fetch("select id, position from events order by position")
    positions = {row["id"]: row["position"] for row in rows}
    assert len(positions) == len(rows)
    for one, outcome in told:
        found = [positions.get(event.id) for event in one.changes[0].events]
        if isinstance(outcome, Appended):
            assert found == list(range(outcome.first, outcome.last + 1))
        elif isinstance(outcome, Overloaded):
            assert found == [None] * len(found)
        else:
            assert isinstance(outcome, OutcomeUnknown)
    assert sum(isinstance(outcome, Appended) for _, outcome in told) > 350


async def test_a_frozen_database_is_told_within_the_deadline(
    wired: PostgresEventStore, wire: Wire, aside: asyncpg.Connection
) -> None:
    keys = [command_key() for _ in range(3)]
    wire.back.clear()
    begun = time.monotonic()
    under_way = asked(wired, append(key=keys[0]))
    await asyncio.sleep(0)
    behind = asked(wired, append(key=keys[1]), append(key=keys[2]))
    reading = asyncio.ensure_future(wired.read(uuid4()))
    assert [type(one) for one in await asyncio.gather(*under_way, *behind, reading, return_exceptions=True)] == [
        OutcomeUnknown,
        Overloaded,
        Overloaded,
        Overloaded,
    ]
    assert time.monotonic() - begun < DEADLINE + 1
    wire.back.set()
    async with asyncio.timeout(20):
        while await wired.check():
            await asyncio.sleep(0.01)
    with pytest.raises(CommandRepeated):  # whoever asks again with the key learns what became of it
        await wired.append(append(key=keys[0]))
    assert isinstance(await wired.append(append(key=keys[1])), Appended)
    assert await recorded(aside) == 3


async def test_a_lock_that_is_not_given_is_a_known_outcome(
    wired: PostgresEventStore, aside: asyncpg.Connection
) -> None:
    """The server gives the statement up first, and says so."""
    transaction = aside.transaction()
    await transaction.start()
    await aside.execute("select pg_advisory_xact_lock(1702258036)")
    with pytest.raises(Overloaded):
        await wired.append(append())
    await transaction.rollback()
    assert isinstance(await wired.append(append()), Appended)
    assert await recorded(aside) == 2


async def test_a_database_that_is_away_is_said_so_and_comes_back(wired: PostgresEventStore, wire: Wire) -> None:
    assert await wired.check() is None
    wire.refusing = True
    wire.cut()
    async with asyncio.timeout(10):
        while await wired.check() is None:
            await asyncio.sleep(0.01)
    waiting = asked(wired, append())
    reading = asyncio.ensure_future(wired.read(uuid4()))
    await asyncio.sleep(0.1)
    wire.refusing = False
    await asyncio.gather(*waiting, reading)
    assert await wired.check() is None


async def test_a_store_is_closed_while_callers_wait(wire: Wire) -> None:
    async with open_store(wire.url) as store:
        await store.append(append())
        wire.there.clear()
        tasks = asked(store, append(), append())
        await asyncio.sleep(0)
    assert [type(one) for one in await asyncio.gather(*tasks, return_exceptions=True)] == [OutcomeUnknown, Overloaded]


async def test_behind_a_new_connection_nothing_is_taken_for_granted(log_url: str, aside: asyncpg.Connection) -> None:
    """The database may have been restored to an earlier day, and lack a version that this process has seen."""
    async with open_store(log_url, name="restored") as store:
        await store.append(append(change(stream := uuid4(), events=2)))
        assert len(await store.read(stream)) == 2
        await aside.execute("delete from events where version = 2")
        await aside.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'restored%'"
        )
        with pytest.raises(VersionConflict):
            await store.append(append(change(stream, 2)))
