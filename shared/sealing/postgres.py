"""The key store in PostgreSQL: keys wrapped by a master key that only the services hold."""

import base64
import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.postgres import Migration, Pool
from shared.sealing.keys import DataKey, KeysUnavailable, Owner

GRANTS: Mapping[str, Mapping[str, bool]] = {
    "profiles": {"directory": True, "employment": True, "aspirations": True},
    "conversations": {"directory": False, "conversations": True},
    "opportunities": {"directory": False, "opportunities": True},
    "notifications": {"directory": False, "messages": True},
    "projections": {
        "directory": False,
        "employment": False,
        "aspirations": False,
        "conversations": False,
        "opportunities": False,
    },
}
"""Service → data class → whether it may seal for it. What is not named, it can neither seal nor unseal."""


def migrations() -> list[Migration]:
    """The key store's own schema, for the database that holds nothing else."""
    here = Path(__file__).parent
    return [Migration("sealing/0001_keys", (here / "0001_keys.sql").read_text())]


async def grant(connection: asyncpg.Connection, service: str, role: str) -> None:
    """Gives the login role of a service what GRANTS says, and nothing it had before. Idempotent; as administrator."""
    async with connection.transaction():
        await connection.execute("delete from keys.grants where role = $1", role)
        await connection.executemany(
            "insert into keys.grants (role, data_class, may_seal) values ($1, $2, $3)",
            [(role, data_class, may_seal) for data_class, may_seal in GRANTS[service].items()],
        )
        quoted = await connection.fetchval("select quote_ident($1)", role)
        await connection.execute(f"grant usage on schema keys to {quoted}")
        await connection.execute(f"grant execute on function keys.for_sealing, keys.for_unsealing to {quoted}")


class MasterKey:
    """The key that wraps data keys: 32 bytes, base64 in a file that only the services read."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("a master key has 32 bytes, base64 in its file")
        self.id = hashlib.sha256(b"master key id" + secret).hexdigest()[:16]
        self._cipher = AESGCM(secret)

    @classmethod
    def from_file(cls, path: Path) -> "MasterKey":
        """Raises OSError or ValueError with the reason."""
        return cls(base64.b64decode(path.read_text().strip(), validate=True))

    def wrap(self, key: bytes, key_id: UUID) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, key, key_id.bytes)

    def unwrap(self, wrapped: bytes, key_id: UUID) -> bytes:
        return self._cipher.decrypt(wrapped[:12], wrapped[12:], key_id.bytes)


class PostgresKeyStore:
    """A KeyStore over a pool of the key database, as one service."""

    def __init__(self, pool: Pool, master: MasterKey) -> None:
        self._pool = pool
        self._master = master

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        wanted = sorted(owners)
        candidates = [uuid4() for _ in wanted]
        rows = await self._fetch(
            "select person, data_class, id, wrapped, master from keys.for_sealing($1, $2, $3, $4, $5)",
            [person for person, _ in wanted],
            [data_class for _, data_class in wanted],
            candidates,
            [self._master.wrap(os.urandom(32), candidate) for candidate in candidates],
            self._master.id,
        )
        return {(row["person"], row["data_class"]): self._unwrap(row) for row in rows}

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        rows = await self._fetch(
            "select id, wrapped, master from keys.for_unsealing($1)", [UUID(key_id) for key_id in ids]
        )
        keys: dict[str, DataKey | None] = dict.fromkeys(ids)
        keys.update({str(row["id"]): self._unwrap(row) for row in rows})
        return keys

    def _unwrap(self, row: asyncpg.Record) -> DataKey:
        if row["master"] != self._master.id:
            raise KeysUnavailable(
                f"a key is wrapped by master key {row['master']}, this process holds {self._master.id}"
            )
        try:
            return DataKey(str(row["id"]), AESGCM(self._master.unwrap(row["wrapped"], row["id"])))
        except InvalidTag:
            raise KeysUnavailable(f"the key {row['id']} cannot be unwrapped: its row was changed") from None

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *arguments)
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
            raise KeysUnavailable("the key store does not answer") from error
