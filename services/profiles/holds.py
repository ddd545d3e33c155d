"""Who is on legal hold, and the lock between placing a hold and ending what is over by the year.

Keys are in another database: whoever ends them has to know of every hold that was answered for. An erasure needs no
lock, since it is asked for in the stream in which a hold is placed.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from shared.contracts.profiles import HoldPlaced
from shared.postgres import Migration, Pool

MIGRATION = Migration("profiles/0002_holds", (Path(__file__).parent / "0002_holds.sql").read_text())

_PLACING = "select pg_advisory_xact_lock_shared(hashtext('holds'))"
_ENDING = "select pg_advisory_xact_lock(hashtext('holds'))"
_HELD = """
    select subject from (
        select distinct on (subject) subject, type from public.events
        where type in ('profiles.hold_placed.v1', 'profiles.hold_lifted.v1') order by subject, position desc) last
    where type = $1"""


class Holds:
    """Raise TimeoutError where the other side of the lock takes too long."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def people(self) -> Sequence[UUID]:
        """Who is on hold; others may be in a moment."""
        return [row["subject"] for row in await self._pool.fetch(_HELD, HoldPlaced.type)]

    @asynccontextmanager
    async def placing(self) -> AsyncIterator[None]:
        """Nothing ends by the year meanwhile."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_PLACING)
            yield

    @asynccontextmanager
    async def none_placed(self) -> AsyncIterator[Sequence[UUID]]:
        """Who is on hold; nobody else is placed on it meanwhile."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ENDING)
            yield [row["subject"] for row in await connection.fetch(_HELD, HoldPlaced.type)]
