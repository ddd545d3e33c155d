"""How things are on one day, told as facts of that day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.difference import Known, difference
from services.profiles.imports.history import desired
from services.profiles.imports.rows import HistoryRow
from services.profiles.imports.snapshot import absent, present
from services.profiles.person import Fact, Person
from services.profiles.unit import unit_id
from shared.contracts.event import Event
from shared.contracts.profiles import (
    ManagerAssigned,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
)
from tests.imports.stories import PATIENT, PEOPLE, PERSON, histories, row, told

TODAY = date(2020, 3, 1)


def known(*rows: HistoryRow) -> Known:
    events = difference(PERSON, Known(), desired(PERSON, rows, PEOPLE)) if rows else []
    return Known(len(events), told({}, events))


def on_day(before: Known, *rows: HistoryRow, day: date = TODAY) -> list[Event]:
    return difference(PERSON, before, present(PERSON, rows, before.facts.values(), PEOPLE, day))


def kinds(events: list[Event]) -> list[tuple[object, date]]:
    return [(type(event), event.effective_on) for event in events if isinstance(event, Fact)]


@PATIENT
@given(histories(), st.integers(-5, 200), st.booleans())
def test_after_it_the_day_is_as_stated_and_the_day_before_as_it_was(
    rows: list[HistoryRow],
    days: int,
    several: bool,  # noqa: FBT001
) -> None:
    before = known(*rows)
    day = min(one.effective_on for one in rows) + timedelta(days=days)
    stated = [row(effective_on=day, title="New", manager="M2")]
    stated += [row(effective_on=day, position="side", unit="ops")] if several else []
    events = on_day(before, *stated, day=day)
    facts = told(dict(before.facts), events)
    then, now = Person(before.facts), Person(facts)
    assert now.employed(day)
    for position in ("main", "side"):
        said = next((one for one in stated if one.position == position), None)
        held = now.place(position, day)
        assert (held is None) == (said is None)
        if held and said:
            assert (held.title, held.unit) == (said.title, unit_id(said.unit))
        yesterday = day - timedelta(days=1)
        assert _words(now, position, yesterday) == _words(then, position, yesterday)
    assert on_day(Known(9, facts), *stated, day=day) == []


def _words(person: Person, position: str, day: date) -> object:
    held = person.place(position, day)
    return held and (held.title, held.unit, held.status)


@PATIENT
@given(histories(), st.integers(-5, 200))
def test_who_is_absent_is_not_there_on_the_day(rows: list[HistoryRow], days: int) -> None:
    before = known(*rows)
    day = min(one.effective_on for one in rows) + timedelta(days=days)
    events = difference(PERSON, before, absent(PERSON, before.facts.values(), day))
    facts = told(dict(before.facts), events)
    assert not Person(facts).employed(day)
    assert difference(PERSON, Known(9, facts), absent(PERSON, facts.values(), day)) == []


def test_somebody_new_joins_on_the_day() -> None:
    assert kinds(on_day(Known(), row(effective_on=TODAY, manager="M1"))) == [
        (PersonJoined, TODAY),
        (PlaceTaken, TODAY),
        (ManagerAssigned, TODAY),
    ]


def test_what_differs_becomes_a_fact_of_the_day() -> None:
    before = known(row(manager="M1"))
    assert kinds(on_day(before, row(effective_on=TODAY, title="Lead"))) == [
        (PlaceChanged, TODAY),
        (ManagerAssigned, TODAY),
    ]


def test_a_position_that_is_not_stated_has_ended() -> None:
    before = known(row(), row(position="side"))
    assert kinds(on_day(before, row(effective_on=TODAY))) == [(PlaceEnded, TODAY)]


def test_a_corrected_snapshot_of_the_same_day_takes_the_first_back() -> None:
    before = known(row())
    first = on_day(before, row(effective_on=TODAY, title="Wrong"))
    facts = told(dict(before.facts), first)
    (withdrawn,) = on_day(Known(9, facts), row(effective_on=TODAY))
    assert withdrawn.type == "profiles.fact_withdrawn.v1"


def test_who_had_left_and_is_there_again_is_a_rehire() -> None:
    before = known(row(left_on=date(2020, 1, 31)))
    assert kinds(on_day(before, row(effective_on=TODAY))) == [(PersonRejoined, TODAY), (PlaceTaken, TODAY)]


def test_who_was_absent_by_mistake_has_not_left() -> None:
    before = known(row())
    events = difference(PERSON, before, absent(PERSON, before.facts.values(), TODAY))
    assert kinds(events)[0] == (PersonLeft, TODAY - timedelta(days=1))
    assert kinds(events)[1:] == [(PlaceEnded, TODAY)]
    facts = told(dict(before.facts), events)
    back = told(facts, on_day(Known(9, facts), row(effective_on=TODAY)))
    assert sorted(back) == sorted(before.facts)


@pytest.mark.parametrize("title", ["Engineer", "Lead"])
def test_facts_of_days_to_come_stay(title: str) -> None:
    before = known(
        row(), row(effective_on=date(2020, 6, 1), title="Head"), row(position="x", left_on=date(2020, 12, 31))
    )
    events = on_day(before, row(effective_on=TODAY, title=title), row(effective_on=TODAY, position="x"))
    facts = told(dict(before.facts), events)
    assert Person(facts).place("main", date(2020, 7, 1)) == Person(before.facts).place("main", date(2020, 7, 1))
    assert not Person(facts).employed(date(2021, 1, 1))
