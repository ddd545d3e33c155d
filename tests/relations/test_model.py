"""The tables of relations: what stands in them after HR's facts, however these arrive."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts import profiles
from shared.contracts.event import Event
from shared.kafka.records import Heard
from shared.relations.model import Relations as Model
from shared.relations.model import fold_alias
from shared.relations.reads import is_switched_on
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from tests.api.stage import switched
from tests.projections.conftest import LONG_AGO, TODAY, World, changed, placed

TABLES = """select table_name from information_schema.tables
    where table_schema = 'relations' and table_type = 'BASE TABLE' order by 1"""


HEARD = """
    alias_added alias_removed delegation_ended delegation_given fact_withdrawn hr_partner_assigned
    hr_partner_released interim_partner_named manager_assigned measure_switched person_described person_joined
    person_left person_rejoined place_changed place_ended place_taken unit_changed unit_established
    unit_leader_appointed"""


async def partners(world: World, unit: UUID) -> list[tuple[date, date | None]]:
    """The days of the unit's HR partners."""
    rows = await world.fetch("select from_on, to_on from hr_partners where unit = $1 order by from_on", unit)
    return [(row["from_on"], row["to_on"]) for row in rows]


@pytest.mark.parametrize(("one", "other"), [(" Smith ", "smith"), ("MÜLLER", "müller"), ("ΣΊΓΜΑΣ", "σίγμας")])
def test_an_alias_is_the_same_in_other_case(one: str, other: str) -> None:
    assert fold_alias(one) == fold_alias(other)


@pytest.mark.parametrize(
    "look_alike",
    ["\N{LATIN SMALL LETTER LONG S}mith", "\N{KELVIN SIGN}ing", "\N{LATIN SMALL LIGATURE FI}nn", "weiß", "İnan"],
)
def test_an_alias_with_other_letters_is_another(look_alike: str) -> None:
    assert not fold_alias(look_alike).isascii()


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


async def test_a_unit_is_there_and_is_called_so_from_the_day_on(world: World) -> None:
    here, next_year = await world.unit("Sales"), TODAY + timedelta(days=365)
    to_come = profiles.UnitEstablished(unit=uuid4(), code="x", name="Secret", effective_on=next_year)
    await world.tell(to_come, profiles.UnitChanged(unit=here, name="Marketing", effective_on=next_year))
    assert [(row["unit"], row["name"]) for row in await world.fetch("select * from units")] == [(here, "Sales")]
    await world.tell(profiles.UnitChanged(unit=here, name="Selling", effective_on=TODAY))
    assert [(row["unit"], row["name"]) for row in await world.fetch("select * from units")] == [(here, "Selling")]


async def rows(world: World) -> dict[str, list[str]]:
    """All that the tables hold, by table."""
    names = [row[0] for row in await world.fetch(TABLES)]
    return {
        name: [row[0] for row in await world.fetch(f"select t::text from relations.{name} t order by 1")]
        for name in names
    }


async def again(world: World, batches: Iterator[Sequence[Heard]]) -> dict[str, list[str]]:
    """What a rebuild comes to that is told these batches."""
    await world.connection.execute(f"truncate {', '.join(f'relations.{name}' for name in await rows(world))}")
    model = Model(world.sealer)
    for batch in batches:
        async with world.connection.transaction():
            await model.write(world.connection, model.prepare(batch))
    return await rows(world)


def mixed(heard: Sequence[Heard], chance: random.Random) -> Iterator[Sequence[Heard]]:
    """The same records in batches of any size: in their order where they have one key, in any order else."""
    waiting = defaultdict(list)
    for one in reversed(heard):
        waiting[one.subject].append(one)
    keys = [one.subject for one in heard]
    chance.shuffle(keys)
    told = [waiting[key].pop() for key in keys]
    while told:
        size = chance.choice((1, 2, 5, 30))
        yield told[:size]
        told = told[size:]


class Chance:
    """HR's reports as they may come. A fact is told again within its own table, as commands and imports do it."""

    def __init__(self, chance: random.Random, people: Sequence[UUID], units: Sequence[UUID]) -> None:
        self.chance = chance
        self.people = people
        self.units = units
        self.given: dict[UUID, UUID] = {}
        self.facts = {person: {kind: [uuid4(), uuid4()] for kind in ("in", "place", "line")} for person in people}

    def day(self) -> date:
        return TODAY + timedelta(days=self.chance.randint(-12, 12))

    def of_a_person(self) -> Event:
        pick, day = self.chance.choice, self.day()
        person, other, unit = pick(self.people), pick([*self.people, None]), pick(self.units)
        facts = {kind: pick(named) for kind, named in self.facts[person].items()}
        zone = pick(("America/Toronto", "Europe/Paris", "UTC"))
        place: dict[str, Any] = {"fact": facts["place"], "position": pick(("p1", "p2")), "time_zone": zone}
        employment: dict[str, Any] = {"person": person, "fact": facts["in"], "effective_on": day}
        ended = profiles.PlaceEnded(
            person=person, fact=facts["place"], effective_on=day, position=pick(("p1", "p2", "p9"))
        )
        line = profiles.ManagerAssigned(
            person=person, fact=facts["line"], effective_on=day, position="p1", manager=other
        )
        alias: dict[str, Any] = {"person": person, "source": "email", "value": pick("ab"), "effective_on": day}
        return pick(
            (
                placed(person, unit, day, **place),
                changed(person, unit, day, **place),
                ended,
                line,
                line,
                profiles.PersonLeft(**employment),
                profiles.PersonRejoined(**employment),
                profiles.PersonJoined(**employment),
                profiles.InterimPartnerNamed(person=person, effective_on=day, partner=other),
                self.delegation(person, other or person, day),
                *(profiles.FactWithdrawn(person=person, fact=fact) for fact in facts.values()),
                profiles.PersonDescribed(
                    person=person, name=profiles.Name(given=pick("ab"), family="c"), language="en"
                ),
                profiles.AliasAdded(**alias),
                profiles.AliasRemoved(**alias),
            )
        )

    def delegation(self, person: UUID, other: UUID, day: date) -> Event:
        """Given first, ended perhaps."""
        given = self.given.get(person)
        if given is not None:
            return profiles.DelegationEnded(delegation=given, delegator=person, delegate=other, effective_on=day)
        self.given[person] = given = uuid4()
        return profiles.DelegationGiven(
            delegation=given,
            delegator=person,
            delegate=other,
            capacities=("manager",),
            effective_on=day,
            until=day + timedelta(days=3),
        )

    def of_a_unit(self) -> Event:
        pick, day = self.chance.choice, self.day()
        unit, person = pick(self.units), pick(self.people)
        return pick(
            (
                profiles.UnitChanged(unit=unit, name=pick("ab"), parent=pick([*self.units, None]), effective_on=day),
                profiles.UnitLeaderAppointed(unit=unit, leader=pick([person, None]), effective_on=day),
                profiles.UnitLeaderAppointed(unit=unit, leader=person, effective_on=day),
                profiles.UnitReplaced(unit=unit, by=(pick(self.units),), effective_on=day),
                profiles.HrPartnerAssigned(unit=unit, partner=pick(self.people[:2]), effective_on=day),
                profiles.HrPartnerReleased(unit=unit, partner=pick(self.people[:2]), effective_on=day),
                switched("hr_sees_conversations", on=pick((True, False)), legal_entity=pick(("FR01", "CA01"))),
            )
        )


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_batches_the_tables_are_the_same(world: World, seed: int) -> None:
    chance = random.Random(seed)
    world.models = (Model(world.sealer),)
    units = [await world.unit(name) for name in ("Development", "Research", "Sales")]
    people = [await world.person(chance.choice(units)) for _ in range(6)]
    reports = Chance(chance, people, units)
    for _ in range(100):
        await world.tell(reports.of_a_unit() if chance.random() < 0.3 else reports.of_a_person())
    live = await rows(world)
    assert await again(world, iter([world.heard])) == live
    for _ in range(4):
        assert await again(world, mixed(world.heard, chance)) == live


async def test_a_measure_is_on_where_a_persons_legal_entity_of_now_has_it_on(world: World) -> None:
    unit = await world.unit("Unit")
    ana = await world.person(unit, legal_entity="FR01")
    ben = await world.person(unit, legal_entity="CA01")

    async def measured() -> list[UUID]:
        asked = f"select p.person from people p where {is_switched_on('hr_sees_conversations', 'p.person')}"
        return [row["person"] for row in await world.fetch(asked)]

    assert await measured() == []
    await world.tell(switched("hr_sees_conversations", on=True, legal_entity="FR01"))
    assert await measured() == [ana]
    before, to_come = TODAY - timedelta(days=9), TODAY + timedelta(days=2)
    await world.tell(changed(ana, unit, to_come, legal_entity="CA01"), changed(ben, unit, before, legal_entity="FR01"))
    assert set(await measured()) == {ana, ben}
    await world.tell(profiles.PersonLeft(person=ben, fact=uuid4(), effective_on=TODAY - timedelta(days=3)))
    assert set(await measured()) == {ana, ben}, "where somebody belonged last counts, as their unit does"
    await world.tell(switched("hr_sees_conversations", on=False, legal_entity="FR01"))
    assert await measured() == []


async def test_a_fact_withdrawn_and_told_again_stands_also_within_one_batch(world: World) -> None:
    unit, other = await world.unit("Unit"), await world.unit("Other")
    person, fact = uuid4(), uuid4()
    first = placed(person, unit, LONG_AGO, fact=fact)
    withdrawn = profiles.FactWithdrawn(person=person, fact=fact)
    await world.tell(profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO), first)
    places = "select unit from place_facts where person = $1"
    await world.tell(withdrawn, placed(person, other, LONG_AGO, fact=fact))
    assert [row["unit"] for row in await world.fetch(places, person)] == [other]
    await world.tell(first, withdrawn)
    assert await world.fetch(places, person) == []


async def test_nobodys_fact_is_overwritten_by_somebody_elses(world: World) -> None:
    unit, other, fact = await world.unit("Unit"), await world.unit("Other"), uuid4()
    ana = await world.person(unit, fact=fact)
    await world.tell(placed(uuid4(), other, LONG_AGO, fact=fact))
    [row] = await world.fetch("select person, unit from place_facts where fact = $1", fact)
    assert (row["person"], row["unit"]) == (ana, unit)


def test_what_people_write_of_themselves_is_not_heard() -> None:
    """Each event heard of a person moves their `changed_at`, which others read."""
    assert Model(Sealer(KeyCache(MemoryKeyStore()))).types == {f"profiles.{name}.v1" for name in HEARD.split()}


async def test_who_was_in_a_circle_has_a_manager_again_when_another_opens_it(world: World) -> None:
    unit, other = await world.unit("Unit"), await world.unit("Other")
    leader, fact = await world.person(other), uuid4()
    member = await world.person(unit)
    await world.lead(unit, leader)
    line = profiles.ManagerAssigned(
        person=leader, fact=fact, effective_on=LONG_AGO, position="p1", line="solid", manager=member
    )
    for opens in (
        profiles.FactWithdrawn(person=leader, fact=fact),
        line.model_copy(update={"manager": uuid4()}),
    ):
        await world.tell(line)
        assert await world.relations.manager(member) is None
        await world.tell(opens)
        assert await world.relations.manager(member) == leader
