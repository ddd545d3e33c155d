"""Who stands in for whom, as a read asks it: by day, and for what the delegator is now."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts import profiles
from shared.contracts.profiles import Capacity
from shared.relations.reads import StandIn, reads_as, stands_in_for
from tests.projections.conftest import TODAY, World, changed

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
UNTIL = TODAY + timedelta(days=30)


class House:
    """An employee, their manager and HR partner, and somebody who stands in."""

    def __init__(self, world: World, unit: UUID, *, ana: UUID, max_: UUID, hana: UUID, lea: UUID) -> None:
        self.world, self.unit = world, unit
        self.ana, self.max, self.hana, self.lea = ana, max_, hana, lea

    async def delegated(self, **more: Any) -> profiles.DelegationGiven:
        values: dict[str, Any] = {"delegator": self.max, "delegate": self.lea, "capacities": ("manager",)}
        dates = {"effective_on": YESTERDAY, "until": UNTIL}
        event = profiles.DelegationGiven(**{"delegation": uuid4(), **values, **dates, **more})
        await self.world.tell(event)
        return event

    async def for_whom(self, capacity: Capacity = "manager", *, who: UUID | None = None, of: UUID | None = None) -> Any:
        asked = f"""select {stands_in_for(capacity, "$1::uuid", "$2::uuid")} as whom,
            {reads_as(capacity, "$1::uuid", "$2::uuid")} as reads"""
        [row] = await self.world.fetch(asked, of or self.ana, who or self.lea)
        assert row["reads"] or row["whom"] is None
        return row["whom"]


@pytest.fixture
async def house(world: World) -> House:
    elsewhere = await world.unit("Elsewhere")
    leader, partner = await world.person(elsewhere), await world.person(elsewhere)
    unit = await world.unit("Unit", partner=partner)
    await world.lead(unit, leader)
    lea = await world.person(elsewhere)
    return House(world, unit, ana=await world.person(unit), max_=leader, hana=partner, lea=lea)


async def test_a_delegate_stands_in_for_what_was_delegated_alone(house: House) -> None:
    assert await house.for_whom() is None
    await house.delegated()
    assert await house.for_whom() == house.max
    assert await house.for_whom("hr_partner") is None
    await house.delegated(delegator=house.hana, capacities=("hr_partner", "manager"))
    assert await house.for_whom("hr_partner") == house.hana
    assert await house.for_whom() == house.max
    assert await house.for_whom(of=house.lea) is None
    assert await house.world.relations.manager(house.ana) == house.max


@pytest.mark.parametrize(
    ("begins", "until", "holds"),
    [(TODAY, TODAY, True), (TOMORROW + timedelta(days=1), UNTIL, False), (TODAY, TODAY - timedelta(days=2), False)],
)
async def test_it_holds_from_its_first_day_to_its_last(house: House, begins: date, until: date, holds: bool) -> None:  # noqa: FBT001
    await house.delegated(effective_on=begins, until=until)
    assert (await house.for_whom() is not None) == holds


async def test_its_days_are_those_of_the_delegator(house: House) -> None:
    await house.delegated(effective_on=date(2026, 3, 1), until=date(2026, 3, 2))
    [row] = await house.world.fetch("select from_at, to_at from delegations")
    assert tuple(row) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    await house.world.tell(changed(house.max, uuid4(), date(2026, 3, 2), time_zone="Asia/Tokyo"))
    [row] = await house.world.fetch("select from_at, to_at from delegations")
    assert tuple(row) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, 15, tzinfo=UTC))


@pytest.mark.parametrize("ended_on", [TODAY, YESTERDAY - timedelta(days=9)])
async def test_one_that_was_ended_holds_no_more(house: House, ended_on: date) -> None:
    given = await house.delegated()
    await house.world.tell(
        profiles.DelegationEnded(
            delegation=given.delegation, delegator=house.max, delegate=house.lea, effective_on=ended_on
        )
    )
    assert await house.for_whom() is None


async def test_what_is_delegated_is_not_delegated_on(house: House) -> None:
    await house.delegated()
    other = await house.world.person(await house.world.unit("Third"))
    await house.delegated(delegator=house.lea, delegate=other)
    assert await house.for_whom(who=other) is None


async def test_who_stands_in_because_the_employee_chose_them_does_not_delegate(house: House) -> None:
    await house.world.lead(house.unit, None)
    interim = profiles.InterimPartnerNamed(person=house.ana, effective_on=YESTERDAY, partner=house.max)
    await house.world.tell(interim)
    await house.delegated()
    assert await house.world.relations.manager(house.ana) == house.max
    assert await house.for_whom() is None


async def test_nobody_becomes_their_own_manager_or_hr_partner(house: House) -> None:
    for delegator, capacity in ((house.max, "manager"), (house.hana, "hr_partner")):
        await house.delegated(delegator=delegator, delegate=house.ana, capacities=(capacity,))
    assert await house.for_whom(who=house.ana) is None
    assert await house.for_whom("hr_partner", who=house.ana) is None


async def test_it_ends_when_the_delegator_is_manager_or_hr_partner_no_more(house: House) -> None:
    await house.delegated()
    await house.delegated(delegator=house.hana, capacities=("hr_partner",))
    await house.world.lead(house.unit, await house.world.person(house.unit), YESTERDAY)
    await house.world.tell(profiles.HrPartnerReleased(unit=house.unit, partner=house.hana, effective_on=YESTERDAY))
    assert await house.for_whom() is None
    assert await house.for_whom("hr_partner") is None


async def test_what_a_delegator_is_not_hands_nothing_on_before_they_are(house: House) -> None:
    await house.delegated(capacities=("hr_partner", "manager"))
    assert await house.for_whom("hr_partner") is None
    await house.world.tell(profiles.HrPartnerAssigned(unit=house.unit, partner=house.max, effective_on=YESTERDAY))
    assert await house.for_whom("hr_partner") == house.max


@pytest.mark.parametrize("who", ["max", "hana", "lea"])
async def test_it_ends_when_either_leaves(house: House, who: str) -> None:
    await house.delegated()
    await house.delegated(delegator=house.hana, capacities=("hr_partner",))
    left = profiles.PersonLeft(person=getattr(house, who), fact=uuid4(), effective_on=TODAY - timedelta(days=3))
    await house.world.tell(left)
    assert (await house.for_whom(), await house.for_whom("hr_partner")) == (
        house.max if who == "hana" else None,
        house.hana if who == "max" else None,
    )


async def test_who_stands_in_is_told_with_the_last_day(house: House) -> None:
    await house.delegated()
    await house.delegated(delegate=house.ana)
    found = await house.world.relations.stand_ins("manager", house.ana, [house.max])
    assert found == [StandIn(house.lea, house.max, UNTIL)]
    assert await house.world.relations.stand_ins("manager", house.ana, []) == []
    assert await house.world.relations.stand_ins("hr_partner", house.ana, [house.hana]) == []


async def test_asking_reads_no_more_than_a_few_rows(house: House) -> None:
    """However many delegations and people there are."""
    await house.delegated()
    await house.world.connection.execute(
        """insert into relations.delegations
               (delegation, delegator, delegate, capacities, from_on, until, from_at, to_at)
           select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '{manager,hr_partner}', current_date,
               current_date, now(), now() + interval '1 day' from generate_series(1, 5000);
           insert into relations.managers (person, manager, kind, from_at, to_at)
           select gen_random_uuid(), gen_random_uuid(), 'manager', now(), 'infinity' from generate_series(1, 5000);
           insert into relations.belongings (person, unit, time_zone, from_at, to_at)
           select gen_random_uuid(), gen_random_uuid(), 'UTC', now(), 'infinity' from generate_series(1, 5000);
           insert into relations.employment_facts (fact, person, kind, effective_on, seq, begins_at)
           select gen_random_uuid(), gen_random_uuid(), 'joined', current_date, n, now()
               from generate_series(1, 5000) as n;
           analyze"""
    )
    for capacity in ("manager", "hr_partner"):
        asked = f"explain select {reads_as(capacity, '$1::uuid', '$2::uuid')}"
        for setting in ("force_generic_plan", "force_custom_plan"):
            await house.world.connection.execute(f"set plan_cache_mode = {setting}")
            plan = "\n".join(row[0] for row in await house.world.fetch(asked, house.ana, house.lea))
            for table in ("delegations", "managers", "belongings", "employment_facts"):
                assert f"Seq Scan on {table}" not in plan, plan
