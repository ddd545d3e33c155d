"""Another master key takes over: every data key that a former one wrapped is wrapped anew. No event is touched."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

from shared.sealing.kms import Kms, Wrapped

_LIVING = "select master, count(*) as keys from keys.data_keys where wrapped is not null group by master"
_NEXT = """
    select id, master, wrapped from keys.data_keys
    where wrapped is not null and master <> $1 and id > $2 order by id limit $3"""
# Only what is still as it was read: a key that was destroyed meanwhile stays destroyed.
_REPLACE = """
    update keys.data_keys k set master = n.master, wrapped = n.wrapped
    from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bytea[])
         as n (id, former_master, former, master, wrapped)
    where k.id = n.id and k.master = n.former_master and k.wrapped = n.former"""
_NONE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: keys wrapped anew, and keys that their master key does not unwrap."""

    done: int
    left: int


async def needed(connection: asyncpg.Connection) -> dict[str, int]:
    """How many living keys each master key wraps."""
    return {row["master"]: row["keys"] for row in await connection.fetch(_LIVING)}


async def rotate(connection: asyncpg.Connection, kms: Kms, *, batch: int = 500) -> AsyncIterator[Step]:
    """As the key database's owner, with services running; each step is a transaction of its own.

    Nothing is remembered between two runs: another one goes on where the last ended. Raises KeysUnavailable, OSError,
    TimeoutError, asyncpg.PostgresError.
    """
    master, *_ = await kms.masters()
    after: object = _NONE
    while rows := await connection.fetch(_NEXT, master, after, batch):
        after = rows[-1]["id"]
        former = {row["id"]: Wrapped(row["id"], row["master"], row["wrapped"]) for row in rows}
        keys = await kms.unwrap(former.values())
        wrapped = await kms.wrap(keys) if keys else ()
        told = await connection.execute(
            _REPLACE,
            [key.id for key in wrapped],
            [former[key.id].master for key in wrapped],
            [former[key.id].blob for key in wrapped],
            [key.master for key in wrapped],
            [key.blob for key in wrapped],
        )
        yield Step(int(told.rpartition(" ")[2]), len(former) - len(keys))
