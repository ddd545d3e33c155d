"""Puts an erasure's marks on a service's own topic: one for each key under which the person said something."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

import asyncpg
import orjson

from shared.contracts.erasure import ErasureMarked, Scope
from shared.contracts.event import Event
from shared.contracts.reading import CATALOGUE
from shared.eventstore import Append, Change, CommandKey, CommandRepeated, EventStore, VersionConflict
from shared.postgres import connect
from shared.sealing.erasure import WORDS
from shared.streams import Streams

BY = "erasure"
"""Who did what services do of themselves for an erasure."""

AT_ONCE = 8
"""Streams in one append."""

ATTEMPTS = 20
SLOW = 900.0
"""Seconds for reading a whole store: an erasure is rare, and no index is kept for it."""

# Every event whose sealed words are those of the person ($1), by the fields that its contract names ($2, $3).
_SAID = """
    select e.subject, count(*) as events from public.events e
    join unnest($2::text[], $3::text[]) as said (type, field) using (type)
    where e.body ->> said.field = $1 group by e.subject"""
_DECIDE = "update public.erasures_ordered set marks = $2, sealed = $3 where erasure = $1 and marks is null"
_DECIDED = "select marks from public.erasures_ordered where erasure = $1"


class Order(NamedTuple):
    """What a service was asked to clean."""

    erasure: UUID
    person: UUID
    scope: Scope


Ends = Callable[[asyncpg.Connection, Order], Awaitable[Iterable[UUID]]]
"""Streams of the person's that end with an erasure, so that no command finds them any more."""


class Marking:
    """Marks are put once, whoever is killed meanwhile: where they go is decided first, each append has its own key."""

    def __init__(self, service: str, database_url: str, store: EventStore, streams: Streams, ends: Ends | None) -> None:
        self._service = service
        self._url = database_url
        self._store = store
        self._streams = streams
        self._ends = ends
        self._contract = contract(service, "erasure_marked")

    async def mark(self, order: Order) -> None:
        """Raises what the store and the database raise."""
        marks = await self._decided(order)
        if self._contract is None or not issubclass(self._contract, ErasureMarked):
            return
        told = {**order._asdict(), "of": len(marks)}
        events = [
            (UUID(stream), self._contract(**told, about=UUID(about), number=number))
            for number, (stream, about) in enumerate(marks, 1)
        ]
        for first in range(0, len(events), AT_ONCE):
            await self._append(events[first : first + AT_ONCE], uuid5(order.erasure, f"{self._service} from {first}"))

    async def _decided(self, order: Order) -> Sequence[tuple[str, str]]:
        """The streams that get a mark, and whom each is about."""
        connection = await connect(self._url, deadline=SLOW, name=f"{self._service} erasure")
        try:
            decided = await connection.fetchval(_DECIDED, order.erasure)
            if decided is None:
                said = await self._said(connection, order)
                marks = [(self._own(order, about), about) for about in sorted({order.person, *said})]
                if self._ends is not None:
                    marks += [(stream, order.person) for stream in sorted(await self._ends(connection, order))]
                told = orjson.dumps([(str(stream), str(about)) for stream, about in marks])
                await connection.execute(_DECIDE, order.erasure, told, sum(said.values()))
                decided = await connection.fetchval(_DECIDED, order.erasure)
            return [(stream, about) for stream, about in orjson.loads(decided)]
        finally:
            connection.terminate()

    async def _said(self, connection: asyncpg.Connection, order: Order) -> Mapping[UUID, int]:
        """Whom the person's words are about, and in how many events they stand."""
        sealing = [
            (event.type, field)
            for event in CATALOGUE.values()
            if event.service == self._service and (order.scope == "person" or event.data_class in WORDS)
            for field in event.speakers()
        ]
        types, fields = [name for name, _ in sealing], [field for _, field in sealing]
        rows = await connection.fetch(_SAID, str(order.person), types, fields)
        return {row["subject"]: row["events"] for row in rows}

    def _own(self, order: Order, about: UUID) -> UUID:
        return uuid5(order.erasure, f"{self._service} about {about}")

    async def _append(self, events: Sequence[tuple[UUID, ErasureMarked]], key: UUID) -> None:
        """Up to eight marks at the ends of their streams, once."""
        sealed = await self._streams.sealed([event for _, event in events])
        for left in reversed(range(ATTEMPTS)):
            stored = await self._store.read_many([stream for stream, _ in events])
            changes = tuple(
                Change(stream, len(stored[stream]), (event,)) for (stream, _), event in zip(events, sealed, strict=True)
            )
            try:
                await self._store.append(Append(changes, by=BY, key=CommandKey(key.bytes, key.bytes)))
            except CommandRepeated:
                return
            except VersionConflict:
                if not left:
                    raise
            else:
                return


def contract(service: str, name: str) -> type[Event] | None:
    """The newest contract of an event that a service has, if it has one."""
    return CATALOGUE.get(f"{service}.{name}.v1")
