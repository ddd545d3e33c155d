"""How long what is kept, and what is noted of a run."""

from datetime import date
from uuid import uuid4

import pytest

from services.profiles.retention import AFTER_LEAVING, DECIDER, Ended, NoteRun, Policy, parse_years
from shared.contracts.profiles import RetentionApplied
from shared.sealing.erasure import WORDS
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

RUN, TODAY, BACKUPS = uuid4(), date(2027, 3, 31), date(2027, 4, 30)
POLICY = Policy()


def ended(rule: str, **more) -> Ended:
    return Ended(**{"rule": rule, "before": date(2026, 1, 1), "people": 2, **more})


def test_what_a_person_wrote_ends_by_the_year_and_every_class_of_words_does():
    assert POLICY.years.keys() == WORDS
    assert POLICY.first_kept("messages", TODAY) == date(2026, 1, 1)
    assert POLICY.first_kept("messages", date(2027, 12, 31)) == date(2026, 1, 1)
    assert POLICY.first_kept("aspirations", TODAY) == date(2022, 1, 1)


@pytest.mark.parametrize(
    ("months", "today", "before"),
    [
        (24, TODAY, date(2025, 3, 31)),
        (1, TODAY, date(2027, 2, 28)),
        (3, date(2027, 1, 15), date(2026, 10, 15)),
        (12, date(2028, 2, 29), date(2027, 2, 28)),
        (None, TODAY, None),
    ],
)
def test_who_left_so_many_months_ago_is_due(months, today, before):
    assert Policy(months=months).left_before(today) == before


def test_years_are_written_by_data_class():
    assert parse_years("messages:1,aspirations:5") == {"messages": 1, "aspirations": 5}
    assert parse_years("") == {}


@pytest.mark.parametrize(
    "written", ["messages", "messages:0", "messages:x", "employment:5", "directory:9", "letters:1"]
)
def test_what_is_in_use_does_not_end_by_the_year(written):
    with pytest.raises(ValueError, match=r"years|invalid literal"):
        parse_years(written)


def test_what_ended_is_noted_once_a_rule_and_run_and_nothing_of_what_did_not():
    keys = ended("messages", keys=3, held=1, backups_end_on=BACKUPS)
    noted = RetentionApplied(
        run=RUN,
        effective_on=TODAY,
        rule="messages",
        before=date(2026, 1, 1),
        people=2,
        keys=3,
        held=1,
        backups_end_on=BACKUPS,
    )
    note = NoteRun(RUN, TODAY, [keys, ended(AFTER_LEAVING, people=0, held=4)])
    given().when(note).then(noted)
    given(noted).when(note).then()
    given(noted.model_copy(update={"run": uuid4()})).when(note).then(noted)
