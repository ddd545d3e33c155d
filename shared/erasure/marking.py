"""Puts an erasure's marks on a service's own topic: one for each key under which the person said something."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from uuid import UUID, uuid5

import asyncpg
import orjson
from uuid_utils.compat import uuid7

from shared.contracts.erasure import Scope
from shared.contracts.event import Event
from shared.contracts.reading import CATALOGUE
from shared.eventstore import Append, Change, CommandKey, NewEvent, VersionConflict
from shared.eventstore.appends import append_over
from shared.eventstore.events import MOST_CHANGES
from shared.postgres import Pool
from shared.sealing.erasure import WORDS

BY = "erasure"
"""Who did what services do of themselves for an erasure."""

ATTEMPTS = 20
SLOW = 900
"""Seconds for reading a whole store: an erasure is rare, and no index is kept for it."""

# Every event whose sealed words are those of the person ($1), by the fields that its contract names ($2, $3).
_SAID = """
    select e.subject, count(*) as events from public.events e
    join unnest($2::text[], $3::text[]) as said (type, field) using (type)
    where e.body ->> said.field = $1 group by e.subject"""
_DECIDE = "update public.erasures_ordered set marks = $2, sealed = $3 where erasure = $1 and marks is null"
_DECIDED = "select marks from public.erasures_ordered where erasure = $1"
_VERSIONS = "select stream, max(version) as version from public.events where stream = any ($1) group by stream"


class Order(NamedTuple):
    """What a service was asked to clean."""

    erasure: UUID
    person: UUID
    scope: Scope


Ends = Callable[[asyncpg.Connection, Order], Awaitable[Iterable[UUID]]]
"""Streams of the person's that end with an erasure, by the service's ItemErased: no command finds them any more."""

Ended = Sequence[tuple[UUID, Event]]


class Marking:
    """Marks are put once, whoever is killed meanwhile: where they go is decided first, each append has its own key."""

    def __init__(self, service: str, pool: Pool, ends: Ends | None) -> None:
        self._service = service
        self._pool = pool
        self._ends = ends

    async def mark(self, order: Order) -> None:
        """Raises what the database raises."""
        abouts, ends = await self._decided(order)
        if (ended := contract(self._service, "item_erased")) is not None:
            of = {"erasure": order.erasure, "person": order.person}
            await self._append_all([(stream, ended(**of, item=stream)) for stream in ends], order, "ends")
        if (marked := contract(self._service, "erasure_marked")) is not None:
            told = {**order._asdict(), "of": len(abouts)}
            marks = [
                (self._stream(order, about), marked(**told, about=about, number=number))
                for number, about in enumerate(abouts, 1)
            ]
            await self._append_all(marks, order, "marks")

    async def _decided(self, order: Order) -> tuple[Sequence[UUID], Sequence[UUID]]:
        """Whom the marks are about, and which streams end: decided once."""
        decided = await self._pool.fetchrow(_DECIDED, order.erasure)
        if decided is None or decided["marks"] is None:
            said, ends = await self._said(order), list[UUID]()
            if self._ends is not None:
                async with self._pool.acquire() as connection:
                    ends = list(await self._ends(connection, order))
            marks = orjson.dumps([sorted(map(str, {order.person, *said})), sorted(map(str, ends))])
            await self._pool.execute(_DECIDE, order.erasure, marks, sum(said.values()))
            decided = await self._pool.fetchrow(_DECIDED, order.erasure)
        abouts, ends = orjson.loads(decided["marks"] if decided is not None else "[[], []]")
        return list(map(UUID, abouts)), list(map(UUID, ends))

    async def _said(self, order: Order) -> Mapping[UUID, int]:
        """Whom the person's words are about, and in how many events they stand."""
        sealing = [
            (event.type, field)
            for event in CATALOGUE.values()
            if event.service == self._service and (order.scope == "person" or event.data_class in WORDS)
            for field in event.speakers()
        ]
        types, fields = [name for name, _ in sealing], [field for _, field in sealing]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(f"set local statement_timeout = '{SLOW} s'")
            rows = await connection.fetch(_SAID, str(order.person), types, fields, timeout=SLOW)
        return {row["subject"]: row["events"] for row in rows}

    def _stream(self, order: Order, about: UUID) -> UUID:
        return uuid5(order.erasure, f"{self._service} about {about}")

    async def _append_all(self, events: Ended, order: Order, of: str) -> None:
        for first in range(0, len(events), MOST_CHANGES):
            key = uuid5(order.erasure, f"{self._service} {of} from {first}")
            await append(self._pool, events[first : first + MOST_CHANGES], key)


async def append(pool: Pool, events: Ended, key: UUID) -> None:
    """Up to eight events at the ends of their streams, once by the key. None of them seals anything."""
    for left in reversed(range(ATTEMPTS)):
        rows = await pool.fetch(_VERSIONS, [stream for stream, _ in events])
        versions = {row["stream"]: row["version"] for row in rows}
        changes = tuple(Change(stream, versions.get(stream, 0), (_new(event),)) for stream, event in events)
        try:
            async with pool.acquire() as connection:
                await append_over(connection, Append(changes, by=BY, key=CommandKey(key.bytes, key.bytes)))
        except VersionConflict:
            if not left:
                raise
        else:
            return


def contract(service: str, name: str) -> type[Any] | None:
    """The newest contract of an event that a service has, if it has one."""
    return CATALOGUE.get(f"{service}.{name}.v1")


def _new(event: Event) -> NewEvent:
    return NewEvent(uuid7(), event.type, event.subject, event.write(_sealed), withheld=bool(event.withheld))


def _sealed(*_: object) -> NoReturn:
    raise TypeError("an event of an erasure has nothing to seal")
