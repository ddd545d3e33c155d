"""How releases are kept: each with its figures, for ever; and the groups from which the next one is made."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import asyncpg

from shared.groups.grouping import Fact, Group, Label, figures, regroup
from shared.postgres import Migration
from shared.relations.reads import Rows

Subject = Literal["moves"]
"""What is counted."""

_RELEASES = """
    select number, covers_until, minimum, made_at from groups.releases
    where subject = $1 and ($2::int is null or number = $2) and ($3::int is null or number < $3)
    order by number desc limit $4"""
_FIGURES = "select label, count from groups.figures where subject = $1 and release = $2"
_SUMS = """
    select release, label[$3::int], sum(count)::int from groups.figures
    where subject = $1 and release = any ($2::int[]) group by 1, 2"""
_GROUPS = "select level, label, facts, people from groups.groups where subject = $1 order by number"
# Whoever makes the next release waits here for who is making it, and then finds it made.
_ALONE = "select pg_advisory_xact_lock(hashtext('groups ' || $1))"
_RELEASE = """
    insert into groups.releases (subject, number, covers_until, minimum, made_at)
    select $1::text, coalesce(max(number), 0) + 1, $2, $3, now() from groups.releases where subject = $1
    returning number, covers_until, minimum, made_at"""


def migrations() -> list[Migration]:
    """Of the database of a service that releases figures."""
    here = Path(__file__).parent
    return [Migration(f"groups/{path.stem}", path.read_text()) for path in sorted(here.glob("[0-9]*.sql"))]


@dataclass(frozen=True, slots=True)
class Release:
    """Figures up to a day. They never change."""

    number: int
    covers_until: date
    minimum: int
    made_at: datetime


class Releases:
    """Of one subject."""

    def __init__(self, rows: Rows, subject: Subject) -> None:
        self._rows = rows
        self._subject = subject

    async def find(self, number: int | None) -> Release | None:
        """By its number, or the latest one."""
        found = await self._rows.fetch(_RELEASES, self._subject, number, None, 1)
        return Release(**dict(found[0])) if found else None

    async def before(self, number: int | None, limit: int) -> list[Release]:
        """The newest first; before a number, or from the latest on."""
        found = await self._rows.fetch(_RELEASES, self._subject, None, number, limit)
        return [Release(**dict(row)) for row in found]

    async def figures(self, number: int) -> dict[Label, int]:
        """What a release tells."""
        rows = await self._rows.fetch(_FIGURES, self._subject, number)
        return {tuple(row["label"]): row["count"] for row in rows}

    async def sums(self, numbers: Sequence[int], element: int) -> dict[int, dict[str, int]]:
        """What releases tell by one element of the labels, counted from 1."""
        found: dict[int, dict[str, int]] = {number: {} for number in numbers}
        for number, value, total in await self._rows.fetch(_SUMS, self._subject, numbers, element):
            found[number][value] = total
        return found


async def release(
    connection: asyncpg.Connection,
    subject: Subject,
    until: date,
    minimum: int,
    facts: Callable[[], Awaitable[Sequence[Fact]]],
) -> Release | None:
    """Makes the release that covers all up to a day, unless that was made, or it were the first and told nothing.

    Several may try at once. `facts` reads all of them, over the same connection.
    """
    async with connection.transaction():
        await connection.execute(_ALONE, subject)
        last = await Releases(connection, subject).find(None)
        if last is not None and last.covers_until >= until:
            return None
        known = [_group(row) for row in await connection.fetch(_GROUPS, subject)]
        groups = await asyncio.to_thread(regroup, known, await facts(), minimum)
        counts = figures(groups, minimum)
        if last is None and not counts:
            return None
        [row] = await connection.fetch(_RELEASE, subject, until, minimum)
        made = Release(**dict(row))
        await _keep(connection, subject, groups, made.number, counts)
    return made


async def _keep(
    connection: asyncpg.Connection,
    subject: Subject,
    groups: Sequence[Group],
    number: int,
    counts: Mapping[Label, int],
) -> None:
    await connection.executemany(
        "insert into groups.figures (subject, release, label, count) values ($1, $2, $3, $4)",
        [(subject, number, list(label), count) for label, count in counts.items()],
    )
    await connection.execute("delete from groups.groups where subject = $1", subject)
    await connection.executemany(
        "insert into groups.groups (subject, number, level, label, facts, people) values ($1, $2, $3, $4, $5, $6)",
        [
            (subject, place, one.level, one.label and list(one.label), list(one.members), list(one.members.values()))
            for place, one in enumerate(groups)
        ],
    )


def _group(row: asyncpg.Record) -> Group:
    label = None if row["label"] is None else tuple(row["label"])
    return Group(row["level"], label, dict(zip(row["facts"], row["people"], strict=True)))
