"""Facts that hold, and facts that a file states: what has to be told."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.difference import Known, describing, difference
from services.profiles.imports.history import Described, desired
from services.profiles.imports.rows import HistoryRow
from services.profiles.person import Fact
from shared.contracts.event import Event
from shared.contracts.profiles import (
    AliasAdded,
    AliasRemoved,
    FactWithdrawn,
    Name,
    PersonDescribed,
    PersonLeft,
    PlaceChanged,
    PlaceTaken,
)
from tests.imports.stories import PATIENT, PEOPLE, PERSON, histories, row
from tests.imports.stories import told as after


def stated(*rows: HistoryRow) -> list[Fact]:
    return desired(PERSON, rows, PEOPLE)


def told(known: Known, *rows: HistoryRow) -> list[Event]:
    return difference(PERSON, known, stated(*rows))


def known(*rows: HistoryRow) -> Known:
    events = told(Known(), *rows)
    return Known(len(events), after({}, events))


def without_names(facts: list[Fact]) -> list[dict[str, object]]:
    return [{"type": fact.type, **fact.model_dump(exclude={"fact"})} for fact in facts]


def held(facts: dict[UUID, Fact]) -> list[dict[str, object]]:
    return sorted(without_names(list(facts.values())), key=str)


def on(text: str) -> date:
    return date.fromisoformat(text)


@PATIENT
@given(histories(), histories())
def test_after_it_exactly_what_the_file_states_holds(first: list[HistoryRow], second: list[HistoryRow]) -> None:
    before = known(*first)
    assert held(dict(before.facts)) == sorted(without_names(stated(*first)), key=str)
    events = told(before, *second)
    assert held(after(dict(before.facts), events)) == sorted(without_names(stated(*second)), key=str)


@PATIENT
@given(histories(), histories(), st.randoms(use_true_random=False))
def test_told_again_in_any_order_there_is_nothing_to_tell(
    first: list[HistoryRow], second: list[HistoryRow], random: object
) -> None:
    before = known(*first)
    events = told(before, *second)
    facts = after(dict(before.facts), events)
    random.shuffle(second)  # type: ignore[attr-defined]
    assert told(Known(before.version + len(events), facts), *second) == []


@PATIENT
@given(histories(), histories())
def test_a_new_name_was_never_one_before(first: list[HistoryRow], second: list[HistoryRow]) -> None:
    before = known(*first)
    events = told(before, *second)
    names = [event.fact for event in events if isinstance(event, Fact)]
    assert len(set(names)) == len(names)
    gone = {event.fact for event in events if isinstance(event, FactWithdrawn)}
    assert gone.isdisjoint(names)


def test_a_changed_value_is_a_correction() -> None:
    first = row(), row(effective_on=on("2021-01-01"), title="Lead")
    before = known(*first)
    (event,) = told(before, row(), row(effective_on=on("2021-01-01"), title="Head"))
    assert isinstance(event, PlaceChanged)
    assert event.title == "Head"
    assert before.facts[event.fact].effective_on == on("2021-01-01")


def test_a_changed_date_is_a_correction_of_the_same_fact() -> None:
    before = known(row(), row(effective_on=on("2021-01-01"), title="Lead"))
    (event,) = told(before, row(), row(effective_on=on("2021-02-01"), title="Lead"))
    assert isinstance(event, PlaceChanged)
    assert event.effective_on == on("2021-02-01")
    assert before.facts[event.fact].effective_on == on("2021-01-01")


def test_a_changed_first_day_corrects_joining_and_the_place_taken() -> None:
    before = known(row(), row(effective_on=on("2021-01-01"), title="Lead"))
    events = told(before, row(effective_on=on("2020-02-01")), row(effective_on=on("2021-01-01"), title="Lead"))
    assert {event.fact for event in events if isinstance(event, Fact)} <= set(before.facts)
    assert [event.type for event in events] == ["profiles.person_joined.v1", "profiles.place_taken.v1"]


def test_a_changed_last_day_corrects_leaving_and_keeps_its_reason() -> None:
    before = known(row(left_on=on("2021-01-31")))
    (left,) = [fact for fact in before.facts.values() if isinstance(fact, PersonLeft)]
    facts = {**before.facts, left.fact: left.model_copy(update={"reason": "retired"})}
    assert told(Known(9, facts), row(left_on=on("2021-01-31"))) == []
    events = told(Known(9, facts), row(left_on=on("2021-02-28")))
    (again,) = [event for event in events if isinstance(event, PersonLeft)]
    assert (again.fact, again.reason, again.effective_on) == (left.fact, "retired", on("2021-02-28"))
    assert {event.fact for event in events if isinstance(event, Fact)} <= set(facts)


def test_a_row_that_is_gone_is_withdrawn_and_one_that_came_is_new() -> None:
    before = known(row(), row(effective_on=on("2021-01-01"), title="Lead"))
    (gone,) = told(before, row())
    assert isinstance(gone, FactWithdrawn)
    (came,) = told(before, row(), *(row(effective_on=on(f"202{n}-01-01"), title=f"Lead{n or ''}") for n in (1, 2)))[-1:]
    assert isinstance(came, PlaceChanged)
    assert came.effective_on == on("2022-01-01")


def test_a_row_before_the_first_makes_the_place_taken_before_one_that_changed() -> None:
    before = known(row())
    events = told(before, row(effective_on=on("2019-01-01"), title="Trainee"), row())
    (changed,) = [event for event in events if isinstance(event, PlaceChanged)]
    assert isinstance(before.facts[changed.fact], PlaceTaken)
    assert not [event for event in events if isinstance(event, FactWithdrawn)]


# Name, language, address


def test_what_is_said_for_the_first_time_is_told() -> None:
    said = Described("Anna", "Berg", None, "anna@example.org")
    assert describing(PERSON, Known(), said, on("2026-01-01")) == [
        PersonDescribed(person=PERSON, name=Name(given="Anna", family="Berg"), language="en"),
        AliasAdded(person=PERSON, source="email", value="anna@example.org", effective_on=on("2026-01-01")),
    ]


def test_where_a_file_says_nothing_what_is_known_stays() -> None:
    here = Known(3, {}, Name(given="Anna", family="Berg"), "fr", frozenset({("email", "anna@example.org")}))
    assert describing(PERSON, here, Described(), on("2026-01-01")) == []
    assert describing(PERSON, here, Described("Anna", "Berg", "fr", "anna@example.org"), on("2026-01-01")) == []
    assert describing(PERSON, here, Described(family_name="Dahl"), on("2026-01-01")) == [
        PersonDescribed(person=PERSON, name=Name(given="Anna", family="Dahl"), language="fr")
    ]


def test_another_address_takes_the_place_of_the_one_before() -> None:
    here = Known(3, {}, None, None, frozenset({("email", "old@example.org"), ("employee_number", "E1")}))
    assert describing(PERSON, here, Described(email="new@example.org"), on("2026-01-01")) == [
        AliasRemoved(person=PERSON, source="email", value="old@example.org", effective_on=on("2026-01-01")),
        AliasAdded(person=PERSON, source="email", value="new@example.org", effective_on=on("2026-01-01")),
    ]
    assert describing(PERSON, Known(), Described(), on("2026-01-01")) == []
