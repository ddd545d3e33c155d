"""Notes of reads, on their way from memory into the table.

A read is answered before its note is written: a SIGKILL can lose the notes of the last MOMENT seconds, which is the
price of reads that do not wait for a disk. While notes cannot be written, MOST of them wait; then records of others are
not shown any more.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import asyncpg
import structlog

from shared.audit.entries import Read, Shown
from shared.auth.callers import Caller
from shared.postgres import Closed, Pool
from shared.postgres.connections import LOST
from shared.refusals import Unavailable

MOMENT = 0.2
"""Seconds that a note may wait to be written."""

MOST = 20_000
TOGETHER = 1_000

log = structlog.get_logger("audit")

_NOTE = "select audit.note($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_PASSES = (*LOST, Closed, TimeoutError, asyncpg.PostgresError)


class AuditUnavailable(Unavailable, code="audit-unavailable"):
    """What is read of others is noted, and that cannot be done now; your own records are not concerned."""


class Book:
    """The notes of one process. `run` writes them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[Read] = deque()
        self._noted = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Notes that are not written yet."""
        return len(self._waiting)

    def note(self, caller: Caller, shown: Sequence[Shown]) -> None:
        """Keeps what the caller is about to be shown. Raises AuditUnavailable when too many notes wait already."""
        if not shown:
            return
        if len(self._waiting) + len(shown) > MOST:
            raise AuditUnavailable(retry_after=5)
        now = datetime.now(UTC)
        self._waiting.extend(Read(now, caller.id, caller.actor, one) for one in shown)
        self._noted.set()

    async def run(self) -> None:
        """Writes notes until it is cancelled; then those that are left."""
        failures = 0
        try:
            while True:
                await self._noted.wait()
                await asyncio.sleep(MOMENT if not failures else min(5.0, MOMENT * 2**failures))
                self._noted.clear()
                try:
                    await self.flush()
                    failures = 0
                except _PASSES as error:
                    self._noted.set()
                    failures = min(failures + 1, 10)
                    log.warning("audit_waits", error=type(error).__name__, count=len(self._waiting))
        finally:
            try:
                await self.flush()
            except _PASSES as error:
                log.warning("audit_lost", error=type(error).__name__, count=len(self._waiting))

    async def flush(self) -> None:
        """Writes what waits. Raises what the database does; a note is written once, or twice where that broke off."""
        while self._waiting:
            notes = list(islice(self._waiting, TOGETHER))
            columns = [list(column) for column in zip(*(note.row() for note in notes), strict=True)]
            async with self._pool.acquire() as connection:
                await connection.execute(_NOTE, *columns)
            for _ in notes:
                self._waiting.popleft()
