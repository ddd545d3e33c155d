"""A connection that is held for good: opened ahead of its use, and again by itself whenever it was lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Generic, Self, TypeVar
from uuid import uuid4

import asyncpg
import structlog

from shared.postgres.connections import DEADLINE, UnsafeServer, connect

log = structlog.get_logger()

Prepared = TypeVar("Prepared")

LONGEST_PAUSE = 2.0
"""Seconds between two attempts to connect, at most."""

_FORMER = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = any ($1)"
_LEFT = "select exists (select from pg_stat_activity where application_name = any ($1))"


class Closed(Exception):
    """The connection was asked for after it had been closed."""


class Held(Generic[Prepared]):
    """One connection and what was prepared on it.

    When there is a new connection, no statement of the former one is running any more: its server process is ended
    first. What one then finds, or does not find, in the database is the truth about what the former one was doing.
    """

    def __init__(
        self,
        url: str,
        prepare: Callable[[asyncpg.Connection], Awaitable[Prepared]],
        *,
        deadline: float = DEADLINE,
        name: str = "careers",
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """`deadline` is seconds, for connecting and for each statement; `extra` are settings of the server's."""
        self._url = url
        self._prepare = prepare
        self._deadline = deadline
        self._name = f"{name[:40]} {uuid4().hex[:12]}"
        self._extra = extra
        self._connection: asyncpg.Connection | None = None
        self._former: list[str] = []
        self._number = 0
        self._there = asyncio.Event()
        self._gone = asyncio.Event()
        self._trouble: str | None = "not connected yet"
        self._keeper: asyncio.Task[None] | None = None
        self._connecting = False
        self._closed = False
        self.now: Prepared | None = None
        """What was prepared on the connection; None while there is none."""
        self.back: Callable[[], None] = lambda: None
        """Called whenever there is a connection (again)."""

    async def __aenter__(self) -> Self:
        """Begins to connect; a database that is down is no reason not to start."""
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._there.set()
        if self._keeper is not None:
            if self._connecting:  # cut off half way, it would leave a future behind that nobody has heard
                await asyncio.wait({self._keeper}, timeout=1.0)
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self.lost()

    def lost(self) -> None:
        """Gives the connection up, whatever it was doing."""
        connection, self._connection, self.now = self._connection, None, None
        if not self._closed:
            self._there.clear()
        self._gone.set()
        if connection is not None:
            self._trouble = "the connection was lost"
            connection.terminate()

    async def ready(self) -> Prepared:
        """Waits for a connection, without a deadline of its own. Raises Closed."""
        while self.now is None:
            await self._there.wait()
            if self._closed:
                raise Closed
        return self.now

    async def check(self) -> str | None:
        """For readiness: why there is no connection."""
        return None if self.now is not None else f"PostgreSQL: {self._trouble}"

    async def _keep(self) -> None:
        failures = 0
        while not self._closed:
            self._gone.clear()
            self._connecting = True
            try:
                await self._connect()
            except Exception as failed:  # noqa: BLE001 (whatever it is, readiness tells it, and the next attempt may do)
                failures = min(failures + 1, 10)
                self._trouble = str(failed) if isinstance(failed, UnsafeServer) else type(failed).__name__
                log.warning("connection_failed", name=self._name, error=type(failed).__name__, attempt=failures)
            finally:
                self._connecting = False
            if self._connection is not None and not self._closed:
                failures = 0
                self._there.set()
                self.back()
                await self._gone.wait()
                log.warning("connection_lost", name=self._name)
            await asyncio.sleep(min(LONGEST_PAUSE, 0.02 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311

    async def _connect(self) -> None:
        self._number += 1
        name = f"{self._name} {self._number}"
        connection = await connect(self._url, deadline=self._deadline, name=name, extra=self._extra)
        try:
            await self._end_former(connection)
            prepared = await self._prepare(connection)
            # asyncpg's prepare() ends without a Sync: until one comes, the server is in a transaction and holds locks.
            await connection.execute("select 1")
        except BaseException:
            connection.terminate()
            raise
        self._former = [name]
        connection.add_termination_listener(self._terminated)
        self._connection, self.now, self._trouble = connection, prepared, None

    async def _end_former(self, connection: asyncpg.Connection) -> None:
        if not self._former:
            return
        async with asyncio.timeout(self._deadline):
            while await connection.fetchval(_LEFT, self._former):
                await connection.execute(_FORMER, self._former)
                await asyncio.sleep(0.01)

    def _terminated(self, connection: object) -> None:
        if connection is self._connection:
            self.lost()
