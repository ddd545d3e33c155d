"""What is appended to the store and read from it: bodies are bytes here, whatever they mean."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

MOST_CHANGES = 8
"""Streams that one append can touch."""


# Tuples, not frozen dataclasses: they are made several times a command, in a third of the time.
class NewEvent(NamedTuple):
    """An event to append. `subject` is its key on the topic; a withheld one is never published."""

    id: UUID
    type: str
    subject: UUID
    body: bytes
    withheld: bool = False


class Change(NamedTuple):
    """Events for one stream, which must be at version `expected` now; 0: it must be new."""

    stream: UUID
    expected: int
    events: tuple[NewEvent, ...]


class CommandKey(NamedTuple):
    """A caller's Idempotency-Key and what was asked under it, both as HMACs."""

    key: bytes
    fingerprint: bytes


class Append(NamedTuple):
    """One to eight changes of different streams, recorded all or none."""

    changes: tuple[Change, ...]
    by: str
    origin: str = "live"
    trace: str | None = None
    key: CommandKey | None = None


class Appended(NamedTuple):
    """The positions of the first and last event of an append; those between are its others."""

    first: int
    last: int
    recorded_at: datetime


class Stored(NamedTuple):
    """An event as recorded."""

    position: int
    stream: UUID
    version: int
    id: UUID
    type: str
    subject: UUID
    recorded_at: datetime
    by: str
    origin: str
    withheld: bool
    trace: str | None
    body: bytes


class VersionConflict(Exception):
    """The stream is not at the expected version: another writer was first."""

    def __init__(self, stream: UUID) -> None:
        super().__init__(str(stream))
        self.stream = stream


class CommandRepeated(Exception):
    """A command with this key was carried out before; `matches`: it asked for the same."""

    def __init__(self, events: tuple[Stored, ...], *, matches: bool) -> None:
        super().__init__()
        self.events = events
        self.matches = matches


class Overloaded(Exception):
    """Too many wait already, or the database does not answer: nothing was recorded, and it may be tried again."""


class OutcomeUnknown(Exception):
    """There was no answer in time: the append may have been recorded, or be recorded yet. Ask again with its key."""


class EventStore(Protocol):
    """What commands need of a store."""

    async def append(self, append: Append) -> Appended:
        """Raises VersionConflict, CommandRepeated, Overloaded, OutcomeUnknown; ValueError for what no store takes."""
        ...

    async def read(self, stream: UUID) -> list[Stored]:
        """The stream's events by version. Raises Overloaded."""
        ...

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:
        """Several streams at once. Raises Overloaded."""
        ...

    async def repetition(self, key: CommandKey) -> CommandRepeated | None:
        """What a command with this key recorded before; None where there is none. Raises Overloaded."""
        ...

    async def tail(self, after: int, limit: int) -> list[Stored]:
        """Events behind a position, in order. Raises Overloaded."""
        ...


def check(append: Append) -> None:
    """Raises ValueError for what no store takes."""
    changes = append.changes
    if len(changes) == 1:
        if not changes[0].events or changes[0].expected < 0:
            raise ValueError("a change has events, and follows a version")
        return
    if not 0 < len(changes) <= MOST_CHANGES:
        raise ValueError(f"an append has 1 to {MOST_CHANGES} changes, not {len(changes)}")
    if len({change.stream for change in changes}) < len(changes):
        raise ValueError("the changes of an append are of different streams")
    if not all(change.events and change.expected >= 0 for change in changes):
        raise ValueError("a change has events, and follows a version")


def size(append: Append) -> int:
    """How many events it records."""
    changes = append.changes
    return len(changes[0].events) if len(changes) == 1 else sum(len(change.events) for change in changes)
