"""Plain SQL files, each run once in a transaction of its own, recorded by name and checksum.

A schema grows by new files only: one that was run may never change. A database that has files which this code does not
know belongs to newer code, and is refused. A file that begins with `-- no-transaction` holds one statement that cannot
run in a transaction (create index concurrently), written so that it may run again after it failed.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

LOCK = 0x6D696772617465
"""One migration at a time in a database."""

HOURS = 4 * 3600.0
"""Seconds that a file may take: tables can be large."""

NO_TRANSACTION = "-- no-transaction"

_RECORD = "insert into migrations (name, checksum) values ($1, $2)"


@dataclass(frozen=True, slots=True)
class Migration:
    """`name` says whose it is and in which order it comes: "eventstore/0001_events"."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class MigrationRefused(Exception):
    """The database and the files do not fit together; the message says how."""


async def migrate(
    connection: asyncpg.Connection, migrations: Sequence[Migration], *, patience: float = 5.0, deadline: float = 300.0
) -> list[str]:
    """Runs what has not run yet, in the order given, and returns its names.

    `patience` is seconds that a file waits for a table in use, since all who come after wait behind it; `deadline` is
    seconds for another migration of this database to end. Raises MigrationRefused, TimeoutError, asyncpg.PostgresError.
    """
    async with asyncio.timeout(deadline):
        # Asked again and again: whoever waits in a statement holds a snapshot, which a concurrent index waits for.
        while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    try:
        await connection.execute(
            """create table if not exists migrations (
                   name text primary key, checksum text not null, run_at timestamptz not null default now())"""
        )
        run = {row["name"]: row["checksum"] for row in await connection.fetch("select name, checksum from migrations")}
        check(run, migrations)
        await connection.execute(f"set statement_timeout = 0; set lock_timeout = {int(patience * 1000)}")
        missing = [migration for migration in migrations if migration.name not in run]
        for migration in missing:
            await _run(connection, migration)
        return [migration.name for migration in missing]
    finally:
        if not connection.is_closed():
            await connection.execute("reset statement_timeout; reset lock_timeout")
            await connection.execute("select pg_advisory_unlock($1)", LOCK)


async def _run(connection: asyncpg.Connection, migration: Migration) -> None:
    if migration.sql.startswith(NO_TRANSACTION):
        await connection.execute(migration.sql, timeout=HOURS)
        await connection.execute(_RECORD, migration.name, migration.checksum)
        return
    async with connection.transaction():
        await connection.execute(migration.sql, timeout=HOURS)
        await connection.execute(_RECORD, migration.name, migration.checksum)


def check(run: Mapping[str, str], migrations: Sequence[Migration]) -> None:
    """Raises MigrationRefused where a file was changed after it ran, or the database is newer than the files."""
    known = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in run.items():
        if name not in known:
            raise MigrationRefused(f"the database has run {name}, which this version does not know: it is newer")
        if known[name] != checksum:
            raise MigrationRefused(f"{name} was changed after it ran: a schema grows by new files only")
