"""Releases of moves: how they are made when a month is over, and what analysts read of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, NoReturn
from uuid import UUID

import asyncpg
import structlog
from pydantic import Field

from services.projections.moves_reads import Cell, Figures, MovesAsked, UnitName
from services.projections.moves_released import Key, Sides, count, fineness, labels_of
from shared.auth.callers import Caller, Role
from shared.groups import Fact, Release, Releases, release
from shared.http import Found, Page
from shared.kafka.model import is_transient, place_of
from shared.postgres import connect
from shared.refusals import NotFound, Unavailable
from shared.relations.reads import STALE_AFTER, Fresh, Rows

EVERY = 600.0
"""Seconds between two looks whether a release is due: for so long nothing may have come in."""

SOON = 5.0
"""Seconds until it is tried again where nothing could be seen, as just after a start."""

SLOW = 600.0
"""Seconds for a statement: every move is read."""

PERIOD = 5
"""The element of a label that is its period, as SQL counts (moves_released.Told)."""

log = structlog.get_logger("releases")

_FACTS = """
    select id, person, kind, effective_on, coalesce(from_unit::text, '') as from_unit,
        coalesce(to_unit::text, '') as to_unit, coalesce(from_title, '') as from_title,
        coalesce(to_title, '') as to_title
    from moves.moves where confirmed and effective_on <= $1"""
_HOW_MANY = "select count(*) from moves.moves where confirmed and effective_on <= $1"
_UNITS = "select unit as id, code, name from units where unit = any ($1::uuid[])"


class ReleasesNotYet(Unavailable, code="releases-not-yet"):
    """Analysts read released figures, and nothing is released yet."""

    def __init__(self) -> None:
        super().__init__(retry_after=int(EVERY))


@dataclass(frozen=True, slots=True)
class Readable:
    """Moves of all kinds that a release tells, by the period for which it does. Of those that wait it tells nothing."""

    month: int
    quarter: int
    year: int
    ever: int


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release. Its figures never change."""

    release: int
    made_at: datetime
    covers_until: Annotated[date, Field(description="The last day of the last month in it.")]
    minimum: Annotated[int, Field(description="Each figure in it is about so many people at least.")]
    readable: Readable


def reads_releases(caller: Caller) -> bool:
    """Analysts do; not who sees people's moves as a partner, since they could take those away from a figure."""
    return Role.HR_ANALYST in caller.roles and Role.HR_PARTNER not in caller.roles


class MovesReleases:
    """What the API asks."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._releases = Releases(rows, "moves")

    async def figures(self, asked: MovesAsked, number: int | None) -> Found[Figures]:
        """From a release, or the latest. Raises NotFound, ReleasesNotYet."""
        found = await self._releases.find(number)
        if found is None:
            raise ReleasesNotYet if number is None else NotFound
        counted = count(await self._releases.figures(found.number), asked)
        units = await self._units(counted.cells)
        cells = [_cell(dict(key), moves, units) for key, moves in sorted(counted.cells.items(), key=_most_first)]
        figures = Figures(
            moves=sum(counted.cells.values()) + counted.other,
            unconfirmed=0,
            cells=cells if asked.group_by else [],
            release=found.number,
            other=counted.other,
            wider=counted.wider,
        )
        return Found(figures, found.number)

    async def listed(self, before: int | None, limit: int) -> Page[ReleaseView]:
        """Every release, the newest first; those before a number."""
        found = await self._releases.before(before, limit + 1)
        sums = await self._releases.sums([one.number for one in found[:limit]], PERIOD)
        items = [_view(one, sums[one.number]) for one in found[:limit]]
        return Page(items, (items[-1].release,) if len(found) > limit else None)

    async def _units(self, cells: Mapping[Key, int]) -> dict[str, UnitName]:
        named = {value for key in cells for name, value in key if name in ("from_unit", "to_unit") and value}
        units = {unit: UnitName(UUID(unit), None, None) for unit in named}
        rows = await self._rows.fetch(_UNITS, sorted(units)) if units else []
        return units | {str(row["id"]): UnitName(**dict(row)) for row in rows}


def _most_first(cell: tuple[Key, int]) -> tuple[int, Key]:
    return -cell[1], cell[0]


def _cell(told: Mapping[str, str], moves: int, units: Mapping[str, UnitName]) -> Cell:
    given: dict[str, object] = {**told}
    given |= {side: units.get(told[side]) for side in ("from_unit", "to_unit") if side in told}
    period = told.get("period")
    month = period if period is not None and fineness(period) == "month" else None
    return Cell(moves=moves, unconfirmed=0, month=month, **given)  # type: ignore[arg-type]


def _view(one: Release, sums: Mapping[str, int]) -> ReleaseView:
    readable = dict.fromkeys(("month", "quarter", "year", "ever"), 0)
    for period, moves in sums.items():
        readable[fineness(period)] += moves
    return ReleaseView(one.number, one.made_at, one.covers_until, one.minimum, Readable(**readable))


class Releasing:
    """A task of the worker: makes a release when a month is over and HR's corrections had a few days to come.

    Several workers may run it: a release is made once. None is made while HR's files are coming in.
    """

    def __init__(self, database_url: str, fresh: Fresh, *, minimum: int, after: timedelta) -> None:
        self._url = database_url
        self._fresh = fresh
        self._minimum = minimum
        self._after = after
        self._before: tuple[date, int] | None = None

    async def run(self) -> NoReturn:
        """Looks for ever whether one is due. Raises only what no retry can mend."""
        while True:
            seen = False
            try:
                seen = await self.look(datetime.now(UTC))
            except Exception as failed:
                if not is_transient(failed):
                    raise
                log.warning("release_waits", reason=place_of(failed))
            await asyncio.sleep(EVERY if seen else SOON)

    async def look(self, now: datetime) -> bool:
        """Makes the release that is due, if the moves are complete, and as many as at the look before; False: they are
        not complete."""
        age = await self._fresh.age()
        if age is None or age > STALE_AFTER:
            return False
        connection = await connect(self._url, deadline=SLOW, name="projections releases")
        try:
            until = last_month(now - self._after)
            before, self._before = self._before, (until, await connection.fetchval(_HOW_MANY, until))
            made = await self._release(connection, until) if before == self._before else None
        finally:
            await connection.close()
        if made is not None:
            log.info("released", subject="moves", position=made.number, covers_until=made.covers_until.isoformat())
        return True

    async def _release(self, connection: asyncpg.Connection, until: date) -> Release | None:
        async def facts() -> list[Fact]:
            rows = await connection.fetch(_FACTS, until)
            return await asyncio.to_thread(lambda: [_fact(row, until) for row in rows])

        return await release(connection, "moves", until, self._minimum, facts)


def last_month(now: datetime) -> date:
    """The last day of the month before."""
    return now.date().replace(day=1) - timedelta(days=1)


def _fact(row: asyncpg.Record, until: date) -> Fact:
    units: Sides = (row["from_unit"], row["to_unit"])
    titles: Sides = (row["from_title"], row["to_title"])
    return Fact(row["id"], row["person"], labels_of(row["kind"], row["effective_on"], units, titles, until))
