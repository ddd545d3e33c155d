"""The store without a database, for tests: the same promises, kept by one event loop."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson

from shared.eventstore.events import (
    Append,
    Appended,
    CommandKey,
    CommandRepeated,
    Stored,
    VersionConflict,
    check,
    size,
)


class MemoryEventStore:
    """An EventStore. What is under one key or in one list is never seen half done, since nothing here awaits."""

    def __init__(self) -> None:
        self._events: list[Stored] = []
        self._streams: dict[UUID, list[Stored]] = {}
        self._commands: dict[bytes, tuple[CommandKey, tuple[Stored, ...]]] = {}

    async def append(self, append: Append) -> Appended:
        """As EventStore has it."""
        check(append)
        _check_as_postgresql_does(append)
        if append.key is not None and (repeated := self._repetition(append.key)) is not None:
            raise repeated
        for change in append.changes:
            if change.expected != len(self._streams.get(change.stream, ())):
                raise VersionConflict(change.stream)
        last = self._events[-1].recorded_at if self._events else datetime.min.replace(tzinfo=UTC)
        now = max(datetime.now(UTC), last)
        first = len(self._events) + 1
        for change in append.changes:
            stream = self._streams.setdefault(change.stream, [])
            for version, event in enumerate(change.events, change.expected + 1):
                stored = Stored(
                    len(self._events) + 1,
                    change.stream,
                    version,
                    event.id,
                    event.type,
                    event.subject,
                    now,
                    append.by,
                    append.origin,
                    event.withheld,
                    append.trace,
                    event.body,
                )
                self._events.append(stored)
                stream.append(stored)
        if append.key is not None:
            self._commands[append.key.key] = append.key, tuple(self._events[-size(append) :])
        return Appended(first, len(self._events), now)

    async def read(self, stream: UUID) -> list[Stored]:
        """As EventStore has it."""
        return self._streams.get(stream, [])[:]

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:
        """As EventStore has it."""
        return {stream: self._streams.get(stream, [])[:] for stream in streams}

    async def repetition(self, key: CommandKey) -> CommandRepeated | None:
        """As EventStore has it."""
        return self._repetition(key)

    async def tail(self, after: int, limit: int) -> list[Stored]:
        """As EventStore has it."""
        return self._events[after : after + limit]

    def _repetition(self, key: CommandKey) -> CommandRepeated | None:
        known = self._commands.get(key.key)
        return CommandRepeated(known[1], matches=known[0].fingerprint == key.fingerprint) if known else None


def _check_as_postgresql_does(append: Append) -> None:
    """Raises ValueError for bodies that are not JSON, and texts that it cannot hold."""
    for change in append.changes:
        for event in change.events:
            orjson.loads(event.body)
            texts = append.by + append.origin + (append.trace or "") + event.type
            if b"\0" in texts.encode():
                raise ValueError("a text has no NUL")
