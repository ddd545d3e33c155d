"""Parked events: tried again, or given up, by an operator who has mended what was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from shared.erasure.forgetting import Forgetting
from shared.kafka.model import AnyModel, is_transient, place_of
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard, read_record

# Whoever applies this partition waits here until the transaction ends, and then looks whether the subject is free.
_LOCK = "select from public.checkpoints where model = $1 and service = $2 and partition = $3 for update"
_OF_SUBJECT = """
    select partition, position, kafka_offset, headers, body from public.parked
    where model = $1 and service = $2 and subject = $3 order by position"""
_FREE = "delete from public.parked where model = $1 and service = $2 and subject = $3 and position = any ($4)"
_STAY = """
    update public.parked set reason = case when position = $4 then $5 else reason end,
        behind = case when position = $4 then null else $4 end
    where model = $1 and service = $2 and subject = $3"""
_DISCARD = (
    "delete from public.parked where model = $1 and service = $2 and partition = $3 and position = $4 returning subject"
)


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a subject's parked events: how many were applied, and why the next one was not."""

    applied: int
    reason: str | None = None


async def retry_parked(connection: asyncpg.Connection, model: AnyModel, service: str, subject: UUID) -> Retried:
    """Applies a subject's parked events in order, up to the first that still fails. In one transaction of its own."""
    async with connection.transaction():
        await connection.execute(_LOCK, model.name, service, partition_of(subject))
        return await _retry(connection, model, service, subject)


async def discard_parked(
    connection: asyncpg.Connection, model: AnyModel, service: str, partition: int, position: int
) -> Retried:
    """Gives up one parked event, or a record that is none, and applies what waited behind it."""
    async with connection.transaction():
        await connection.execute(_LOCK, model.name, service, partition)
        subject = await connection.fetchval(_DISCARD, model.name, service, partition, position)
        return Retried(0) if subject is None else await _retry(connection, model, service, subject)


async def _retry(connection: asyncpg.Connection, model: AnyModel, service: str, subject: UUID) -> Retried:
    await connection.execute(f'set local search_path = "{model.name}", public')
    freed: list[int] = []
    reason = None
    forgetting = Forgetting(model)
    await forgetting.begin(connection)
    rows = await connection.fetch(_OF_SUBJECT, model.name, service, subject)
    for row in rows:
        try:
            async with connection.transaction():
                await forgetting.write(connection, forgetting.prepare([_heard(service, row)]))
        except Exception as failed:
            if is_transient(failed):
                raise
            reason = place_of(failed)
            await connection.execute(_STAY, model.name, service, subject, row["position"], reason)
            break
        freed.append(row["position"])
    await connection.execute(_FREE, model.name, service, subject, freed)
    return Retried(len(freed), reason)


def _heard(service: str, row: Any) -> Heard:
    headers: Sequence[tuple[str, str | None]] = orjson.loads(row["headers"])
    given = [(name, None if value is None else value.encode("latin-1")) for name, value in headers]
    return read_record(service, row["partition"], row["kafka_offset"], given, row["body"])
