"""A pool for reads: getting a connection has a deadline, like everything else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.postgres.connections import DEADLINE, prepare, settings


class Pool:
    """Connections for short reads, opened when they are first needed."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 8,
        deadline: float = 5.0,
        acquire_deadline: float = 2.0,
        search_path: str | None = None,
        name: str = "careers",
    ) -> None:
        """`deadline` and `acquire_deadline` are seconds, for a statement and for getting a connection."""
        self._deadline = deadline
        self._acquire_deadline = acquire_deadline
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            timeout=min(deadline, DEADLINE),
            command_timeout=deadline,
            server_settings=settings(deadline, search_path, name),
            init=prepare,
        )

    async def open(self) -> "Pool":
        """Makes the pool usable; no connection is opened yet."""
        await self._pool
        return self

    async def close(self) -> None:
        """Lets statements end for a moment, then cuts them off."""
        try:
            await asyncio.wait_for(self._pool.close(), 2.0)
        except (TimeoutError, asyncpg.InterfaceError, OSError):
            self._pool.terminate()

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows. Raises TimeoutError, OSError, asyncpg.PostgresError."""
        async with self.acquire() as connection:
            return list(await connection.fetch(query, *arguments))

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """The first row."""
        async with self.acquire() as connection:
            return await connection.fetchrow(query, *arguments)

    async def execute(self, query: str, *arguments: object) -> str:
        """A statement of its own transaction; its command tag."""
        async with self.acquire() as connection:
            return str(await connection.execute(query, *arguments))

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for several statements. Raises TimeoutError when none is free in time."""
        async with self._pool.acquire(timeout=self._acquire_deadline) as connection:
            yield connection  # type: ignore[misc]  # a proxy that behaves as the connection

    async def check(self) -> str | None:
        """For readiness: why the database cannot be used now."""
        try:
            await self.fetch("select 1")
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return f"PostgreSQL does not answer ({type(error).__name__})"
        return None
