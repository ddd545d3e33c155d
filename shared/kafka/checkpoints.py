"""Where a model stands, and its parked events: the SQL of what was applied exactly once."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import asyncpg
import orjson

from shared.kafka.delivery import Foreign, Held, Partition, Place, Subject
from shared.kafka.model import Statement

_FENCED = "KF001"
_PARAMETER = re.compile(r"\$([0-9]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

# Rows are made at the first sight of a partition: moving a checkpoint is always an update.
_BEGIN = """
    insert into public.checkpoints (model, service, partition, position, kafka_offset)
    select $1, service, partition, 0, -1 from unnest($2::text[], $3::int[]) as p (service, partition)
    on conflict do nothing"""
_PLACES = """
    select c.service, c.partition, c.position, c.kafka_offset
    from public.checkpoints c join unnest($2::text[], $3::int[]) as p (service, partition) using (service, partition)
    where c.model = $1"""
_WAITING = """
    select service, subject, min(position) from public.parked
    where model = $1 and subject is not null and service = any ($2) group by service, subject"""
_STILL_PARKED = "select distinct service, subject from public.parked where model = $1 and subject = any ($2)"
_MOVE = """
    update public.checkpoints c set position = n.position, kafka_offset = n.kafka_offset
    from unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[])
        as n (service, partition, expected, position, kafka_offset)
    where c.model = $1 and c.service = n.service and c.partition = n.partition and c.position = n.expected"""
_PARK = """
    insert into public.parked
        (model, service, partition, position, kafka_offset, subject, type, headers, body, reason, behind)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing"""


class Outdated(Exception):
    """What this process knows of its checkpoints or parked events is no longer so."""


class Fenced(Outdated):
    """Somebody else moved the checkpoints: this worker was replaced, or somebody set them."""


class Lacking(Outdated):
    """Something is missing in the topic: it may be another one than that whose offsets are known."""


class Forgotten(Outdated):
    """The server was lost while nothing was under way: it may have taken back what was written last."""


class Released(Outdated):
    """Events that were parked no longer are: what was to be held behind them may be applied."""


def checked_name(name: str) -> str:
    """Names of models and services stand in SQL as they are. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a model or service")
    return name


async def stand(
    connection: asyncpg.Connection, model: str, partitions: Collection[Partition]
) -> dict[Partition, Place]:
    """Where the model stands in each of the partitions."""
    services, numbers = [service for service, _ in partitions], [number for _, number in partitions]
    await connection.execute(_BEGIN, model, services, numbers)
    rows = await connection.fetch(_PLACES, model, services, numbers)
    return {(service, partition): Place(position, offset) for service, partition, position, offset in rows}


async def waiting(connection: asyncpg.Connection, model: str, services: Collection[str]) -> dict[Subject, int]:
    """Subjects with parked events, and the position of the first."""
    rows = await connection.fetch(_WAITING, model, list(services))
    return {(service, subject): position for service, subject, position in rows}


async def begin_and_move(
    connection: asyncpg.Connection, model: str, moves: Mapping[Partition, tuple[Place, Place]]
) -> None:
    """Opens a transaction and moves the checkpoints in it. Raises Fenced.

    Its locks are taken before anything else, so a worker that was replaced waits here, and then finds nothing to move.
    """
    await connection.execute("begin")
    if not moves:
        return
    moved = await connection.execute(_MOVE, model, *_columns(moves))
    if moved != f"UPDATE {len(moves)}":
        raise Fenced(model)


async def move_at_once(
    connection: asyncpg.Connection,
    model: str,
    moves: Mapping[Partition, tuple[Place, Place]],
    statements: Sequence[Statement] = (),
) -> None:
    """Moves the checkpoints and does the rest, in one statement: a transaction of its own. Raises Fenced.

    A worker that was replaced waits at the checkpoints, and then finds nothing to move: all of it is undone.
    """
    query = _at_once(tuple(sql for sql, _ in statements), tuple(len(arguments) for _, arguments in statements))
    given = [argument for _, arguments in statements for argument in arguments]
    try:
        await connection.fetch(query, model, *_columns(moves), *given)
    except asyncpg.PostgresError as failed:
        if failed.sqlstate == _FENCED:
            raise Fenced(model) from failed
        raise


@lru_cache(maxsize=256)
def _at_once(statements: tuple[str, ...], arguments: tuple[int, ...]) -> str:
    """One query of several: each gets its own numbers for its parameters."""
    parts, taken = [f"moved as ({_MOVE} returning 1)"], 6
    for number, (sql, count) in enumerate(zip(statements, arguments, strict=True)):
        shifted = _PARAMETER.sub(lambda found, by=taken: f"${int(found[1]) + by}", sql)  # type: ignore[misc]
        parts.append(f"part{number} as ({shifted})")
        taken += count
    # `moved` is counted before any part begins: the parts run when the query itself is done.
    return f"with {', '.join(parts)} select public.all_moved((select count(*) from moved), cardinality($2::text[]))"


def _columns(moves: Mapping[Partition, tuple[Place, Place]]) -> list[list[object]]:
    """As _MOVE takes them, in the order in which everybody locks them."""
    rows = [
        (service, partition, was.position, now.position, now.offset)
        for (service, partition), (was, now) in sorted(moves.items())
    ]
    return [list(column) for column in zip(*rows, strict=True)]


async def park(
    connection: asyncpg.Connection, model: str, held: Iterable[Held], foreign: Iterable[Foreign] = ()
) -> None:
    """Keeps events and records as they came."""
    rows: list[tuple[object, ...]] = [
        (
            model,
            event.service,
            event.partition,
            event.position,
            event.offset,
            event.subject,
            event.type,
            _headers(event.headers),
            event.body,
            reason,
            behind,
        )
        for event, reason, behind in held
    ]
    for record in foreign:
        at = (model, record.service, record.partition, -(record.offset + 1), record.offset)
        rows.append((*at, None, None, _headers(record.headers), record.value, record.reason, None))
    if rows:
        await connection.executemany(_PARK, rows)


async def check_still_parked(connection: asyncpg.Connection, model: str, subjects: Collection[Subject]) -> None:
    """Raises Released. The checkpoints are locked, so that what is found stays true."""
    rows = await connection.fetch(_STILL_PARKED, model, [subject for _, subject in subjects])
    if set(subjects) - {(service, subject) for service, subject in rows}:
        raise Released(model)


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    return orjson.dumps([[name, None if value is None else value.decode("latin-1")] for name, value in headers])
