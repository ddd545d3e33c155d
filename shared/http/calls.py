"""What a handler is given, and what it may answer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NewType
from uuid import UUID

from typing_extensions import TypeVar

from shared.auth.callers import Caller
from shared.eventstore import CommandKey
from shared.http.cursors import Key
from shared.refusals import NotAllowed
from shared.streams import Origin

B = TypeVar("B", default=None)
Q = TypeVar("Q", default=None)
T = TypeVar("T")

Alias = NewType("Alias", str)
"""`{person}` in a path: a person's UUID, or an alias that is no e-mail address."""


class Upload:
    """The raw body of a request, as it arrives. It is read once, and never held whole."""

    def __init__(self, chunks: AsyncIterator[bytes], media_type: str) -> None:
        self._chunks = chunks
        self.media_type = media_type

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises BodyTooLarge, RequestTimeout when nothing arrives for a while, Disconnected."""
        return self._chunks


class Call(Generic[B, Q]):
    """One request, read and checked: `Call[ShareAspirationBody]`, `Call[None, TimelineQuery]`, `Call[Upload]`."""

    __slots__ = ("body", "caller", "cursor", "if_match", "key", "query", "trace")

    def __init__(
        self,
        caller: Caller,
        body: B,
        query: Q,
        *,
        key: CommandKey | None = None,
        if_match: int | None = None,
        trace: str | None = None,
        cursor: tuple[str | int | None, ...] | None = None,
    ) -> None:
        self.caller = caller
        self.body = body
        self.query = query
        self.key = key  # from Idempotency-Key
        self.if_match = if_match  # the version in If-Match
        self.trace = trace  # the traceparent, as it came
        self.cursor = cursor  # where the page begins: the key of the item before it

    @property
    def person(self) -> UUID:
        """The person who calls. Raises NotAllowed for a service account."""
        if self.caller.person is None:
            raise NotAllowed("Only a person can do this.")
        return self.caller.person

    @property
    def origin(self) -> Origin:
        """What the store writes down about where a command came from."""
        return Origin(self.caller.by, self.key, self.if_match, self.trace)

    @property
    def at(self) -> datetime:
        """Now: what a command carries, since rules have no clock."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One thing and the version of its stream: what If-Match means, and the beginning of its ETag."""

    value: T
    version: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next` is the key of its last item where more follow."""

    items: Sequence[T]
    next: Key | None = None


Handler = Callable[..., Awaitable[Any]]
"""async def handler(call: Call[Body, Query], …the path's names) -> Receipt | Page[T] | Found[T] | model | None"""
