"""Contestants that record events of 410 bytes, in streams of five, each under a command key."""

import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from benchmarks.rounds import Once
from shared.eventstore import Append, Change, CommandKey, EventStore, NewEvent
from shared.postgres import connect

TYPE = "profiles.aspiration_shared.v1"
BODY = b'{"words":"%s"}' % (b"x" * (410 - 12))
LENGTH = 5

# The same rows and indexes. Its positions come from a sequence, its times from the clock: no lock, no promise.
LIMIT = """
    create table inserted (like events including indexes);
    create sequence inserted_position;
    alter table inserted alter position set default nextval('inserted_position');
    alter table inserted alter recorded_at set default clock_timestamp()"""
INSERT = """
    insert into inserted (stream, version, id, type, subject, by, origin, withheld, trace, command_key, command_print,
                          command_size, body)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12) returning position"""
EMPTY = "truncate events, inserted"

RESERVED = 12
"""Connections that are left to the store, to this process and to the server."""


def appends() -> Iterator[Append]:
    """What one caller does: one stream after the other, event by event."""
    while True:
        stream, subject = _uuid(), _uuid()
        by = str(subject)
        for version in range(LENGTH):
            event = NewEvent(uuid7(), TYPE, subject, BODY)
            yield Append((Change(stream, version, (event,)),), by, key=CommandKey(os.urandom(32), os.urandom(32)))


def _uuid() -> UUID:
    return UUID(int=random.getrandbits(128))


def to_store(store: EventStore) -> Once:
    """A caller of the store."""
    wishes = appends()

    async def once() -> None:
        await store.append(next(wishes))

    return once


def to_table(statement: "asyncpg.prepared_stmt.PreparedStatement") -> Once:
    """A caller that inserts the same, in a transaction each, on a connection that nobody else uses."""
    wishes = appends()

    async def once() -> None:
        append = next(wishes)
        [change] = append.changes
        [event] = change.events
        key = append.key
        await statement.fetchval(
            change.stream,
            change.expected + 1,
            event.id,
            event.type,
            event.subject,
            append.by,
            append.origin,
            event.withheld,
            append.trace,
            key and key.key,
            key and key.fingerprint,
            event.body,
        )

    return once


@asynccontextmanager
async def limit(url: str, number: int) -> AsyncIterator[list[Once]]:
    """Callers of the limit, each with a held connection and a prepared statement, as many as the server has."""
    async with AsyncExitStack() as stack:
        first = await connect(url)
        stack.push_async_callback(first.close)
        most = int(await first.fetchval("show max_connections")) - RESERVED
        most -= await first.fetchval("select count(*) from pg_stat_activity where backend_type = 'client backend'")
        callers = []
        for _ in range(min(number, most)):
            connection = await connect(url)
            stack.push_async_callback(connection.close)
            callers.append(to_table(await connection.prepare(INSERT)))
            await connection.execute("select 1")  # prepare() leaves a transaction open until something follows
        yield callers
