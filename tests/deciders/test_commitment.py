"""The rules of a commitment."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.conversations.commitment import (
    DECIDER,
    CommitmentAlreadyKept,
    DueInThePast,
    KeepCommitment,
    MakeCommitment,
    MissCommitment,
)
from shared.contracts.conversations import CommitmentKept, CommitmentMade, CommitmentMissed
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

THING, ANA, MAX = UUID("01920000-0000-7000-8000-000000000002"), UUID(int=1), UUID(int=2)
TODAY = date(2026, 11, 23)
LATER = TODAY + timedelta(days=30)

made = CommitmentMade(
    commitment=THING, employee=ANA, party="manager", owner=MAX, effective_on=TODAY, due_on=LATER, text="Introduce Ana"
)
kept = CommitmentKept(commitment=THING, employee=ANA, owner=MAX, effective_on=LATER)
missed = CommitmentMissed(commitment=THING, employee=ANA, owner=MAX, effective_on=LATER, reason="Reorganisation")


def make(due_on: date) -> MakeCommitment:
    return MakeCommitment(THING, ANA, "manager", MAX, None, due_on, "Introduce Ana", TODAY)


def test_a_commitment_is_made() -> None:
    given().when(make(LATER)).then(made)
    given().when(make(TODAY)).then(made.model_copy(update={"due_on": TODAY}))


@pytest.mark.parametrize("wrong", [TODAY - timedelta(days=1), TODAY + timedelta(days=5 * 366 + 1), date.min, date.max])
def test_a_commitment_is_due_on_a_day_to_come(wrong: date) -> None:
    given().when(make(wrong)).refused(DueInThePast, "#/due_on")


def test_the_owner_says_that_it_was_kept() -> None:
    given(made).when(KeepCommitment(MAX, LATER)).then(kept)
    given(made, kept).when(KeepCommitment(MAX, LATER)).then()


def test_the_owner_says_that_it_was_missed() -> None:
    given(made).when(MissCommitment(MAX, "Reorganisation", LATER)).then(missed)
    given(made, missed).when(MissCommitment(MAX, None, LATER)).then()


def test_what_was_missed_may_be_kept_later_but_not_the_other_way_round() -> None:
    given(made, missed).when(KeepCommitment(MAX, LATER)).then(kept)
    given(made, kept).when(MissCommitment(MAX, None, LATER)).refused(CommitmentAlreadyKept)


def test_nobody_marks_the_commitment_of_another_party() -> None:
    given(made).when(KeepCommitment(ANA, LATER)).refused(NotFound)
    given(made).when(MissCommitment(ANA, None, LATER)).refused(NotFound)
    given().when(KeepCommitment(MAX, LATER)).refused(NotFound)
