"""A key database as services have it, and the master keys that wrap what it keeps."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.postgres import Pool, connect, migrate
from shared.sealing.keyring import KeyRing, new_line
from shared.sealing.kms import Kms
from shared.sealing.postgres import PostgresKeyStore, grant, migrations


class RingFile:
    """A file of master keys, and what an operator does with it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.ids: list[str] = []
        self._lines: list[str] = []

    def add(self) -> str:
        """A new one that only unwraps."""
        master, line = new_line()
        self._write([*self.ids, master], [*self._lines, line])
        return master

    def use(self, master: str) -> None:
        """It wraps from now on."""
        order = sorted(range(len(self.ids)), key=lambda n: self.ids[n] != master)
        self._write([self.ids[n] for n in order], [self._lines[n] for n in order])

    def remove(self, master: str) -> None:
        kept = [n for n, one in enumerate(self.ids) if one != master]
        self._write([self.ids[n] for n in kept], [self._lines[n] for n in kept])

    def _write(self, ids: list[str], lines: list[str]) -> None:
        self.ids, self._lines = ids, lines
        half = self.file.with_name("half")
        half.write_text("".join(f"{line}\n" for line in lines))
        half.rename(self.file)


@dataclass
class KeyDatabase:
    """`admin` is its owner's connection; a store is what a process of the service has."""

    url: str
    service_url: str
    role: str
    admin: asyncpg.Connection
    pools: list[Pool] = field(default_factory=list)

    async def store(self, kms: Kms) -> PostgresKeyStore:
        self.pools.append(await Pool(self.service_url, size=2).open())
        return PostgresKeyStore(self.pools[-1], kms)

    async def masters(self) -> dict[str, int]:
        """How many living keys each master key wraps."""
        rows = await self.admin.fetch(
            "select master, count(*) from keys.data_keys where wrapped is not null group by 1"
        )
        return {row["master"]: row["count"] for row in rows}


@pytest.fixture
def ring_file(tmp_path: Path) -> RingFile:
    """With one master key."""
    made = RingFile(tmp_path / "master-key")
    made.add()
    return made


@pytest.fixture
def ring(ring_file: RingFile) -> KeyRing:
    return KeyRing(ring_file.file)


@pytest.fixture
async def key_database(fresh_database: str) -> AsyncIterator[KeyDatabase]:
    """That one service, profiles, reaches."""
    role = f"test_{uuid4().hex[:12]}"
    admin = await connect(fresh_database, deadline=60.0)
    await migrate(admin, migrations())
    await admin.execute(f"create role {role} login password 'secret'")
    await grant(admin, "profiles", role)
    parts = urlsplit(fresh_database)
    made = KeyDatabase(
        fresh_database,
        urlunsplit(parts._replace(netloc=f"{role}:secret@{parts.netloc.rpartition('@')[2]}")),
        role,
        admin,
    )
    yield made
    for pool in made.pools:
        await pool.close()
    await admin.execute(f"drop owned by {role}; drop role {role}")
    await admin.close()
