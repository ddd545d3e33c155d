"""Where a person's events are found: the whole store is looked through, a stretch at a time.

No index is kept for something so rare. Each page looks at SPAN positions at most, so that it ends soon however large
the store is, and one page at a time in a process, so that other reads go on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from shared.auth.callers import on_whose_behalf
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.export.telling import Fact, Told, never_seen, tell, told_by
from shared.export.view import Held
from shared.http import Page
from shared.http.cursors import Key
from shared.relations.reads import Rows
from shared.sealing.sealer import UNAVAILABLE, Sealer
from shared.zones import has_begun_somewhere

SPAN = 50_000
"""Positions that one page looks at."""

EVENTS = "events"

_LAST = "select coalesce(max(position), 0) as last from public.events"
# Who is named somewhere in a body ($4) is looked for as text: what a field means, its contract says afterwards. Which
# events were made of files that somebody sent is not told to them: these are about others, and many.
_NAMING = """
    select e.position, e.id, e.type, e.stream, e.recorded_at, e.by, e.origin, e.body from public.events e
    where e.position > $1 and e.position <= $2
      and (e.subject = $3 or strpos(e.body::text, $4) > 0
        or (e.origin = 'live' and (e.by = $4 or starts_with(e.by, $4 || ' '))))
    order by e.position limit $5"""
_FACTS = """
    select e.body ->> 'fact' as fact, e.position, e.recorded_at, (e.body ->> 'effective_on')::date as effective_on
    from public.events e where e.stream = any ($1) and e.body ->> 'fact' is not null order by e.position"""


class History:
    """The events of a service that name a person, oldest first."""

    def __init__(self, rows: Rows, sealer: Sealer) -> None:
        self._rows = rows
        self._sealer = sealer
        self._one_at_a_time = asyncio.Semaphore()

    async def page(self, person: UUID, today: date, cursor: Key | None, limit: int) -> Page[Held]:
        """A page, perhaps an empty one with more behind it. What is recorded after the first page is not waited for.

        Facts of a day to come are left out, as they are everywhere: all but what the person did themselves.
        """
        async with self._one_at_a_time:
            after, last = await self._from(cursor)
            until = min(after + SPAN, last)
            rows = await self._rows.fetch(_NAMING, after, until, person, str(person), limit)
            unseen = await self._never_seen(rows)
        found: list[tuple[asyncpg.Record, Told]] = []
        for row in rows:
            event = read_event(row["type"], row["body"])
            told = tell(event, person) if isinstance(event, Event) and row["position"] not in unseen else None
            itself = on_whose_behalf(row["by"]) == str(person)
            if told is not None and (itself or (told.named_as and _has_come(told, row, today))):
                found.append((row, told))
        reached = rows[-1]["position"] if len(rows) == limit else until
        return Page(await self._views(found, person), (reached, last) if reached < last else None)

    async def _from(self, cursor: Key | None) -> tuple[int, int]:
        """The position after which the page begins, and the last one of all pages."""
        if cursor:
            return int(cursor[0] or 0), int(cursor[1] or 0)
        return 0, (await self._rows.fetch(_LAST))[0]["last"]

    async def _never_seen(self, rows: Sequence[asyncpg.Record]) -> set[int]:
        streams = {row["stream"] for row in rows if b'"fact"' in row["body"]}
        facts = await self._rows.fetch(_FACTS, list(streams)) if streams else []
        return never_seen(Fact(*row) for row in facts)

    async def _views(self, found: Sequence[tuple[asyncpg.Record, Told]], person: UUID) -> list[Held]:
        clear = await self._sealer.unseal(value for _, told in found for value in told.words.values())
        views = []
        for row, told in found:
            words = {name: clear[value] for name, value in told.words.items()}
            erased = {name: "erased" for name, value in words.items() if value is UNAVAILABLE}
            views.append(
                Held(
                    place=EVENTS,
                    what=told.what,
                    type=row["type"],
                    id=row["id"],
                    recorded_at=row["recorded_at"],
                    effective_on=told.effective_on,
                    by=told_by(row["by"], person) if told.names_others else None,
                    origin=row["origin"],
                    named_as=list(told.named_as),
                    values=dict(told.values),
                    words={name: value for name, value in words.items() if name not in erased},
                    left_out=_left_out(told, erased),
                )
            )
        return views


def _has_come(told: Told, row: asyncpg.Record, today: date) -> bool:
    """HR's fact on its day where the person is; what somebody did once it is done, by whatever date they had."""
    if told.effective_on is None or told.effective_on <= today:
        return True
    return b'"fact"' not in row["body"] and has_begun_somewhere(told.effective_on, row["recorded_at"])


def _left_out(told: Told, erased: Mapping[str, str]) -> dict[str, str]:
    return {**dict.fromkeys(told.others, "about_another_person"), **erased}
