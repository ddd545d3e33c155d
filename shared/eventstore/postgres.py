"""The store in PostgreSQL: appends and reads in groups, each kind on a held connection of its own.

A command costs two round trips that it shares with others, and never a pool's connection.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import cast
from uuid import UUID

import asyncpg

from shared.eventstore import appends, bell, reads
from shared.eventstore.appends import Appends
from shared.eventstore.bell import Bell
from shared.eventstore.events import (
    Append,
    Appended,
    CommandKey,
    CommandRepeated,
    OutcomeUnknown,
    Overloaded,
    Stored,
    check,
)
from shared.eventstore.lane import Lane
from shared.eventstore.reads import Reads, Streams, Tail
from shared.eventstore.schema import migrations
from shared.eventstore.versions import Versions
from shared.postgres import Held

__all__ = ["PostgresEventStore", "migrations", "open_store"]

DEADLINE = 5.0
"""Seconds that any caller waits at most."""

ROOM = 2000
"""Callers that may wait before others are turned away."""

MOST = 256
"""Appends, or reads, in one group: it holds the lock for some 15 ms at most."""

# A plan is made once, when the log may be empty, and must be right for millions of events: no plan that reads it all.
SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "default_transaction_isolation": "read committed",  # the function looks at what was there when it got the lock
}


class PostgresEventStore:
    """An EventStore. Use open_store()."""

    def __init__(
        self,
        writing: Held[appends.Statements],
        reading: Held[reads.Statements],
        telling: Held[asyncpg.Connection],
        versions: Versions,
        *,
        deadline: float = DEADLINE,
        room: int = ROOM,
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._appends: Lane[Append, Appended] = Lane(
            Appends(writing, versions).run,
            writing,
            apart=_apart,
            late=OutcomeUnknown,
            most=MOST,
            room=room,
            deadline=deadline,
        )
        self._reads = Lane(
            Reads(reading, versions).run,
            reading,
            apart=None,
            late=Overloaded,
            most=MOST,
            room=room,
            deadline=deadline,
        )
        self._appends.landed = Bell(telling).ring

    @property
    def waiting(self) -> int:
        """Callers whose turn is still to come."""
        return self._appends.waiting + self._reads.waiting

    async def append(self, append: Append) -> Appended:
        """As EventStore has it."""
        check(append)
        return await self._appends.ask(append)

    async def read(self, stream: UUID) -> list[Stored]:
        """As EventStore has it."""
        found = await self._reads.ask(Streams((stream,)))
        return cast("list[Stored]", found[stream])

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:
        """As EventStore has it."""
        if not streams:
            return {}
        return cast("dict[UUID, list[Stored]]", await self._reads.ask(Streams(tuple(streams))))

    async def repetition(self, key: CommandKey) -> CommandRepeated | None:
        """As EventStore has it."""
        return cast("CommandRepeated | None", await self._reads.ask(key))

    async def tail(self, after: int, limit: int) -> list[Stored]:
        """As EventStore has it."""
        return cast("list[Stored]", await self._reads.ask(Tail(after, limit)))

    async def check(self) -> str | None:
        """For readiness: why nothing can be appended or read now."""
        return await self._writing.check() or await self._reading.check()

    def close(self) -> None:
        """Answers who still waits that this process stops."""
        self._appends.close()
        self._reads.close()


@asynccontextmanager
async def open_store(
    url: str, *, name: str = "careers", deadline: float = DEADLINE, room: int = ROOM
) -> AsyncIterator[PostgresEventStore]:
    """A store with three connections of its own, which come back by themselves when they are lost.

    `deadline` is seconds; the server gives a statement up before a caller gives up waiting for it, so that most
    failures are known ones.
    """
    server = {**SETTINGS, "statement_timeout": str(int(deadline * 800))}
    versions = Versions()
    async with (
        Held(
            url, partial(appends.prepare, versions), name=f"{name} append", deadline=deadline, extra=server
        ) as writing,
        Held(url, reads.prepare, name=f"{name} read", deadline=deadline, extra=server) as reading,
        Held(url, bell.prepare, name=f"{name} bell", deadline=deadline) as telling,
    ):
        store = PostgresEventStore(writing, reading, telling, versions, deadline=deadline, room=room)
        try:
            yield store
        finally:
            store.close()


def _apart(append: Append) -> list[UUID | bytes]:
    """Appends to one stream, or under one key, are not of one group: what becomes of the second hangs on the first."""
    apart: list[UUID | bytes] = [change.stream for change in append.changes]
    if append.key is not None:
        apart.append(append.key.key)
    return apart
