"""What the rows of a person state, told as facts; and what is wrong between rows."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.contradictions import check
from services.profiles.imports.history import Described, described, desired
from services.profiles.imports.problems import Place
from services.profiles.imports.rows import HistoryRow
from services.profiles.person import Fact, Person
from services.profiles.unit import unit_id
from shared.contracts.profiles import (
    ManagerAssigned,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
)
from tests.imports.stories import PATIENT, PEOPLE, PERSON, histories, row


def facts(*rows: HistoryRow) -> list[tuple[type[Fact], date]]:
    assert check(rows) == []
    return [(type(fact), fact.effective_on) for fact in desired(PERSON, rows, PEOPLE)]


def on(text: str) -> date:
    return date.fromisoformat(text)


# Seen from any day, the facts say what the rows say: here the rows are read anew, day by day.


def _leaving(rows: Sequence[HistoryRow], one: HistoryRow) -> date | None:
    return min((r.left_on for r in rows if r.left_on and r.left_on >= one.effective_on), default=None)


def _in(rows: Sequence[HistoryRow], day: date) -> bool:
    begun = [one for one in rows if one.effective_on <= day]
    if not begun:
        return False
    leaving = _leaving(rows, max(begun, key=lambda one: one.effective_on))
    return leaving is None or day <= leaving


def _held(rows: Sequence[HistoryRow], position: str, day: date) -> HistoryRow | None:
    begun = [one for one in rows if one.position == position and one.effective_on <= day]
    if not begun:
        return None
    newest = max(begun, key=lambda one: one.effective_on)
    ends = [end for end in (newest.held_until, _leaving(rows, newest)) if end is not None]
    return newest if all(day <= end for end in ends) else None


@PATIENT
@given(histories(), st.randoms(use_true_random=False))
def test_facts_say_of_every_day_what_the_rows_say_whatever_the_order(rows: list[HistoryRow], random: object) -> None:
    assert check(rows) == []
    told = list(desired(PERSON, rows, PEOPLE))
    random.shuffle(told)  # type: ignore[attr-defined]
    person = Person({fact.fact.__class__(int=number): fact for number, fact in enumerate(told, 1)})
    first = min(one.effective_on for one in rows) - timedelta(days=2)
    last = max(day for one in rows for day in (one.effective_on, one.held_until, one.left_on) if day)
    for number in range((last - first).days + 3):
        day = first + timedelta(days=number)
        assert person.employed(day) == _in(rows, day)
        for position in ("main", "side"):
            held, said = person.place(position, day), _held(rows, position, day)
            assert (held is None) == (said is None)
            if held is not None and said is not None:
                assert (held.unit, held.title, held.fte, held.status) == (
                    unit_id(said.unit),
                    said.title,
                    said.fte,
                    said.status,
                )
                managers = [fact for fact in told if isinstance(fact, ManagerAssigned) and fact.position == position]
                for line, number_of in (("solid", said.manager), ("dotted", said.dotted_line_manager)):
                    named = [fact for fact in managers if fact.line == line and fact.effective_on <= day]
                    newest = max(named, key=lambda fact: fact.effective_on, default=None)
                    assert (newest.manager if newest else None) == (PEOPLE[number_of] if number_of else None)


@PATIENT
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[HistoryRow], random: object) -> None:
    before = desired(PERSON, rows, PEOPLE)
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert desired(PERSON, rows, PEOPLE) == before


@PATIENT
@given(histories())
def test_no_two_facts_of_one_day_could_be_told_in_the_wrong_order(rows: list[HistoryRow]) -> None:
    seen: set[tuple[object, ...]] = set()
    for fact in desired(PERSON, rows, PEOPLE):
        key: tuple[object, ...]
        if isinstance(fact, PlaceTaken | PlaceChanged | PlaceEnded):
            key = "place", fact.position, fact.effective_on
        elif isinstance(fact, ManagerAssigned):
            key = "manager", fact.position, fact.line, fact.effective_on
        else:
            key = "employment", fact.effective_on + timedelta(days=isinstance(fact, PersonLeft))
        assert key not in seen
        seen.add(key)


# Stories


def test_joining_a_promotion_a_leave_and_leaving() -> None:
    assert facts(
        row(),
        row(effective_on=on("2021-01-01"), title="Senior Engineer", reason="promotion"),
        row(effective_on=on("2022-01-01"), title="Senior Engineer", status="leave"),
        row(effective_on=on("2022-07-01"), title="Senior Engineer", left_on=on("2023-12-31")),
    ) == [
        (PersonJoined, on("2020-01-01")),
        (PlaceTaken, on("2020-01-01")),
        (PlaceChanged, on("2021-01-01")),
        (PlaceChanged, on("2022-01-01")),
        (PlaceChanged, on("2022-07-01")),
        (PersonLeft, on("2023-12-31")),
        (PlaceEnded, on("2024-01-01")),
    ]


def test_joining_again_is_a_rehire() -> None:
    assert facts(row(left_on=on("2020-06-30")), row(effective_on=on("2021-01-01"))) == [
        (PersonJoined, on("2020-01-01")),
        (PlaceTaken, on("2020-01-01")),
        (PersonLeft, on("2020-06-30")),
        (PlaceEnded, on("2020-07-01")),
        (PersonRejoined, on("2021-01-01")),
        (PlaceTaken, on("2021-01-01")),
    ]


def test_who_is_back_on_the_next_day_has_not_left() -> None:
    assert facts(row(left_on=on("2020-06-30")), row(effective_on=on("2020-07-01"), legal_entity="DE01")) == [
        (PersonJoined, on("2020-01-01")),
        (PlaceTaken, on("2020-01-01")),
        (PlaceChanged, on("2020-07-01")),
    ]


def test_two_positions_at_once_and_one_that_is_held_again() -> None:
    assert facts(
        row(),
        row(position="side", effective_on=on("2020-03-01"), held_until=on("2020-03-31"), primary=False),
        row(position="side", effective_on=on("2020-05-01"), primary=False),
    ) == [
        (PersonJoined, on("2020-01-01")),
        (PlaceTaken, on("2020-01-01")),
        (PlaceTaken, on("2020-03-01")),
        (PlaceEnded, on("2020-04-01")),
        (PlaceTaken, on("2020-05-01")),
    ]


def test_a_new_manager_alone_is_no_change_of_the_place() -> None:
    assert facts(
        row(manager="M1", dotted_line_manager="M3"),
        row(effective_on=on("2021-01-01"), manager="M2", dotted_line_manager="M3"),
        row(effective_on=on("2022-01-01")),
    ) == [
        (PersonJoined, on("2020-01-01")),
        (PlaceTaken, on("2020-01-01")),
        (ManagerAssigned, on("2020-01-01")),
        (ManagerAssigned, on("2020-01-01")),
        (ManagerAssigned, on("2021-01-01")),
        (ManagerAssigned, on("2022-01-01")),
        (ManagerAssigned, on("2022-01-01")),
    ]


def test_what_is_said_of_the_person_is_what_was_said_last() -> None:
    said = described(
        [
            row(given_name="Anna", family_name="Berg", email="berg@example.org"),
            row(effective_on=on("2021-01-01"), family_name="Dahl"),
        ]
    )
    assert said == Described("Anna", "Dahl", None, "berg@example.org")


# What is wrong between rows


@pytest.mark.parametrize(
    ("rows", "line", "field", "code"),
    [
        ([row(at=Place(0, 2)), row(at=Place(0, 3))], 3, "effective_on", "duplicate"),
        (
            [
                row(at=Place(0, 3), held_until=on("2020-06-30")),
                row(at=Place(0, 2), effective_on=on("2020-06-30")),
            ],
            2,
            "effective_on",
            "overlap",
        ),
        (
            [
                row(at=Place(0, 2), left_on=on("2020-06-30")),
                row(at=Place(0, 3), effective_on=on("2020-02-01"), left_on=on("2020-07-31")),
            ],
            3,
            "left_on",
            "left-differs",
        ),
        ([row(left_on=on("2020-06-30"), held_until=on("2020-07-31"))], 2, "held_until", "held-after-leaving"),
        ([row(manager="e1")], 2, "manager", "own-manager"),
        ([row(dotted_line_manager="E1")], 2, "dotted_line_manager", "own-manager"),
        ([row(language="fr")], 2, "language", "missing"),
        (
            [row(at=Place(0, 2), given_name="Anna"), row(at=Place(0, 3), position="side", given_name="Ann")],
            3,
            "given_name",
            "description-differs",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_named(rows: list[HistoryRow], line: int, field: str, code: str) -> None:
    assert [(one.at.line, one.field, one.code) for one in check(rows)] == [(line, field, code)]
    assert [(one.at.line, one.code) for one in check(rows[::-1])] == [(line, code)]
