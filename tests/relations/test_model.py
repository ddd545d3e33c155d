"""The tables of relations: what stands in them after HR's facts, however these arrive."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from shared.contracts import profiles
from tests.projections.conftest import LONG_AGO, TODAY, World


async def partners(world: World, unit: UUID) -> list[tuple[date, date | None]]:
    """The days of the unit's HR partners."""
    rows = await world.fetch("select from_on, to_on from hr_partners where unit = $1 order by from_on", unit)
    return [(row["from_on"], row["to_on"]) for row in rows]


async def test_an_assignment_that_has_not_begun_is_taken_back(world: World) -> None:
    partner, day = uuid4(), TODAY + timedelta(days=9)
    unit = await world.unit("Unit", partner=partner)
    await world.tell(profiles.HrPartnerAssigned(unit=unit, partner=partner, effective_on=day))
    await world.tell(profiles.HrPartnerReleased(unit=unit, partner=partner, effective_on=TODAY))
    assert await partners(world, unit) == [(LONG_AGO, TODAY)]
    await world.tell(profiles.HrPartnerReleased(unit=unit, partner=partner, effective_on=LONG_AGO))
    assert await partners(world, unit) == []


async def test_a_partner_who_was_released_is_assigned_anew_from_the_same_day(world: World) -> None:
    partner = uuid4()
    unit = await world.unit("Unit", partner=partner)
    released = profiles.HrPartnerReleased(unit=unit, partner=partner, effective_on=TODAY)
    assigned = profiles.HrPartnerAssigned(unit=unit, partner=partner, effective_on=LONG_AGO)
    await world.tell(released)
    await world.tell(assigned)
    assert await partners(world, unit) == [(LONG_AGO, None)]
    await world.tell(released, assigned)
    assert await partners(world, unit) == [(LONG_AGO, None)]
    await world.tell(assigned, released)
    assert await partners(world, unit) == [(LONG_AGO, TODAY)]
