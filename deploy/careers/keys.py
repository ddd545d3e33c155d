"""The key database's schema, and what each service's role may do in it."""

from collections.abc import Mapping

import asyncpg

from deploy.careers.databases import DEADLINE, KEYS, ONE_AT_A_TIME, urls
from deploy.careers.services import SERVICES
from shared.postgres import migrate
from shared.sealing import postgres as sealing


async def prepare(admin_url: str, prefix: str, passwords: Mapping[str, str]) -> None:
    """After databases.prepare; again and by several at once. Raises asyncpg.PostgresError, OSError or TimeoutError."""
    owner = urls(admin_url, prefix, passwords)[KEYS]["DATABASE_URL"]
    connection = await asyncpg.connect(owner, timeout=DEADLINE, command_timeout=DEADLINE)
    try:
        await migrate(connection, sealing.migrations())
        await connection.execute("select pg_advisory_lock($1)", ONE_AT_A_TIME)
        for name in SERVICES:
            await sealing.grant(connection, name, f"{prefix}{name}")
    finally:
        await connection.close()
