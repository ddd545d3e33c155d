"""Delegations: somebody else stands in, from a day on, until a day within a year."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.profiles.delegation import (
    DECIDER,
    LONGEST,
    DelegatedToOneself,
    DelegationDatesWrong,
    EndDelegation,
    GiveDelegation,
)
from shared.contracts.profiles import DelegationEnded, DelegationGiven
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)
DELEGATION, MAX, LEA = uuid4(), uuid4(), uuid4()
TODAY, UNTIL = date(2027, 3, 1), date(2027, 4, 30)
ENDED = DelegationEnded(delegation=DELEGATION, delegator=MAX, delegate=LEA, effective_on=TODAY)


def told(**more: Any) -> dict[str, Any]:
    values = {"delegation": DELEGATION, "delegator": MAX, "delegate": LEA, "capacities": ("manager",)}
    return {**values, "effective_on": TODAY, "until": UNTIL, "reason": "Parental leave", **more}


def give(**more: Any) -> GiveDelegation:
    return GiveDelegation(**told(**more), today=TODAY)


GIVEN = DelegationGiven(**told())


def test_somebody_stands_in_until_a_day():
    given().when(give()).then(GIVEN)
    last = TODAY + LONGEST
    given().when(give(until=last, reason=None)).then(DelegationGiven(**told(until=last, reason=None)))
    given().when(give(effective_on=UNTIL)).then(DelegationGiven(**told(effective_on=UNTIL)))


def test_nobody_stands_in_for_themselves():
    given().when(give(delegate=MAX)).refused(DelegatedToOneself, "#/delegate")


@pytest.mark.parametrize(
    ("dates", "pointer"),
    [
        ({"effective_on": TODAY - timedelta(days=1)}, "#/effective_on"),
        ({"effective_on": UNTIL + timedelta(days=1)}, "#/until"),
        ({"until": TODAY - timedelta(days=1)}, "#/until"),
        ({"until": TODAY + LONGEST + timedelta(days=1)}, "#/until"),
    ],
)
def test_it_begins_today_or_later_and_ends_within_a_year(dates, pointer):
    given().when(give(**dates)).refused(DelegationDatesWrong, pointer)


@pytest.mark.parametrize("by", [MAX, None])
def test_who_gave_it_and_administrators_end_it_once(by):
    given(GIVEN).when(EndDelegation(by, TODAY)).then(ENDED)
    given(GIVEN, ENDED).when(EndDelegation(by, TODAY)).then()
    given(GIVEN).when(EndDelegation(by, UNTIL + timedelta(days=1))).then()


def test_for_others_it_is_not_there():
    given(GIVEN).when(EndDelegation(LEA, TODAY)).refused(NotFound)
    given().when(EndDelegation(None, TODAY)).refused(NotFound)
