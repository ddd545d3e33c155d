"""The key database's schema, what each service's role may do in it, and how its owner reaches it."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.careers.databases import DEADLINE, KEYS, ONE_AT_A_TIME, PREFIX, urls
from deploy.careers.services import SERVICES
from shared.postgres import migrate
from shared.sealing import postgres as sealing
from shared.service.settings import with_password


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


def owner_url(environment: Mapping[str, str]) -> str:
    """KEYS_URL, or the key database beside an administrator's DATABASE_URL. Raises ValueError with the remedy."""
    url = environment.get("KEYS_URL")
    if not url:
        if not (admin := environment.get("DATABASE_URL")):
            raise ValueError("Which PostgreSQL? Set KEYS_URL to the URL of the key database's owner.")
        prefix = environment.get("DATABASE_PREFIX", PREFIX)
        url = urlunsplit(urlsplit(admin)._replace(path=f"/{prefix}{KEYS}"))
    file = environment.get("DATABASE_PASSWORD_FILE")
    return with_password(url, Path(file)) if file else url
