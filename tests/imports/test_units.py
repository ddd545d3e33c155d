"""What files state of units, told so that from the first day on each day is as stated."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.problems import Place
from services.profiles.imports.rows import Department, DepartmentManager, UnitRow
from services.profiles.imports.units import BEGINNING, StatedUnit, check, events, stated, steps
from services.profiles.unit import unit_id
from shared.contracts.event import Event
from shared.contracts.profiles import UnitChanged, UnitEstablished, UnitLeaderAppointed, UnitReplaced
from tests.imports.stories import PATIENT, PEOPLE

DAYS = st.integers(0, 12).map(lambda number: date(2020, 1, 1) + timedelta(days=number))
VALUES = st.sampled_from(["a", "b", None])
DATED = st.lists(st.tuples(DAYS, VALUES), max_size=5)


def unit(line: int = 2, **said: object) -> UnitRow:
    usual: dict[str, object] = {
        "at": Place(0, line),
        "unit": "rnd",
        "name": "Research",
        "parent": None,
        "legal_entity": None,
        "leader": None,
        "replaced_by": (),
        "effective_on": date(2020, 1, 1),
    }
    return UnitRow(**{**usual, **said})  # type: ignore[arg-type]


def one(*rows: UnitRow | Department | DepartmentManager, leaders_told: bool = True) -> StatedUnit:
    assert check(rows) == []
    (found,) = stated(rows, leaders_told=leaders_told, legal_entity="main")
    return found


def _as_of(dated: list[tuple[date, str | None]], day: date) -> str | None:
    value = None
    for begins, told in sorted(dated, key=lambda pair: pair[0]):
        if begins <= day:
            value = told
    return value


@PATIENT
@given(DATED, DATED.filter(bool))
def test_what_is_told_makes_each_day_as_wanted_from_the_first_on(
    known: list[tuple[date, str | None]], wanted: list[tuple[date, str | None]]
) -> None:
    goal = sorted(dict(wanted).items())
    told = steps(known, goal)
    after = [*known, *told]
    for number in range(15):
        day = date(2020, 1, 1) + timedelta(days=number)
        if day >= goal[0][0]:
            assert _as_of(after, day) == _as_of(goal, day)
        else:
            assert _as_of(after, day) == _as_of(known, day)
    assert steps(after, goal) == []


def test_a_unit_with_a_leader_who_goes_and_a_new_name() -> None:
    rows = (
        unit(leader="M1"),
        unit(3, effective_on=date(2021, 1, 1)),
        unit(4, effective_on=date(2022, 1, 1), name="Science", leader="M2"),
    )
    told = events(one(*rows), [], PEOPLE)
    me = unit_id("rnd")
    assert told == [
        UnitEstablished(unit=me, code="rnd", name="Research", effective_on=date(2020, 1, 1)),
        UnitChanged(unit=me, name="Science", effective_on=date(2022, 1, 1)),
        UnitLeaderAppointed(unit=me, leader=PEOPLE["M1"], effective_on=date(2020, 1, 1)),
        UnitLeaderAppointed(unit=me, leader=None, effective_on=date(2021, 1, 1)),
        UnitLeaderAppointed(unit=me, leader=PEOPLE["M2"], effective_on=date(2022, 1, 1)),
    ]
    assert events(one(*rows), told, PEOPLE) == []


def test_a_leader_from_another_day_is_told_for_both_days() -> None:
    before = events(one(unit(), unit(3, effective_on=date(2021, 1, 1), leader="M1")), [], PEOPLE)
    told = events(one(unit(), unit(3, effective_on=date(2021, 3, 1), leader="M1")), before, PEOPLE)
    assert [(event.effective_on, event.leader) for event in told if isinstance(event, UnitLeaderAppointed)] == [
        (date(2021, 1, 1), None),
        (date(2021, 3, 1), PEOPLE["M1"]),
    ]


def test_a_unit_is_replaced_once() -> None:
    found = one(unit(), unit(3, effective_on=date(2021, 1, 1), replaced_by=("x", "y")))
    told: list[Event] = events(found, [], PEOPLE)
    assert told[-1] == UnitReplaced(unit=unit_id("rnd"), by=(unit_id("x"), unit_id("y")), effective_on=date(2021, 1, 1))
    assert events(found, told, PEOPLE) == []


def test_where_nothing_is_said_of_leaders_they_stay() -> None:
    told = events(one(unit(leader="M1")), [], PEOPLE)
    assert events(one(unit(), leaders_told=False), told, PEOPLE) == []


def test_departments_stand_from_the_beginning_and_their_managers_take_turns() -> None:
    told = events(
        one(
            Department(Place(0, 2), "d1", "Sales"),
            DepartmentManager(Place(1, 2), "M1", "d1", date(2000, 1, 1), date(2001, 1, 1)),
            DepartmentManager(Place(1, 3), "M2", "d1", date(2001, 1, 1), date(2002, 1, 1)),
        ),
        [],
        PEOPLE,
    )
    me = unit_id("d1")
    assert told == [
        UnitEstablished(unit=me, code="d1", name="Sales", legal_entity="main", effective_on=BEGINNING),
        UnitLeaderAppointed(unit=me, leader=PEOPLE["M1"], effective_on=date(2000, 1, 1)),
        UnitLeaderAppointed(unit=me, leader=PEOPLE["M2"], effective_on=date(2001, 1, 1)),
        UnitLeaderAppointed(unit=me, leader=None, effective_on=date(2002, 1, 1)),
    ]


def test_units_that_contradict_each_other_are_named() -> None:
    def codes(*rows: UnitRow | DepartmentManager) -> list[tuple[int, str]]:
        return [(problem.at.line, problem.code) for problem in check(rows)]

    assert codes(unit(2), unit(3)) == [(3, "duplicate")]
    assert codes(unit(2, parent="rnd")) == [(2, "unit-within-itself")]
    assert codes(unit(2, replaced_by=("rnd",))) == [(2, "unit-within-itself")]
    assert codes(unit(2, parent="b"), unit(3, unit="b", parent="rnd"), unit(4, unit="c", parent="b")) == [
        (2, "unit-within-itself"),
        (3, "unit-within-itself"),
    ]
    assert codes(
        DepartmentManager(Place(1, 2), "M1", "d1", date(2000, 1, 1), None),
        DepartmentManager(Place(1, 3), "M2", "d1", date(2001, 1, 1), None),
    ) == [(3, "overlap")]
