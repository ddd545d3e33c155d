"""What is held about a person besides events: rows that no event tells, or that stand unsealed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from shared.audit import read_by_oneself, readers
from shared.http import Page
from shared.http.cursors import Key
from shared.relations.reads import Rows
from shared.sealing.sealer import Sealer

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """`what` says in a sentence what a row is; `page` gives a person's rows behind a key, as many as asked for."""

    name: str
    what: str
    page: Callable[[UUID, Key | None, int], Awaitable[Page[Values]]]


def table(rows: Rows, sealer: Sealer, name: str, what: str, query: str) -> Place:
    """A place whose rows a query gives: behind `key` ($2, text, null at first) those of the person ($1), $3 at most.

    The column `key` orders them; columns of type json may hold sealed values, which are the person's own.
    """

    async def page(person: UUID, cursor: Key | None, limit: int) -> Page[Values]:
        found = await rows.fetch(query, person, cursor[0] if cursor else None, limit + 1)
        values = await sealer.clear([_values(dict(row)) for row in found[:limit]])
        return Page(values, (found[limit - 1]["key"],) if len(found) > limit else None)

    return Place(name, what, page)


def common(rows: Rows, sealer: Sealer) -> Sequence[Place]:
    """What every service holds: a copy of the directory, and the notes of reads."""

    async def seen(person: UUID, cursor: Key | None, limit: int) -> Page[Values]:
        found = await readers(rows, person, cursor=None if cursor is None else tuple(cursor), limit=limit)
        return Page([one.model_dump(mode="json") for one in found.items], found.next)

    async def read(person: UUID, cursor: Key | None, limit: int) -> Page[Values]:
        found = await read_by_oneself(rows, person, cursor=None if cursor is None else tuple(cursor), limit=limit)
        return Page([one.model_dump(mode="json") for one in found.items], found.next)

    return (
        table(rows, sealer, "directory", "Your name and language, as HR reported them last.", _PEOPLE),
        table(rows, sealer, "aliases", "What another system calls you.", _ALIASES),
        Place("readers", "Somebody else has read a record of yours; by days.", seen),
        Place("reads", "You have read a record of somebody else's; by days.", read),
    )


_PEOPLE = """
    select person::text as key, name, language from relations.people
    where person = $1 and ($2::text is null or person::text > $2) order by key limit $3"""
_ALIASES = """
    select a.key, a.source, a.given as value, a.from_on, a.to_on from (
        select *, source || ' ' || value as key from relations.aliases where person = $1) a
    where $2::text is null or a.key > $2 order by a.key limit $3"""


def _values(row: dict[str, Any]) -> Values:
    del row["key"]
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, bytes):
        return orjson.loads(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value
