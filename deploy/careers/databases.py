"""A database and a login role for each service, and one database for the keys, in one PostgreSQL.

`prepare` may run at any time, again, and by several at once: what is there stays. Schemas are the services' own affair
(`python -m services.X migrate`), that of the key database is in keys.py.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from deploy.careers.services import SERVICES

KEYS = "keys"
PREFIX = "careers_"
DEADLINE = 30.0  # seconds for one statement; making a database copies some 8 MB
ONE_AT_A_TIME = 0x63617265657273  # "careers", as the number of an advisory lock


def password_variable(name: str) -> str:
    """The variable that holds the password of a service's role (or, for "keys", that of the key database's owner)."""
    return f"{name.upper()}_DATABASE_PASSWORD"


def urls(admin_url: str, prefix: str, passwords: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each service (and "keys") what it connects to: DATABASE_URL, and KEYS_URL under the same role."""
    found = {}
    for name in (*SERVICES, KEYS):
        role = f"{prefix}{name}"
        found[name] = {
            "DATABASE_URL": _as(admin_url, role, passwords[name], role),
            "KEYS_URL": _as(admin_url, role, passwords[name], f"{prefix}{KEYS}"),
        }
    return found


async def prepare(admin_url: str, prefix: str, passwords: Mapping[str, str]) -> None:
    """Make what is missing of roles and databases, and set the roles' passwords.

    `passwords` has one for each service and for "keys". Raises asyncpg.PostgresError, OSError or TimeoutError.
    """
    admin = await asyncpg.connect(admin_url, timeout=DEADLINE, command_timeout=DEADLINE)
    try:
        await admin.execute("select pg_advisory_lock($1)", ONE_AT_A_TIME)
        for name in (*SERVICES, KEYS):
            await _role(admin, f"{prefix}{name}", passwords[name])
            await _database(admin, f"{prefix}{name}")
        for name in SERVICES:
            await admin.execute(f'grant connect on database "{prefix}{KEYS}" to "{prefix}{name}"')
    finally:
        await admin.close()


async def _role(admin: asyncpg.Connection, role: str, password: str) -> None:
    if not await admin.fetchval("select exists (select from pg_roles where rolname = $1)", role):
        await admin.execute(f'create role "{role}" login')
        # An administrator who is not superuser may give a database only to a role that he is a member of.
        if not await admin.fetchval("select rolsuper from pg_roles where rolname = current_user"):
            await admin.execute(f'grant "{role}" to current_user')
    await admin.execute(f"alter role \"{role}\" password '{_verifier(password)}'")


async def _database(admin: asyncpg.Connection, name: str) -> None:
    if not await admin.fetchval("select exists (select from pg_database where datname = $1)", name):
        await admin.execute(f'create database "{name}" owner "{name}" template template0 encoding \'UTF8\'')
    await admin.execute(f'revoke connect, temporary on database "{name}" from public')


def _verifier(password: str) -> str:
    """What PostgreSQL stores of a password (RFC 5803): made here, so that no server log ever holds the password."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{parts[0]}${parts[1]}:{parts[2]}"


def _as(admin_url: str, role: str, password: str, database: str) -> str:
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password, safe='')}@{host}", path=f"/{database}"))
