"""Says anew what is due: a revision where an item is not what was said of it last.

One keeper at a time, so that positions become visible in their order. A due row is locked while its item is looked at:
what a model applies meanwhile makes it due again afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from pydantic import ValidationError

from services.projections.outward.due import EVERYTHING, SOON
from services.projections.outward.moved import MOVES
from services.projections.outward.partnership import OPPORTUNITIES, SHARINGS, TALKS
from services.projections.outward.people import PEOPLE, UNITS
from services.projections.outward.source import Source

log = structlog.get_logger()

BATCH = 1_000
"""Items in one transaction."""

SOURCES: Sequence[Source] = (UNITS, PEOPLE, MOVES, OPPORTUNITIES, SHARINGS, TALKS)
SCHEMAS = ("relations", "moves", "outward")
"""Whose models say what is due."""

_DUE = """
    select kind, item from "{schema}".due where at <= now() order by kind, item limit $1 for update skip locked"""
_NOT_YET = """
    update "{schema}".due d set at = later.at
    from unnest($1::text[], $2::uuid[], $3::timestamptz[]) as later (kind, item, at)
    where d.kind = later.kind and d.item = later.item"""
_DONE = """
    delete from "{schema}".due d using unnest($1::text[], $2::uuid[]) as done (kind, item)
    where d.kind = done.kind and d.item = done.item"""
_ALL = """
    insert into "{schema}".due as due (kind, item, at)
    select $1, item, '-infinity'::timestamptz
    from ({every} union select item from public.outward_items where type = $2) as all_of (item)
    {soon}"""
# What of somebody depends on where they are and whether they are in.
_OF_PEOPLE = f"""
    insert into outward.due as due (kind, item, at)
    select 'sharing', share, '-infinity'::timestamptz from sharings_told where person = any ($1)
    union all select 'conversation', conversation, '-infinity' from talks_told where employee = any ($1)
    {SOON}"""
_SAID = "select item, revision, effective_on, content from public.outward_items where topic = $1 and item = any ($2)"
_SAY = """
    insert into public.outward_items (topic, item, type, revision, position, recorded_at, effective_on, content, erased)
    select $1, n.item, $2, n.revision, $3 + n.number, clock_timestamp(), n.effective_on, n.content, n.erased
    from unnest($4::uuid[], $5::int[], $6::date[], $7::json[], $8::bool[]) with ordinality
        as n (item, revision, effective_on, content, erased, number)
    on conflict (topic, item) do update set revision = excluded.revision, position = excluded.position,
        recorded_at = excluded.recorded_at, effective_on = excluded.effective_on, content = excluded.content,
        erased = excluded.erased"""
_ADVANCE = "update public.outward_state set position = position + $1 returning position - $1"
_ERASED = "select person from public.erased where person = any ($1)"


@dataclass(frozen=True, slots=True)
class _Now:
    """What is to be said of an item now; no content: nothing, any more."""

    effective_on: Any
    content: bytes | None


async def keep(connection: asyncpg.Connection) -> int:
    """Looks at up to a batch of what is due in each schema, and says what is new. Gives how many were looked at.

    The connection's search path has the models' schemas. Raises what PostgreSQL raises.
    """
    looked_at = 0
    async with connection.transaction():
        for schema in SCHEMAS:
            rows = await connection.fetch(_DUE.format(schema=schema), BATCH)
            for source in SOURCES:
                items = [row["item"] for row in rows if row["kind"] == source.kind]
                if items:
                    await _look(connection, schema, source, items)
            looked_at += len(rows)
    return looked_at


async def _look(connection: asyncpg.Connection, schema: str, source: Source, items: Collection[UUID]) -> None:
    if EVERYTHING in items:
        every = _ALL.format(schema=schema, every=source.every, soon=SOON)
        await connection.execute(_DONE.format(schema=schema), [source.kind], [EVERYTHING])
        await connection.execute(every, source.kind, source.content.type)
        items = [item for item in items if item != EVERYTHING]
    found = {row["item"]: row for row in await connection.fetch(source.now, items)}
    now = {item: _now(source, item, found.get(item)) for item in items}
    await _say(connection, source, {item: told for item, told in now.items() if told is not None})
    if source.kind == "person":
        await connection.execute(_OF_PEOPLE, items)
    later = {item: row["next_at"] for item, row in found.items() if row["next_at"] is not None}
    if later:
        kinds = [source.kind] * len(later)
        await connection.execute(_NOT_YET.format(schema=schema), kinds, list(later), list(later.values()))
    over = [item for item in items if item not in later]
    await connection.execute(_DONE.format(schema=schema), [source.kind] * len(over), over)


def _now(source: Source, item: UUID, row: asyncpg.Record | None) -> _Now | None:
    """None where its contract does not allow what is known: what was said stays, and others go on."""
    if row is None or not row["told"]:
        return _Now(None, None)
    try:
        return _Now(row["effective_on"], source.told(row).model_dump_json().encode())
    except ValidationError as refused:
        log.error("item_untold", subject=item, type=source.content.type, error=refused.title)
        return None


async def _say(connection: asyncpg.Connection, source: Source, now: Mapping[UUID, _Now]) -> None:
    topic = source.content.topic
    said = {row["item"]: row for row in await connection.fetch(_SAID, topic, list(now))}
    fresh = [(item, one) for item, one in sorted(now.items()) if _differs(one, said.get(item))]
    if not fresh:
        return
    erased = {row["person"] for row in await connection.fetch(_ERASED, [item for item, _ in fresh])}
    before = await connection.fetchval(_ADVANCE, len(fresh))
    await connection.execute(
        _SAY,
        topic,
        source.content.type,
        before,
        [item for item, _ in fresh],
        [said[item]["revision"] + 1 if item in said else 1 for item, _ in fresh],
        [one.effective_on for _, one in fresh],
        [one.content for _, one in fresh],
        [item in erased for item, _ in fresh],
    )


def _differs(now: _Now, said: asyncpg.Record | None) -> bool:
    if said is None:
        return now.content is not None
    return (now.content, now.effective_on) != (said["content"], said["effective_on"])
