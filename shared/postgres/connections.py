"""One connection, as every part of the kernel uses it: each wait has a deadline, JSON is bytes."""

from collections.abc import Mapping

import asyncpg

DEADLINE = 10.0
"""Seconds after which a statement is given up, here and in the server."""

SERVER_SETTINGS = {
    "application_name": "careers",
    "jit": "off",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was ended between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
"""What is raised when a connection is gone, or none is to be had now."""


class UnsafeServer(Exception):
    """The server would lose what it has said to be committed: fsync or synchronous_commit is off."""


async def connect(
    url: str,
    *,
    deadline: float = DEADLINE,
    search_path: str | None = None,
    name: str = "careers",
    extra: Mapping[str, str] | None = None,
) -> asyncpg.Connection:
    """A connection of its own. Raises UnsafeServer, OSError, TimeoutError, asyncpg.PostgresError.

    `deadline` is seconds, for connecting and for each statement; `search_path` names schemas, the first comes first;
    `extra` are more settings of the server's.
    """
    connection = await asyncpg.connect(
        url,
        timeout=min(deadline, DEADLINE),
        command_timeout=deadline,
        server_settings={**settings(deadline, search_path, name), **(extra or {})},
    )
    try:
        await prepare(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


def settings(deadline: float, search_path: str | None, name: str) -> dict[str, str]:
    """What the server is told of a connection. It gives a statement up a little after the client has."""
    given = {**SERVER_SETTINGS, "application_name": name, "statement_timeout": str(int(deadline * 1000) + 500)}
    return given if search_path is None else {**given, "search_path": search_path}


async def prepare(connection: asyncpg.Connection) -> None:
    """JSON goes in and comes out as the bytes that were written; and the server keeps what it commits."""
    await connection.set_type_codec("json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
    row = await connection.fetchrow("select current_setting('fsync'), current_setting('synchronous_commit')")
    if row is None or row[0] != "on" or row[1] in ("off", "local"):
        raise UnsafeServer("fsync and synchronous_commit must be on")
