"""The key store in PostgreSQL: keys wrapped by a master key that it never sees."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.erasure import Scope
from shared.postgres import Migration, Pool
from shared.sealing.erasure import WORDS, Retired
from shared.sealing.keys import DataKey, KeysUnavailable, Owner
from shared.sealing.kms import Kms, Wrapped

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

ERASES = "profiles"
"""The service that may destroy keys: it coordinates erasure and retention."""


def migrations() -> list[Migration]:
    """The key store's own schema, for the database that holds nothing else."""
    here = Path(__file__).parent
    return [Migration(f"sealing/{path.stem}", path.read_text()) for path in sorted(here.glob("[0-9]*.sql"))]


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
        destroying = "execute on function keys.destroy, keys.retire"
        granted = f"grant {destroying} to {quoted}"
        await connection.execute(granted if service == ERASES else f"revoke {destroying} from {quoted}")


class PostgresKeyStore:
    """A KeyStore over a pool of the key database, as one service."""

    def __init__(self, pool: Pool, kms: Kms) -> None:
        self._pool = pool
        self._kms = kms

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        keys = dict(await self._newest(sorted(owners), ()))
        if missing := sorted(owner for owner in owners if owner not in keys):
            keys |= await self._newest(missing, await self._kms.wrap({uuid4(): os.urandom(32) for _ in missing}))
        return keys

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        rows = await self._fetch(
            "select id, wrapped, master from keys.for_unsealing($1)", [UUID(key_id) for key_id in ids]
        )
        keys: dict[str, DataKey | None] = dict.fromkeys(ids)
        keys.update({str(key_id): key for key_id, key in (await self._unwrapped(rows)).items()})
        return keys

    async def destroy(self, erasure: UUID, person: UUID, scope: Scope) -> int:
        """Destroys keys of the person for good, and says how many; again for the same erasure, it changes nothing.

        Of words: those of what they wrote or said; what they write from then on takes new keys. Raises
        KeysUnavailable; asyncpg.InsufficientPrivilegeError in a service that may not.
        """
        classes = sorted(WORDS) if scope == "words" else None
        return len(await self._fetch("select id from keys.destroy($1, $2, $3)", erasure, person, classes))

    async def retire(self, run: UUID, data_class: str, before_year: int, held: Collection[UUID], most: int) -> Retired:
        """Destroys keys of years before that one, `most` at once, but those of who is `held`; 0 only counts them.

        Raises as `destroy`; asyncpg.InvalidParameterValueError for years and classes whose keys are in use.
        """
        query = "select * from keys.retire($1, $2, $3, $4, $5)"
        [row] = await self._fetch(query, run, data_class, before_year, list(held), most)
        return Retired(*row)

    async def check(self) -> str | None:
        """For readiness: why keys cannot be used now."""
        try:
            await self._kms.masters()
        except KeysUnavailable as error:
            return str(error)
        return await self._pool.check()

    async def _newest(self, owners: Sequence[Owner], candidates: Sequence[Wrapped]) -> Mapping[Owner, DataKey]:
        """The key of each owner; where there is none, its candidate, if any are given."""
        rows = await self._fetch(
            "select person, data_class, id, wrapped, master from keys.for_sealing($1, $2, $3, $4, $5)",
            [person for person, _ in owners],
            [data_class for _, data_class in owners],
            [candidate.id for candidate in candidates],
            [candidate.blob for candidate in candidates],
            candidates[0].master if candidates else None,
        )
        keys = await self._unwrapped(rows)
        return {(row["person"], row["data_class"]): keys[row["id"]] for row in rows}

    async def _unwrapped(self, rows: Collection[asyncpg.Record]) -> Mapping[UUID, DataKey]:
        wrapped = [Wrapped(row["id"], row["master"], row["wrapped"]) for row in rows]
        keys = await self._kms.unwrap(wrapped) if wrapped else {}
        for key in wrapped:
            if key.id not in keys:
                raise KeysUnavailable(f"the key {key.id}, wrapped by the master key {key.master}, does not unwrap")
        return {key_id: DataKey(str(key_id), AESGCM(key)) for key_id, key in keys.items()}

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            return await self._pool.fetch(query, *arguments)
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
            raise KeysUnavailable("the key store does not answer") from error
