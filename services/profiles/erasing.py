"""Takes erasures from step to step: keys are destroyed, caches waited out, services told to clean, reports collected.

Nothing is cleaned while a process may still seal with a key that is gone: nothing is written behind the broom. Each
step is recorded when it is done, and harmless when it is done again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from services.profiles.erasure import DECIDER, Erasure, NoteCleaned, NoteKeysDestroyed, OrderCleaning, record_id
from shared.contracts.erasure import SERVICES, ErasureReported
from shared.contracts.profiles import ErasureRequested, KeysDestroyed
from shared.contracts.reading import read_event
from shared.erasure.cleaning import tried_again
from shared.erasure.marking import BY, Order
from shared.kafka.reactions import Reactions, reaction_key
from shared.kafka.records import Heard
from shared.postgres import Migration, Pool
from shared.relations.reads import Relations
from shared.service.parts import Keys
from shared.streams import Origin, Streams

POLL = 0.5
"""Seconds between looks for something to do."""

AT_ONCE = 200
"""Erasures whose keys are destroyed again before others are taken further."""

UNDER_WAY = 6.0
"""Seconds for which an event that was sealed may be on its way to the store: longer than an append's deadline."""

MIGRATION = Migration("profiles/0001_erasures", (Path(__file__).parent / "0001_erasures.sql").read_text())

_OWN = Origin(BY)

_log = structlog.get_logger("erasure")

ASKED = "insert into erasures (erasure, person, scope) values ($1, $2, $3) on conflict do nothing"
_OPEN = "select erasure, person from erasures where not complete order by erasure"
_AFTER = "select erasure, person, scope from erasures where erasure > $1 order by erasure limit $2"
_COMPLETE = "update erasures set complete = true where erasure = $1"
_SINCE = """
    select extract(epoch from clock_timestamp() - max(recorded_at))::float as seconds from public.events
    where stream = $1 and type = $2"""
_ASPIRATIONS = """
    select distinct stream from public.events
    where subject = $1 and type like 'profiles.aspiration%'"""


async def ends(connection: asyncpg.Connection, order: Order) -> Iterable[UUID]:
    """A person's aspirations; and where the person is erased, their employment: no command finds it any more."""
    streams = [row["stream"] for row in await connection.fetch(_ASPIRATIONS, order.person)]
    return streams if order.scope == "words" else [*streams, order.person]


class Erasing:
    """A worker's task, and the reactions that feed it."""

    def __init__(
        self,
        pool: Pool,
        streams: Streams,
        relations: Relations,
        keys: Keys,
        *,
        key_cache_seconds: float,
        backup_days: int,
    ) -> None:
        """`key_cache_seconds`: how long any process may go on with a key; `backup_days`: how long a backup of the key
        database is kept."""
        self._pool = pool
        self._streams = streams
        self._relations = relations
        self._keys = keys
        self._wait = key_cache_seconds + UNDER_WAY
        self._backups = timedelta(days=backup_days)

    def reactions(self) -> Reactions:
        """To what is asked here, and to what every service reports."""
        table: Mapping[str, Callable[[Heard], Awaitable[None]]] = {
            ErasureRequested.type: self._asked,
            **dict.fromkeys((f"{service}.erasure_reported.v1" for service in SERVICES), self._reported),
        }
        return Reactions("erasures_asked", table, of_erased=True)

    async def run(self) -> None:
        """For ever. Raises what does not pass by itself."""
        again: UUID | None = UUID(int=0)
        while True:
            with tried_again():
                if again is not None:
                    again = await self._destroy_again(again)
            with tried_again():
                for row in await self._pool.fetch(_OPEN):
                    with tried_again():  # one that cannot go on now does not hold up the others
                        await self._further(row["erasure"], row["person"])
            await asyncio.sleep(POLL)

    async def _destroy_again(self, after: UUID) -> UUID | None:
        """At each start: a key database that was restored has keys again that were destroyed since its backup.

        Also of erasures that are not complete: those whose keys were noted as destroyed are not asked for elsewhere.
        Gives the last of these erasures; None: there are no more.
        """
        rows = await self._pool.fetch(_AFTER, after, AT_ONCE)
        for row in rows:
            await self._keys.destroy(row["erasure"], row["person"], row["scope"])
        if len(rows) == AT_ONCE:
            return UUID(str(rows[-1]["erasure"]))
        _log.info("keys_destroyed_again")
        return None

    async def _further(self, erasure: UUID, person: UUID) -> None:
        """One step, if its time has come."""
        record, _ = await self._streams.state(DECIDER, record_id(person))
        state: Erasure = record.erasures[erasure]
        if state.complete_on is not None:
            await self._pool.execute(_COMPLETE, erasure)
            _log.info("erasure_complete", erasure=erasure, scope=state.asked.scope)
        elif state.keys is None:
            keys = await self._keys.destroy(erasure, person, state.asked.scope)
            await self._record(person, NoteKeysDestroyed(erasure, keys, datetime.now(UTC).date() + self._backups))
        elif not state.ordered:
            [row] = await self._pool.fetch(_SINCE, record_id(person), KeysDestroyed.type)
            if row["seconds"] > self._wait:
                await self._record(person, OrderCleaning(erasure))

    async def _asked(self, heard: Heard) -> None:
        event = read_event(heard.type, heard.body)
        if isinstance(event, ErasureRequested):
            await self._pool.execute(ASKED, event.erasure, event.person, event.scope)

    async def _reported(self, heard: Heard) -> None:
        event = read_event(heard.type, heard.body)
        if isinstance(event, ErasureReported):
            today = await self._relations.today(event.person, datetime.now(UTC))
            note = NoteCleaned(event.erasure, event.service, event.places, today)
            await self._record(event.person, note, Origin(BY, key=reaction_key("erasures_asked", heard)))

    async def _record(self, person: UUID, command: Any, origin: Origin = _OWN) -> None:
        await self._streams.execute(DECIDER, record_id(person), command, origin)
