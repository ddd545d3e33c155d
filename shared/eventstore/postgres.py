"""The store in PostgreSQL: what waits while a group is committed is the next group; reads are grouped alike.

Appends go through one held connection and reads through another, so that a command costs two round trips that it shares
with others, and never a pool's. Whoever waits does so up to a deadline; a cancelled caller leaves its group alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg

from shared.eventstore.events import (
    Append,
    Appended,
    CommandKey,
    CommandRepeated,
    OutcomeUnknown,
    Stored,
    VersionConflict,
)
from shared.eventstore.grouping import Grouped
from shared.postgres import Held, Migration

CHANNEL = "events"
"""Listened to by the relay. Notified after the commit: inside it, all databases of a server wait for each other."""

MOST = 512
"""Appends or reads in one group."""

_APPEND = """select first, at, outcomes, firsts
    from append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"""

_FIELDS = "position, stream, version, id, type, subject, recorded_at, by, origin, withheld, trace, body"

# The events of streams, and those of commands that were carried out before under the keys given.
_READ = f"""
    select null::bytea as key, null::bytea as print, {_FIELDS} from events where stream = any ($1)
    union all
    select c.command_key, c.command_print, {", ".join(f"e.{name}" for name in _FIELDS.split(", "))}
    from events c join events e on e.position between c.position and c.position + c.command_size - 1
    where c.command_key = any ($2)"""

_TAIL = f"select {_FIELDS} from events where position > $1 order by position limit $2"

Asked = tuple[UUID, CommandKey | None]


def migrations() -> list[Migration]:
    """The log's own schema."""
    here = Path(__file__).parent
    return [Migration("eventstore/0001_events", (here / "0001_events.sql").read_text())]


class PostgresEventStore:
    """An EventStore."""

    def __init__(self, writing: Held, reading: Held, *, deadline: float = 5.0, waiting: int = 5000) -> None:
        """`deadline` is seconds for each wait; `waiting` is how many callers may wait before others are turned away."""
        self._writing = writing
        self._reading = reading
        self._appends: Grouped[Append, Appended] = Grouped(
            self._append_group, _streams_of, most=MOST, waiting=waiting, deadline=deadline
        )
        self._reads: Grouped[Asked, list[Stored]] = Grouped(
            self._read_group, lambda _: (), most=MOST, waiting=waiting, deadline=deadline
        )
        self._unheard = asyncio.Event()

    async def append(self, append: Append) -> Appended:
        """As EventStore has it."""
        return await self._appends.call(append)

    async def read(self, stream: UUID, *, key: CommandKey | None = None) -> list[Stored]:
        """As EventStore has it."""
        return await self._reads.call((stream, key))

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:
        """As EventStore has it."""
        found = await asyncio.gather(*(self.read(stream) for stream in streams))
        return dict(zip(streams, found, strict=True))

    async def tail(self, after: int, limit: int) -> list[Stored]:
        """As EventStore has it."""
        return [_stored(row) for row in await self._reading.fetch(_TAIL, after, limit)]

    async def notify(self, notifying: Held) -> None:
        """Tells the relay that there is something, for ever: one NOTIFY for all commits since the last."""
        while True:
            await self._unheard.wait()
            self._unheard.clear()
            try:
                await notifying.fetch("select pg_notify($1, '')", CHANNEL)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.2)  # the relay looks by itself every second

    async def _append_group(self, group: Sequence[Append]) -> list[Appended | Exception]:
        try:
            [row] = await self._writing.fetch(_APPEND, *_columns(group))
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, TimeoutError):
            return await self._what_became_of(group)
        self._unheard.set()
        return _outcomes(group, row) if row["outcomes"] is None else await self._each_outcome(group, row)

    async def _each_outcome(self, group: Sequence[Append], row: asyncpg.Record) -> list[Appended | Exception]:
        """Some append of the group was refused: each has an outcome of its own."""
        found: list[Appended | Exception] = []
        for append, outcome, first in zip(group, row["outcomes"], row["firsts"], strict=True):
            if outcome == 0:
                found.append(Appended(first, first + _size(append) - 1, row["at"]))
            elif outcome == 1 and append.key is not None:
                found.append(await self._repeated(append.key))
            else:
                found.append(VersionConflict(append.changes[0].stream))
        return found

    async def _repeated(self, key: CommandKey) -> Exception:
        rows = await self._reading.fetch(_READ, [], [key.key])
        return _repetition(key, rows)

    async def _what_became_of(self, group: Sequence[Append]) -> list[Appended | Exception]:
        """The answer was lost. What was recorded has our ids; what was not may still be on its way."""
        ids = [append.changes[0].events[0].id for append in group]
        streams = [append.changes[0].stream for append in group]
        try:
            rows = await self._writing.fetch(
                "select id, position, recorded_at from events where stream = any ($1) and id = any ($2)", streams, ids
            )
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError, TimeoutError):
            rows = []
        known = {row["id"]: row for row in rows}
        self._unheard.set()
        return [
            Appended(row["position"], row["position"] + _size(append) - 1, row["recorded_at"])
            if (row := known.get(first)) is not None
            else OutcomeUnknown()
            for append, first in zip(group, ids, strict=True)
        ]

    async def _read_group(self, group: Sequence[Asked]) -> list[list[Stored] | Exception]:
        keys = [key.key for _, key in group if key is not None]
        rows = await self._reading.fetch(_READ, list({stream for stream, _ in group}), keys)
        by_stream: dict[UUID, list[Stored]] = {}
        by_key: dict[bytes, list[asyncpg.Record]] = {}
        for row in rows:
            if row["key"] is None:
                by_stream.setdefault(row["stream"], []).append(_stored(row))
            else:
                by_key.setdefault(row["key"], []).append(row)
        for events in by_stream.values():
            events.sort(key=lambda event: event.version)
        return [
            by_stream.get(stream, []) if key is None or key.key not in by_key else _repetition(key, by_key[key.key])
            for stream, key in group
        ]


@asynccontextmanager
async def open_store(url: str, *, name: str = "careers", deadline: float = 5.0) -> AsyncIterator[PostgresEventStore]:
    """A store with connections of its own, which come back by themselves when they are lost."""
    async with (
        Held(url, name=f"{name} append", deadline=deadline) as writing,
        Held(url, name=f"{name} read", deadline=deadline) as reading,
        Held(url, name=f"{name} notify", deadline=deadline) as notifying,
    ):
        store = PostgresEventStore(writing, reading, deadline=deadline)
        task = asyncio.create_task(store.notify(notifying))
        try:
            yield store
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _streams_of(append: Append) -> tuple[UUID, ...]:
    """Two appends to one stream do not go into the same group: the second one's version depends on the first."""
    return tuple(change.stream for change in append.changes)


def _size(append: Append) -> int:
    return sum(len(change.events) for change in append.changes)


def _columns(group: Sequence[Append]) -> tuple[list[object], ...]:
    rows: list[tuple[object, ...]] = []
    for number, append in enumerate(group, 1):
        key, print_, size = (append.key.key, append.key.fingerprint, _size(append)) if append.key else (None,) * 3
        for change in append.changes:
            prior: int | None = change.expected
            for version, event in enumerate(change.events, change.expected + 1):
                rows.append(
                    (
                        number,
                        change.stream,
                        version,
                        prior,
                        event.id,
                        event.type,
                        event.subject,
                        append.by,
                        append.origin,
                        event.withheld,
                        append.trace,
                        key,
                        print_,
                        size,
                        event.body,
                    )
                )
                prior = key = print_ = size = None
    return tuple(list(column) for column in zip(*rows, strict=True))


def _outcomes(group: Sequence[Append], row: asyncpg.Record) -> list[Appended | Exception]:
    found: list[Appended | Exception] = []
    first, at = row["first"], row["at"]
    for append in group:
        size = _size(append)
        found.append(Appended(first, first + size - 1, at))
        first += size
    return found


def _repetition(key: CommandKey, rows: Sequence[asyncpg.Record]) -> Exception:
    events = tuple(sorted((_stored(row) for row in rows), key=lambda event: event.position))
    return CommandRepeated(events, matches=bool(rows) and rows[0]["print"] == key.fingerprint)


def _stored(row: asyncpg.Record) -> Stored:
    return Stored(
        row["position"],
        row["stream"],
        row["version"],
        row["id"],
        row["type"],
        row["subject"],
        row["recorded_at"],
        row["by"],
        row["origin"],
        row["withheld"],
        row["trace"],
        row["body"],
    )
