"""HR's moves as kept from the stream: the same whatever comes first, and true to the 1,000 employees of the sample."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.projections.moves import Moves
from services.projections.moves_reads import Figures, MovesAsked, MovesReads
from shared.auth.callers import Caller, Role, Scope
from shared.contracts import opportunities, profiles
from shared.contracts.event import Event
from shared.refusals import NotAllowed
from shared.relations.reads import RelationsStale
from tests.projections.conftest import LONG_AGO, TODAY, World, changed, placed
from tests.projections.employees import departments, employees, facts_of, person_id, unit_id

ROWS = "select m::text from moves.moves m order by 1"
EXPORTS = Caller("service:exports", service="exports", scopes=frozenset({Scope.MOVES_READ}))


def hr(person: UUID) -> Caller:
    return Caller(str(person), person=person, roles=frozenset({Role.HR_PARTNER}))


async def figures(world: World, who: Caller, **asked: Any) -> Figures:
    return await MovesReads(world, world.relations, world.audit).figures(who, MovesAsked(**asked))


async def people(world: World, who: Caller, **asked: Any) -> list[UUID]:
    page = await MovesReads(world, world.relations, world.audit).people(who, MovesAsked(**asked), None, 200)
    return [move.person for move in page.items]


async def rows(world: World) -> list[str]:
    return [row[0] for row in await world.fetch(ROWS)]


async def again(world: World, heard: list[Any], size: int) -> list[str]:
    """The rows that a rebuild comes to, told in batches of this size."""
    tables = ", ".join(f"moves.{name}" for name in ("moves", "move_facts", "movers", "replacements"))
    await world.connection.execute(f"truncate {tables}")
    model = Moves()
    for begin in range(0, len(heard), size):
        batch = [one for one in heard[begin : begin + size] if one.type in model.types]
        async with world.connection.transaction():
            await model.write(world.connection, model.prepare(batch))
    return await rows(world)


def claim(person: UUID, to: UUID, on: date, came_from: UUID, kind: Any = "transfer") -> opportunities.MoveCompleted:
    return opportunities.MoveCompleted(
        move=uuid4(), person=person, kind=kind, from_unit=came_from, to_unit=to, effective_on=on
    )


async def test_any_order_of_arrival_and_any_batches_give_the_same_rows(world: World) -> None:
    chance = random.Random(7)
    units = [await world.unit(name) for name in ("Development", "Research", "Sales")]
    for _ in range(12):
        person = await world.person(units[0])
        facts = [uuid4() for _ in range(4)]
        for _ in range(chance.randint(1, 9)):
            day = LONG_AGO + timedelta(days=chance.randint(1, 1500))
            fact, unit = chance.choice(facts), chance.choice(units)
            event: Event = chance.choice(
                (
                    changed(person, unit, day, fact=fact, title=chance.choice(("Engineer", "Lead"))),
                    profiles.FactWithdrawn(person=person, fact=fact),
                    profiles.PersonLeft(person=person, fact=fact, effective_on=day),
                    profiles.PersonRejoined(person=person, fact=fact, effective_on=day),
                    claim(person, unit, day, chance.choice(units)),
                )
            )
            await world.tell(event)
    await world.tell(profiles.UnitReplaced(unit=units[0], by=(units[1],), effective_on=LONG_AGO + timedelta(days=700)))
    live = await rows(world)
    assert len(live) > 12
    assert await again(world, world.heard, 1000) == live
    for size in (1, 7):
        shuffled = list(world.heard)
        chance.shuffle(shuffled)
        assert await again(world, shuffled, size) == live


async def test_a_reorganisation_told_after_the_places_takes_the_moves_back(world: World) -> None:
    partner = uuid4()
    old, new = await world.unit("Old", partner=partner), await world.unit("New", partner=partner)
    day = TODAY - timedelta(days=50)
    for _ in range(3):
        await world.tell(changed(await world.person(old), new, day))
    assert (await figures(world, hr(partner))).moves == 3
    await world.tell(profiles.UnitReplaced(unit=old, by=(new,), effective_on=day))
    assert (await figures(world, hr(partner))).moves == 0


async def test_a_claim_counts_as_unconfirmed_until_hrs_fact_and_lists_nobody(world: World) -> None:
    partner = uuid4()
    old, new = await world.unit("Old", partner=partner), await world.unit("New", partner=partner)
    person = await world.person(old)
    await world.tell(claim(person, new, TODAY - timedelta(days=9), old))
    found = await figures(world, hr(partner), group_by=("flow",))
    assert [(cell.moves, cell.unconfirmed) for cell in found.cells] == [(0, 1)]
    assert await people(world, hr(partner)) == []
    await world.tell(changed(person, new, TODAY + timedelta(days=5)))
    found = await figures(world, hr(partner))
    assert (found.moves, found.unconfirmed) == (0, 1), "HR's own fact is seen by nobody before its day"
    await world.tell(changed(person, new, TODAY - timedelta(days=5)))
    found = await figures(world, hr(partner))
    assert (found.moves, found.unconfirmed) == (1, 0)
    assert await people(world, hr(partner)) == [person]


async def test_a_partner_sees_the_moves_from_and_to_their_units_and_no_others(world: World) -> None:
    mine, head = uuid4(), uuid4()
    top = await world.unit("Top", partner=head)
    ours, theirs, third = [
        await world.unit(name, parent=top, partner=mine if name == "Ours" else None)
        for name in ("Ours", "Theirs", "Third")
    ]
    day = TODAY - timedelta(days=50)
    moved = {}
    for before, after in ((ours, theirs), (theirs, ours), (theirs, third)):
        person = moved[before, after] = await world.person(before)
        await world.tell(changed(person, after, day))
    seen = {moved[ours, theirs], moved[theirs, ours]}
    assert (await figures(world, hr(mine))).moves == 2
    assert set(await people(world, hr(mine))) == seen
    assert (await figures(world, hr(head))).moves == 3
    assert set(await people(world, hr(head))) == set(moved.values())
    assert set(await people(world, hr(head), unit=ours)) == seen
    assert set(await people(world, hr(head), from_unit=ours)) == {moved[ours, theirs]}
    assert set(await people(world, hr(head), to_unit=ours, from_unit=theirs)) == {moved[theirs, ours]}
    assert set(await people(world, hr(head), unit=top)) == set(moved.values()), "a unit stands for those below it"
    assert await people(world, hr(uuid4())) == []
    assert (await figures(world, hr(uuid4()))).moves == 0


async def test_who_may_ask(world: World) -> None:
    partner = uuid4()
    unit, other = await world.unit("Unit", partner=partner), await world.unit("Other")
    await world.tell(changed(await world.person(unit), other, TODAY))
    assert (await figures(world, EXPORTS)).moves == 1
    analyst = Caller("a", person=uuid4(), roles=frozenset({Role.HR_ANALYST}))
    for refused in (analyst, Caller(str(partner), person=partner, roles=frozenset({Role.ADMIN, Role.EMPLOYEE}))):
        with pytest.raises(NotAllowed):
            await figures(world, refused)
    for refused in (analyst, EXPORTS):
        with pytest.raises(NotAllowed):
            await people(world, refused)
    world.fresh.seconds = None
    with pytest.raises(RelationsStale):
        await figures(world, hr(partner))


async def test_a_future_move_is_counted_from_its_day_on_where_the_place_is(world: World) -> None:
    partner = uuid4()
    unit, other = await world.unit("Unit", partner=partner), await world.unit("Other")
    first = (datetime.now(UTC) + timedelta(hours=14)).date()
    for time_zone, begun in (("Etc/GMT+12", 0), ("Pacific/Kiritimati", 1)):
        await world.tell(changed(await world.person(unit), other, first, time_zone=time_zone))
        assert (await figures(world, hr(partner))).moves == begun
        assert len(await people(world, hr(partner))) == begun


async def test_people_are_listed_page_by_page_newest_first(world: World) -> None:
    partner = uuid4()
    unit, other = await world.unit("Unit", partner=partner), await world.unit("Other")
    for days in range(7):
        await world.tell(changed(await world.person(unit), other, TODAY - timedelta(days=days // 2)))
    reads, found, after = MovesReads(world, world.relations, world.audit), [], None
    while True:
        page = await reads.people(hr(partner), MovesAsked(), after, 3)
        found += [move.id for move in page.items]
        if page.next is None:
            break
        after = (date.fromisoformat(str(page.next[0])), UUID(str(page.next[1])))
    assert len(set(found)) == len(found) == 7


async def test_two_workers_that_hear_of_one_person_at_once_leave_nothing_out(world: World) -> None:
    """HR's fact and the claim come by different topics."""
    unit, other = await world.unit("Unit"), await world.unit("Other")
    person = await world.person(unit)
    told = await world.tell(changed(person, other, TODAY), claim(person, other, TODAY, unit))
    live = await rows(world)
    before = [heard for heard in world.heard if heard not in told]
    await again(world, before, 1000)
    model = Moves()
    async with world.another() as second:
        async with world.connection.transaction():
            await model.write(world.connection, model.prepare(told[:1]))
            waiting = world.soon(second, model, told[1:])
            await world.until_waiting(second)
        await waiting
    assert await rows(world) == live


async def test_a_reorganisation_waits_for_the_people_that_others_are_working_out(world: World) -> None:
    old, new = await world.unit("Old"), await world.unit("New")
    person = await world.person(old)
    before = len(world.heard)
    await world.tell(changed(person, new, TODAY))
    await world.tell(profiles.UnitReplaced(unit=old, by=(new,), effective_on=TODAY))
    live = await rows(world)
    await again(world, world.heard[:before], 1000)
    model, (moved, replaced) = Moves(), world.heard[before:]
    async with world.another() as second:
        async with world.connection.transaction():
            await model.write(world.connection, model.prepare([moved]))
            waiting = world.soon(second, model, [replaced])
            await world.until_waiting(second)
        await waiting
    assert await rows(world) == live


async def test_employees_1000_gives_the_true_numbers(world: World) -> None:
    partner = uuid4()
    units = {code: unit_id(code) for code in departments()}
    for code, name in departments().items():
        await world.tell(profiles.UnitEstablished(unit=units[code], code=code, name=name, effective_on=LONG_AGO))
        await world.tell(profiles.HrPartnerAssigned(unit=units[code], partner=partner, effective_on=LONG_AGO))
    world.models = (Moves(),)
    events: list[Event] = []
    for number, one in employees().items():
        person = person_id(number)
        for fact in facts_of(number, one):
            told: dict[str, Any] = {"person": person, "fact": fact.source, "effective_on": fact.effective_on}
            match fact.kind:
                case "joined":
                    events.append(profiles.PersonJoined(**told))
                case "left":
                    events.append(profiles.PersonLeft(**told))
                case _:
                    assert fact.unit is not None
                    place = placed(person, fact.unit, fact.effective_on, fact=fact.source, title=fact.title)
                    events.append(place)
    await world.tell(*events)
    who = hr(partner)
    titles = await figures(world, who, kind=("title_change",), group_by=("title",))
    assert {(cell.from_title, cell.to_title): cell.moves for cell in titles.cells} == {
        ("Engineer", "Senior Engineer"): 223,
        ("Staff", "Senior Staff"): 216,
        ("Assistant Engineer", "Engineer"): 31,
    }
    flows = await figures(world, who, kind=("department_move",), group_by=("flow",))
    names = [
        (cell.from_unit.name, cell.to_unit.name, cell.moves) for cell in flows.cells if cell.from_unit and cell.to_unit
    ]
    assert (flows.moves, len(names)) == (103, 16)
    assert names[:3] == [
        ("Development", "Research", 21),
        ("Development", "Production", 17),
        ("Production", "Quality Management", 11),
    ]
    assert set(names[3:5]) == {("Sales", "Customer Service", 10), ("Production", "Customer Service", 10)}
    apart = await figures(world, who, kind=("joined", "left"), group_by=("kind",))
    assert {cell.kind: cell.moves for cell in apart.cells} == {"joined": 1000, "left": 198}
    months = await figures(world, who, kind=("left",), group_by=("month",), begins=date(2000, 1, 1))
    assert all(cell.month is not None and cell.month >= "2000-01" for cell in months.cells)
    both = await figures(world, who, group_by=("kind", "title"))
    assert both.moves == 470, "cells of titles hold what changed a title"
    listed = await people(world, who, kind=("department_move",), from_unit=units["d005"], to_unit=units["d008"])
    assert len(listed) == 21
