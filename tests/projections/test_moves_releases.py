"""Releases of moves over a real PostgreSQL: made once a month is over, read by analysts, never changed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.projections.moves import Moves
from services.projections.moves_reads import Figures, MovesAsked
from services.projections.moves_releases import MovesReleases, ReleasesNotYet, Releasing, last_month
from shared import groups
from shared.contracts import profiles
from shared.refusals import NotFound
from tests.projections.conftest import LONG_AGO, World, changed

NOW = datetime.now(UTC)
LAST_MONTH = last_month(NOW)
DAY = LAST_MONTH.replace(day=15)


@pytest.fixture
async def house(world: World) -> "House":
    for migration in groups.migrations():
        await world.connection.execute(migration.sql)
    return House(world, await world.unit("Development"), await world.unit("Research"))


class House:
    """Two units, and people who move from one to the other."""

    def __init__(self, world: World, development: UUID, research: UUID) -> None:
        self.world = world
        self.development = development
        self.research = research
        self.reads = MovesReleases(world)

    async def move(self, people: int, on: date = DAY) -> list[profiles.PlaceTaken | profiles.PlaceChanged]:
        moves = [changed(await self.world.person(self.development), self.research, on) for _ in range(people)]
        await self.world.tell(*moves)
        return moves

    async def release(self, at: datetime = NOW, after: timedelta = timedelta()) -> None:
        releasing = Releasing(self.world.url, self.world.fresh, minimum=5, after=after)
        await releasing.look(at)
        await releasing.look(at)

    async def figures(self, number: int | None = None, **asked: Any) -> Figures:
        return (await self.reads.figures(MovesAsked(**asked), number)).value

    async def numbers(self) -> list[int]:
        return [one.release for one in (await self.reads.listed(None, 50)).items]


async def test_a_release_is_made_once_a_month_is_over_and_settled(house: House) -> None:
    await house.release()
    with pytest.raises(ReleasesNotYet):
        await house.figures()
    await house.move(5)
    first_day = (LAST_MONTH + timedelta(days=1)).replace(day=1)
    at = datetime(first_day.year, first_day.month, 3, tzinfo=UTC)
    assert last_month(at - timedelta(days=7)) < LAST_MONTH == last_month(at)
    await house.release(at, after=timedelta(days=7))
    await house.release(at)
    await house.release(at)
    assert await house.numbers() == [2, 1]
    [latest, first] = (await house.reads.listed(None, 50)).items
    assert first.covers_until < latest.covers_until == LAST_MONTH
    page = await house.reads.listed(None, 1)
    assert page.next == (2,)
    assert [one.release for one in (await house.reads.listed(2, 1)).items] == [1]


async def test_few_are_not_told_and_as_many_as_the_minimum_are(house: House) -> None:
    await house.move(4)
    await house.release()
    with pytest.raises(ReleasesNotYet):
        await house.figures()
    await house.world.person(house.research)
    await house.release()
    assert (await house.figures(group_by=("flow",))).moves == 0
    joined = await house.figures(group_by=("kind",), kind=("joined",))
    assert [cell.moves for cell in joined.cells] == [5]


async def test_a_flow_is_told_by_the_month_that_it_fills(house: House) -> None:
    await house.move(6)
    await house.move(6, NOW.date())
    await house.release()
    found = await house.figures(group_by=("month", "flow"))
    [cell] = found.cells
    assert (found.moves, found.release, found.other, found.wider) == (6, 1, 0, 0)
    assert (cell.moves, cell.period, cell.month) == (6, LAST_MONTH.isoformat()[:7], LAST_MONTH.isoformat()[:7])
    assert cell.from_unit is not None
    assert cell.to_unit is not None
    assert (cell.from_unit.name, cell.to_unit.id) == ("Development", house.research)
    [listed] = (await house.reads.listed(None, 50)).items
    assert (listed.readable.month, listed.minimum) == (6 + 12, 5), "they joined, too"
    joined = await house.figures(kind=("joined",), group_by=("to_unit", "month"))
    assert [(one.moves, one.period) for one in joined.cells] == [(12, LONG_AGO.isoformat()[:7])]


async def test_a_release_stays_as_it_was_whatever_is_corrected_or_rebuilt(house: House) -> None:
    moves = await house.move(12)
    await house.release(NOW - timedelta(days=40))
    await house.release()
    before = await house.figures(2)
    assert (await house.figures(1)).moves == 0
    await house.world.tell(*(profiles.FactWithdrawn(person=one.person, fact=one.fact) for one in moves[:4]))
    await house.release(NOW + timedelta(days=31))
    assert (await house.figures(3)).moves == 12, "four are too few to be missed"
    await house.world.tell(*(profiles.FactWithdrawn(person=one.person, fact=one.fact) for one in moves[4:5]))
    await house.world.connection.execute("truncate moves.moves, moves.move_facts, moves.movers")
    house.world.models = (Moves(),)
    await house.world.apply(house.world.heard)
    await house.release(NOW + timedelta(days=62))
    assert (await house.figures()).moves == 7
    assert await house.figures(2) == before
    with pytest.raises(NotFound):
        await house.figures(99)


async def test_several_workers_make_one_release(house: House) -> None:
    await house.move(5)
    await asyncio.gather(*(house.release() for _ in range(4)))
    assert await house.numbers() == [1]
    assert (await house.figures()).moves == 5


@pytest.mark.parametrize("age", [None, 90.0])
async def test_nothing_is_released_while_the_moves_are_not_complete(house: House, age: float | None) -> None:
    await house.move(5)
    house.world.fresh.seconds = age
    await house.release()
    assert await house.numbers() == []


async def test_nothing_is_released_while_files_are_coming_in(house: House) -> None:
    releasing = Releasing(house.world.url, house.world.fresh, minimum=5, after=timedelta())
    for made in ([], [], [1]):
        if not made:
            await house.move(5)
        await releasing.look(NOW)
        assert await house.numbers() == made
