"""A connection held for good, which connects again when it is lost."""

import asyncio
from types import TracebackType
from typing import Self

import asyncpg

from shared.postgres.connections import DEADLINE, connect


class Held:
    """One connection; statements go one after the other. It is opened at first use and again after a loss."""

    def __init__(self, url: str, *, deadline: float = DEADLINE, name: str = "careers") -> None:
        """`deadline` is seconds, for connecting and for each statement."""
        self._url = url
        self._deadline = deadline
        self._name = name
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()
        self._statements: dict[str, asyncpg.prepared_stmt.PreparedStatement] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows. Raises OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError."""
        async with self._lock:
            try:
                statement = self._statements.get(query)
                if statement is None or self._connection is None or self._connection.is_closed():
                    statement = await self._prepare(query)
                return list(await statement.fetch(*arguments, timeout=self._deadline))
            except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                self._drop()
                raise
            except (asyncpg.OperatorInterventionError, asyncpg.InvalidCachedStatementError):
                self._drop()
                raise ConnectionResetError("the server ended the connection") from None

    async def _prepare(self, query: str) -> "asyncpg.prepared_stmt.PreparedStatement":
        if self._connection is None or self._connection.is_closed():
            self._statements.clear()
            self._connection = await connect(self._url, deadline=self._deadline, name=self._name)
        statement = await self._connection.prepare(query)
        self._statements[query] = statement
        return statement

    def _drop(self) -> None:
        self._statements.clear()
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
