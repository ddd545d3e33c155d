"""Plain SQL files, each run once in a transaction of its own, recorded by name and checksum.

A schema grows by new files only: one that was run may never change. A database that has files which this code does not
know belongs to newer code, and is refused.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

LOCK = 0x6D696772617465
"""One migration at a time in a database."""


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


async def migrate(connection: asyncpg.Connection, migrations: Sequence[Migration]) -> list[str]:
    """Runs what has not run yet, in the order given, and returns its names. Raises MigrationRefused."""
    await connection.execute("select pg_advisory_lock($1)", LOCK)
    try:
        await connection.execute(
            """create table if not exists migrations (
                   name text primary key, checksum text not null, run_at timestamptz not null default now())"""
        )
        rows = await connection.fetch("select name, checksum from migrations")
        run = {row["name"]: row["checksum"] for row in rows}
        check(run, migrations)
        missing = [migration for migration in migrations if migration.name not in run]
        for migration in missing:
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '5s'")
                await connection.execute(migration.sql)
                await connection.execute(
                    "insert into migrations (name, checksum) values ($1, $2)", migration.name, migration.checksum
                )
        return [migration.name for migration in missing]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", LOCK)


def check(run: dict[str, str], migrations: Sequence[Migration]) -> None:
    """Raises MigrationRefused where a file was changed after it ran, or the database is newer than the files."""
    known = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in run.items():
        if name not in known:
            raise MigrationRefused(f"the database has run {name}, which this version does not know: it is newer")
        if known[name] != checksum:
            raise MigrationRefused(f"{name} was changed after it ran: a schema grows by new files only")
