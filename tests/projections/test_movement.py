"""The moves of one person: what HR reports and opportunities claims, as stories; and that order does not matter."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import given

from services.projections.movement import Fact, FactKind, Move, moves_of
from tests.projections.employees import departments, employees, facts_of, unit_id

DEVELOPMENT, RESEARCH, SALES = (UUID(int=number) for number in (1, 2, 3))
DAY = date(2025, 3, 1)


def days(number: int) -> date:
    return DAY + timedelta(days=number)


def joined(on: date = DAY) -> Fact:
    return Fact(uuid4(), 1, "joined", on)


def left(on: date) -> Fact:
    return Fact(uuid4(), 90, "left", on)


def rejoined(on: date) -> Fact:
    return Fact(uuid4(), 91, "rejoined", on)


def place(on: date = DAY, unit: UUID = DEVELOPMENT, title: str = "Engineer", **more: Any) -> Fact:
    values: dict[str, Any] = {"seq": on.toordinal(), "position": "p1", **more}
    return Fact(uuid4(), kind="held", effective_on=on, unit=unit, title=title, **values)


def ended(on: date, position: str = "p1") -> Fact:
    return Fact(uuid4(), on.toordinal(), "ended", on, position=position)


def claim(on: date, to: UUID, kind: str = "transfer", came_from: UUID | None = DEVELOPMENT) -> Fact:
    return Fact(uuid4(), 1, "claimed", on, unit=to, from_unit=came_from, reason=kind)


def told(*facts: Fact, replaced: dict[UUID, list[tuple[UUID, date]]] | None = None) -> list[Move]:
    """The moves as they stand in the end, without joining, leaving and coming back."""
    beside = ("joined", "left", "rejoined")
    return [move for move in moves_of(facts, replaced or {}) if move.kind not in beside and move.until is None]


def kinds(moves: Sequence[Move]) -> list[str]:
    return [move.kind for move in moves]


def test_a_change_of_unit_is_a_department_move() -> None:
    moves = told(joined(), place(), place(days(100), RESEARCH))
    assert [(one.kind, one.effective_on, one.from_unit, one.to_unit, one.confirmed) for one in moves] == [
        ("department_move", days(100), DEVELOPMENT, RESEARCH, True)
    ]


def test_a_change_of_title_is_a_title_change() -> None:
    moves = told(joined(), place(), place(days(100), title="Senior Engineer"))
    assert [(one.kind, one.from_title, one.to_title, one.from_unit, one.to_unit) for one in moves] == [
        ("title_change", "Engineer", "Senior Engineer", DEVELOPMENT, DEVELOPMENT)
    ]


def test_a_higher_level_is_a_promotion_with_or_without_another_title() -> None:
    assert kinds(told(place(level=4), place(days(9), level=5))) == ["promotion"]
    assert kinds(told(place(level=4), place(days(9), title="Lead", level=5))) == ["promotion"]


def test_hrs_word_makes_a_promotion() -> None:
    assert kinds(told(place(), place(days(9), title="Lead", reason="promotion"))) == ["promotion"]


def test_a_lower_level_is_no_promotion() -> None:
    assert kinds(told(place(level=5), place(days(9), level=4))) == []
    assert kinds(told(place(level=5), place(days(9), title="Engineer II", level=4))) == ["title_change"]


def test_unit_and_title_changed_on_one_day_count_once_each() -> None:
    moves = told(place(), place(days(9), RESEARCH, "Scientist"))
    assert {(one.kind, one.from_unit, one.to_unit, one.from_title, one.to_title) for one in moves} == {
        ("department_move", DEVELOPMENT, RESEARCH, "Scientist", "Scientist"),
        ("title_change", RESEARCH, RESEARCH, "Engineer", "Scientist"),
    }
    assert len({one.id for one in moves}) == 2


def test_a_leave_or_a_new_time_zone_is_no_move() -> None:
    assert told(place(), place(days(9), time_zone="Europe/Paris")) == []


def test_a_unit_that_was_replaced_is_a_reorganisation_and_no_move() -> None:
    facts = (place(), place(days(10), RESEARCH))
    assert told(*facts, replaced={DEVELOPMENT: [(RESEARCH, days(10))]}) == []
    assert kinds(told(*facts, replaced={DEVELOPMENT: [(SALES, days(10))]})) == ["department_move"]
    assert kinds(told(*facts, replaced={DEVELOPMENT: [(RESEARCH, days(11))]})) == ["department_move"]


def test_hrs_word_makes_a_reorganisation_of_unit_and_title_but_not_of_a_level() -> None:
    assert told(place(), place(days(10), RESEARCH, "Scientist", reason="reorganisation")) == []
    higher = told(place(level=1), place(days(10), RESEARCH, level=2, reason="reorganisation"))
    assert [(one.kind, one.from_unit) for one in higher] == [("promotion", RESEARCH)]


def test_only_the_primary_place_counts() -> None:
    project = place(days(10), SALES, position="p2", primary=False)
    assert told(place(), project) == []
    assert kinds(told(place(), project, ended(days(20)))) == ["department_move"]


def test_a_gap_between_two_places_does_not_hide_the_move() -> None:
    moves = told(joined(), place(), ended(days(10)), place(days(20), RESEARCH, position="p2"))
    assert [(one.kind, one.effective_on) for one in moves] == [("department_move", days(20))]


def test_a_rehire_is_no_move_and_stands_apart() -> None:
    again = place(days(50), SALES, position="p2")
    moves = moves_of([joined(), place(), left(days(30)), rejoined(days(50)), again], {})
    assert [(one.kind, one.effective_on, one.from_unit, one.to_unit) for one in moves] == [
        ("joined", DAY, None, DEVELOPMENT),
        ("left", days(30), DEVELOPMENT, None),
        ("rejoined", days(50), None, SALES),
    ]


def test_joining_again_after_leaving_is_a_rehire_whatever_hr_calls_it() -> None:
    moves = moves_of([joined(), left(days(30)), joined(days(31))], {})
    assert kinds(moves) == ["joined", "left", "rejoined"]


def test_what_is_told_twice_counts_once() -> None:
    assert kinds(moves_of([joined(), joined(days(3)), left(days(5)), left(days(9))], {})) == ["joined", "left"]


def test_a_corrected_fact_moves_and_a_withdrawn_one_is_gone() -> None:
    moved = place(days(10), RESEARCH)
    corrected = replace(moved, seq=moved.seq + 5, effective_on=days(12))
    withdrawn = replace(moved, seq=moved.seq + 9, kind="withdrawn")
    assert [one.effective_on for one in told(place(), moved, corrected)] == [days(12)]
    assert told(place(), moved, corrected)[0].id == told(place(), moved)[0].id
    assert told(place(), withdrawn, moved) == []


def test_a_claim_stands_unconfirmed_until_hr_reports_the_same_unit() -> None:
    claimed = claim(days(10), RESEARCH)
    [alone] = told(place(), claimed)
    assert (alone.kind, alone.confirmed, alone.from_unit, alone.to_unit) == (
        "department_move",
        False,
        DEVELOPMENT,
        RESEARCH,
    )
    [merged] = told(place(), claimed, place(days(14), RESEARCH))
    assert (merged.kind, merged.confirmed, merged.effective_on, merged.claim) == (
        "department_move",
        True,
        days(14),
        claimed.source,
    )


def test_a_claim_is_told_until_the_day_of_hrs_fact_which_nobody_sees_before() -> None:
    claimed = claim(days(10), RESEARCH)
    first, then = moves_of([place(), claimed, place(days(14), RESEARCH)], {})
    assert (first.confirmed, first.effective_on, first.until) == (False, days(10), days(14))
    assert (then.confirmed, then.effective_on, then.until) == (True, days(14), None)


@pytest.mark.parametrize(("apart", "confirmed"), [(60, True), (61, False), (-60, True), (-61, False)])
def test_hrs_fact_confirms_within_sixty_days(apart: int, confirmed: bool) -> None:  # noqa: FBT001
    moves = told(place(days(-200)), place(days(0), RESEARCH), claim(days(apart), RESEARCH))
    assert [one.confirmed for one in moves].count(False) == (not confirmed)


def test_hr_gives_date_and_unit_and_opportunities_the_kind() -> None:
    [move] = told(place(), place(days(14), RESEARCH), claim(days(10), RESEARCH, "secondment"))
    assert (move.kind, move.effective_on, move.to_unit) == ("secondment", days(14), RESEARCH)


def test_a_claimed_promotion_joins_unit_and_title() -> None:
    claimed = claim(days(14), RESEARCH, "promotion")
    [move] = told(place(level=1), place(days(14), RESEARCH, "Lead", level=2), claimed)
    assert (move.kind, move.from_unit, move.to_unit, move.from_title, move.to_title) == (
        "promotion",
        DEVELOPMENT,
        RESEARCH,
        "Engineer",
        "Lead",
    )


def test_a_claim_within_one_unit_fits_a_change_of_title_only() -> None:
    claimed = claim(days(9), DEVELOPMENT, "promotion")
    [move] = told(place(), place(days(9), title="Lead"), claimed)
    assert (move.kind, move.confirmed, move.claim) == ("promotion", True, claimed.source)


def test_the_nearest_pair_goes_first_and_each_is_used_once() -> None:
    far, near = claim(days(0), RESEARCH, "project"), claim(days(18), RESEARCH, "secondment")
    moves = told(place(days(-90)), place(days(20), RESEARCH), far, near)
    assert {(one.kind, one.confirmed) for one in moves} == {("secondment", True), ("project", False)}


def test_a_reorganisation_confirms_no_claim() -> None:
    [move] = told(place(), place(days(9), RESEARCH, reason="reorganisation"), claim(days(9), RESEARCH))
    assert not move.confirmed


_UNITS = st.sampled_from([DEVELOPMENT, RESEARCH, SALES])
_DAYS = st.integers(0, 200).map(days)
_SOURCES = st.integers(1, 9).map(lambda number: UUID(int=1000 + number))


_KINDS: list[FactKind] = ["held", "held", "held", "ended", "joined", "left", "rejoined", "claimed", "withdrawn"]


@st.composite
def _facts(draw: st.DrawFn) -> Fact:
    kind: FactKind = draw(st.sampled_from(_KINDS))
    unit = draw(_UNITS)
    claimed = kind == "claimed"
    return Fact(
        source=UUID(int=int(draw(_SOURCES)) + (500 if claimed else 0)),
        seq=0,
        kind=kind,
        effective_on=draw(_DAYS),
        position=draw(st.sampled_from(["p1", "p2"])),
        unit=unit,
        title=draw(st.sampled_from(["Engineer", "Lead"])),
        level=draw(st.sampled_from([None, 1, 2])),
        primary=draw(st.booleans()),
        reason=draw(
            st.sampled_from(["transfer", "promotion", "project"] if claimed else [None, None, "reorganisation"])
        ),
        from_unit=draw(_UNITS) if claimed else None,
    )


@given(st.lists(_facts(), max_size=14), st.randoms(use_true_random=False), st.dictionaries(_UNITS, _UNITS))
def test_any_order_of_arrival_gives_the_same_moves(facts: list[Fact], random: Any, replaced: dict[UUID, UUID]) -> None:
    numbered = [replace(fact, seq=number) for number, fact in enumerate(facts)]
    shuffled = list(numbered)
    random.shuffle(shuffled)
    units = {unit: [(by, days(50))] for unit, by in replaced.items()}
    moves = moves_of(numbered, units)
    assert moves_of(shuffled, units) == moves
    assert len({move.id for move in moves}) == len(moves)
    claims = [move.claim for move in moves if move.claim and move.until is None]
    assert len(set(claims)) == len(claims)
    # What was replaced by a newer telling can be forgotten.
    newest = {fact.source: fact for fact in numbered}
    assert moves_of(newest.values(), units) == moves


def test_employees_1000_gives_the_true_numbers() -> None:
    found = [move for number, one in employees().items() for move in moves_of(facts_of(number, one), {})]
    assert Counter(move.kind for move in found) == {
        "joined": 1000,
        "left": 198,
        "title_change": 470,
        "department_move": 103,
    }
    titles = Counter((move.from_title, move.to_title) for move in found if move.kind == "title_change")
    assert titles == {
        ("Engineer", "Senior Engineer"): 223,
        ("Staff", "Senior Staff"): 216,
        ("Assistant Engineer", "Engineer"): 31,
    }
    names = {unit_id(code): name for code, name in departments().items()}
    flows = Counter(
        (names[move.from_unit or UUID(int=0)], names[move.to_unit or UUID(int=0)])
        for move in found
        if move.kind == "department_move"
    )
    assert len(flows) == 16
    assert [count for _, count in flows.most_common(5)] == [21, 17, 11, 10, 10]
    assert flows["Development", "Research"] == 21
    assert flows["Development", "Production"] == 17
    assert flows["Production", "Quality Management"] == 11
    assert flows["Sales", "Customer Service"] == 10
    assert flows["Production", "Customer Service"] == 10
