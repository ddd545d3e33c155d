"""Whose manager is who: the rules, told as small organisations."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shared.relations.derived import instants
from shared.relations.facts import (
    EmploymentFact,
    InterimFact,
    ManagerFact,
    Organisation,
    PersonFacts,
    PlaceFact,
    UnitFacts,
)
from shared.relations.managers import Managed, belongings, manager_on, managers

AMINA, BEN, CARLA, DAN = uuid4(), uuid4(), uuid4(), uuid4()
TEAM, DIVISION, HOUSE = uuid4(), uuid4(), uuid4()
START = date(2024, 1, 1)
LATER = date(2025, 1, 1)


def placed(unit: UUID, since: date = START, position: str = "P1", **more) -> PlaceFact:
    return PlaceFact("taken", position, since, seq=1, unit=unit, **more)


def joined(*facts, **more) -> PersonFacts:
    return PersonFacts(
        employment=(EmploymentFact("joined", START), *more.pop("employment", ())), places=tuple(facts), **more
    )


def units(**leaders) -> dict[UUID, UnitFacts]:
    """TEAM below DIVISION below HOUSE, each led since the start by who is named."""
    above = {TEAM: DIVISION, DIVISION: HOUSE, HOUSE: None}
    names = {"team": TEAM, "division": DIVISION, "house": HOUSE}
    led = {names[name]: leader for name, leader in leaders.items()}
    return {
        unit: UnitFacts(((START, led[unit]),) if unit in led else (), ((START, parent),))
        for unit, parent in above.items()
    }


def test_the_leader_of_the_unit_is_the_manager():
    organisation = Organisation(units(team=BEN), {AMINA: joined(placed(TEAM))})
    assert managers(AMINA, organisation) == [Managed(START, None, BEN, "manager")]


def test_an_explicit_manager_comes_first():
    facts = joined(placed(TEAM), managers=(ManagerFact("P1", START, 2, CARLA),))
    assert manager_on(AMINA, START, Organisation(units(team=BEN), {AMINA: facts})) == (CARLA, "manager")


def test_a_leader_is_managed_by_the_leader_above():
    organisation = Organisation(units(team=AMINA, house=CARLA), {AMINA: joined(placed(TEAM))})
    assert manager_on(AMINA, START, organisation) == (CARLA, "manager")


def test_a_leader_who_left_manages_nobody_from_the_day_after():
    left = joined(placed(TEAM), employment=(EmploymentFact("left", LATER),))
    organisation = Organisation(units(team=BEN, division=CARLA), {AMINA: joined(placed(TEAM)), BEN: left})
    after = LATER + timedelta(days=1)
    assert managers(AMINA, organisation) == [
        Managed(START, after, BEN, "manager"),
        Managed(after, None, CARLA, "manager"),
    ]


def test_a_leader_who_was_never_reported_as_a_person_manages_all_the_same():
    assert manager_on(AMINA, START, Organisation(units(team=DAN), {AMINA: joined(placed(TEAM))})) == (DAN, "manager")


def test_nobody_above_is_a_vacancy_and_an_interim_partner_stands_in():
    alone = Organisation(units(), {AMINA: joined(placed(TEAM))})
    assert manager_on(AMINA, START, alone) == (None, "vacancy")
    facts = joined(placed(TEAM), interim=(InterimFact(START, 3, CARLA),))
    assert manager_on(AMINA, START, Organisation(units(), {AMINA: facts})) == (CARLA, "interim")
    assert manager_on(AMINA, START, Organisation(units(team=BEN), {AMINA: facts})) == (BEN, "manager")


def test_a_circle_of_leaders_is_a_vacancy_for_those_in_it_alone():
    organisation = Organisation(
        {TEAM: UnitFacts(((START, AMINA),)), DIVISION: UnitFacts(((START, BEN),))},
        {AMINA: joined(placed(DIVISION)), BEN: joined(placed(TEAM)), DAN: joined(placed(TEAM))},
    )
    assert manager_on(AMINA, START, organisation) == (None, "vacancy")
    assert manager_on(BEN, START, organisation) == (None, "vacancy")
    assert manager_on(DAN, START, organisation) == (AMINA, "manager")


def test_units_that_contain_each_other_end_the_walk():
    organisation = Organisation(
        {TEAM: UnitFacts((), ((START, DIVISION),)), DIVISION: UnitFacts((), ((START, TEAM),))},
        {AMINA: joined(placed(TEAM))},
    )
    assert manager_on(AMINA, START, organisation) == (None, "vacancy")


def test_the_primary_place_decides():
    second = placed(DIVISION, position="P2", primary=False)
    organisation = Organisation(units(team=BEN, division=CARLA), {AMINA: joined(second, placed(TEAM))})
    assert manager_on(AMINA, START, organisation) == (BEN, "manager")


def test_relations_switch_on_their_date():
    changed = PlaceFact("changed", "P1", LATER, seq=2, unit=DIVISION)
    organisation = Organisation(units(team=BEN, division=CARLA), {AMINA: joined(placed(TEAM), changed)})
    assert managers(AMINA, organisation) == [
        Managed(START, LATER, BEN, "manager"),
        Managed(LATER, None, CARLA, "manager"),
    ]
    assert [(one.from_on, one.to_on, one.unit) for one in belongings(organisation.person(AMINA))] == [
        (START, LATER, TEAM),
        (LATER, None, DIVISION),
    ]


def test_a_rehire_has_a_gap_without_manager():
    back = LATER + timedelta(days=100)
    facts = joined(placed(TEAM), employment=(EmploymentFact("left", LATER), EmploymentFact("rejoined", back)))
    organisation = Organisation(units(team=BEN), {AMINA: facts})
    after = LATER + timedelta(days=1)
    assert managers(AMINA, organisation) == [
        Managed(START, after, BEN, "manager"),
        Managed(back, None, BEN, "manager"),
    ]


days = st.dates(date(2024, 1, 1), date(2024, 1, 20))
people = st.sampled_from([AMINA, BEN, CARLA, DAN])
some_units = st.sampled_from([TEAM, DIVISION, HOUSE])
zones = st.sampled_from(["America/Toronto", "Europe/Paris", "Asia/Karachi"])


@st.composite
def organisations(draw) -> Organisation:
    def facts() -> PersonFacts:
        return PersonFacts(
            tuple(
                EmploymentFact(kind, day)
                for kind, day in draw(
                    st.lists(st.tuples(st.sampled_from(["joined", "left", "rejoined"]), days), max_size=3)
                )
            ),
            tuple(
                PlaceFact(kind, position, day, seq, unit, time_zone=zone)
                for seq, (kind, position, day, unit, zone) in enumerate(
                    draw(
                        st.lists(
                            st.tuples(
                                st.sampled_from(["taken", "changed", "ended"]),
                                st.sampled_from(["P1", "P2"]),
                                days,
                                some_units,
                                zones,
                            ),
                            max_size=4,
                        )
                    )
                )
            ),
            tuple(
                ManagerFact("P1", day, seq, manager)
                for seq, (day, manager) in enumerate(draw(st.lists(st.tuples(days, people), max_size=2)))
            ),
        )

    def unit() -> UnitFacts:
        return UnitFacts(
            tuple(sorted(draw(st.lists(st.tuples(days, people), max_size=2)))),
            tuple(sorted(draw(st.lists(st.tuples(days, some_units), max_size=2)))),
        )

    return Organisation(
        {one: unit() for one in (TEAM, DIVISION, HOUSE)}, {one: facts() for one in (AMINA, BEN, CARLA, DAN)}
    )


@given(organisations())
def test_intervals_say_for_every_day_what_the_rule_says_for_that_day(organisation):
    for person in (AMINA, BEN, CARLA, DAN):
        found = managers(person, organisation)
        for offset in range(25):
            day = date(2023, 12, 30) + timedelta(days=offset)
            told = [one for one in found if one.from_on <= day and (one.to_on is None or day < one.to_on)]
            if organisation.person(person).primary_place(day) is None:
                assert told == []
            else:
                [one] = told
                assert (one.manager, one.kind) == manager_on(person, day, organisation)


@given(organisations())
def test_at_every_moment_one_manager_and_at_noon_the_one_of_the_day_where_the_place_is(organisation):
    for person in (AMINA, BEN, CARLA, DAN):
        facts = organisation.person(person)
        told, units = managers(person, organisation), belongings(facts)
        for found in (
            [(one.from_on, one.to_on, begins, ends) for one, begins, ends in instants(told, units)],
            [(one.from_on, one.to_on, begins, ends) for one, begins, ends in instants(units, units)],
        ):
            for (following, _, begins, _), (_, to_on, _, ends) in pairwise(found):
                assert ends == begins if to_on == following else ends <= begins
        for offset in range(25):
            day = date(2023, 12, 30) + timedelta(days=offset)
            place = facts.primary_place(day)
            if place is not None:
                noon = datetime.combine(day, time(12), ZoneInfo(place.time_zone))
                [one] = [one for one, begins, ends in instants(told, units) if begins <= noon < ends]
                assert (one.manager, one.kind) == manager_on(person, day, organisation)


def test_a_place_in_another_time_zone_leaves_neither_two_managers_nor_none():
    for before, after in (("America/Toronto", "Europe/Paris"), ("Europe/Paris", "America/Toronto")):
        moved = PlaceFact("changed", "P1", LATER, seq=2, unit=DIVISION, time_zone=after)
        facts = joined(placed(TEAM, time_zone=before), moved)
        told = managers(AMINA, Organisation(units(team=BEN, division=CARLA), {AMINA: facts}))
        (_, begins, _), (_, _, ends) = instants(told, belongings(facts))
        assert begins == ends == datetime.combine(LATER, time(0), ZoneInfo(after))


def test_the_last_day_ends_where_the_place_was_then():
    moved = PlaceFact("changed", "P1", LATER, seq=2, unit=TEAM, time_zone="America/Toronto")
    away = joined(placed(TEAM, time_zone="Europe/Paris"), moved, employment=(EmploymentFact("left", LATER),))
    told = managers(AMINA, Organisation(units(team=BEN), {AMINA: away}))
    [(_, _, ends)] = instants(told, belongings(away))
    assert ends == datetime(2025, 1, 2, 5, tzinfo=UTC)


@given(organisations())
def test_nobody_manages_themselves_directly_or_through_others(organisation):
    day = date(2024, 1, 10)
    for person in (AMINA, BEN, CARLA, DAN):
        above, seen = manager_on(person, day, organisation)[0], set()
        while above is not None and above not in seen:
            assert above != person
            seen.add(above)
            above = manager_on(above, day, organisation)[0]
