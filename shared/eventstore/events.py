"""What is appended to the store and read from it: bodies are bytes here, whatever they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append. `subject` is its key on the topic; a withheld one is never published."""

    id: UUID
    type: str
    subject: UUID
    body: bytes
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Events for one stream, which must be at version `expected` now; 0: it must be new."""

    stream: UUID
    expected: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A caller's Idempotency-Key and what was asked under it, both as HMACs."""

    key: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """One to eight changes, recorded all or none."""

    changes: tuple[Change, ...]
    by: str
    origin: str = "live"
    trace: str | None = None
    key: CommandKey | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """The positions of the first and last event of an append."""

    first: int
    last: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
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
    """Too many appends wait already."""


class OutcomeUnknown(Exception):
    """The connection was lost before the answer: the append may have been recorded."""


class EventStore(Protocol):
    """What commands need of a store."""

    async def append(self, append: Append) -> Appended:
        """Raises VersionConflict, CommandRepeated, Overloaded, OutcomeUnknown."""
        ...

    async def read(self, stream: UUID, *, key: CommandKey | None = None) -> list[Stored]:
        """The stream's events by version. Raises CommandRepeated when a command with `key` was carried out before."""
        ...

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:
        """Several streams at once."""
        ...

    async def tail(self, after: int, limit: int) -> list[Stored]:
        """Events behind a position, in order."""
        ...
