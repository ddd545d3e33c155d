"""The rules of opportunities and of what matches them."""

from datetime import date
from uuid import UUID

import pytest

from services.opportunities.matching import match
from services.opportunities.opportunity import (
    DECIDER,
    KINDS,
    ClosedFromTheStart,
    CloseOpportunity,
    OpportunityFilled,
    OpportunityTakenBack,
    PostOpportunity,
    WithdrawOpportunity,
)
from shared.contracts.opportunities import OFFERED_BY_ANYONE, OpportunityClosed, OpportunityPosted, OpportunityWithdrawn
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

OPPORTUNITY = UUID(int=1)
UNIT = UUID(int=2)
OWNER = UUID(int=3)
MONDAY = date(2027, 3, 1)
TUESDAY = date(2027, 3, 2)

POST = PostOpportunity(
    opportunity=OPPORTUNITY,
    kind="role",
    unit=UNIT,
    owner=OWNER,
    title="Data engineer",
    description="Keeps our figures flowing.",
    skills=("SQL", "http://data.europa.eu/esco/skill/000f1d3d-220f-4789-9c0a-cc742521fb02"),
    country="FR",
    starts_on=TUESDAY,
    closes_on=MONDAY,
    on=MONDAY,
)
posted = OpportunityPosted(
    opportunity=OPPORTUNITY,
    kind="role",
    unit=UNIT,
    owner=OWNER,
    title="Data engineer",
    description="Keeps our figures flowing.",
    skills=POST.skills,
    country="FR",
    starts_on=TUESDAY,
    closes_on=MONDAY,
    effective_on=MONDAY,
)
closed = OpportunityClosed(opportunity=OPPORTUNITY, effective_on=TUESDAY)
filled = OpportunityClosed(opportunity=OPPORTUNITY, filled=True, effective_on=TUESDAY)
withdrawn = OpportunityWithdrawn(opportunity=OPPORTUNITY, effective_on=TUESDAY)

CLOSE = CloseOpportunity(filled=False, on=TUESDAY)
FILL = CloseOpportunity(filled=True, on=TUESDAY)
WITHDRAW = WithdrawOpportunity(on=TUESDAY)


def test_what_is_posted_is_open_until_its_last_day() -> None:
    given().when(POST).then(posted)


def test_a_last_day_in_the_past_is_refused() -> None:
    late = PostOpportunity(**{**{name: getattr(POST, name) for name in POST.__slots__}, "on": TUESDAY})
    given().when(late).refused(ClosedFromTheStart)


def test_an_open_opportunity_is_closed() -> None:
    given(posted).when(CLOSE).then(closed)


def test_closing_twice_does_nothing() -> None:
    given(posted, closed).when(CLOSE).then()


def test_a_closed_opportunity_can_still_be_said_to_be_filled() -> None:
    given(posted, closed).when(FILL).then(filled)


def test_a_filled_opportunity_stays_filled() -> None:
    given(posted, filled).when(CLOSE).then()
    given(posted, filled).when(FILL).then()
    given(posted, filled).when(WITHDRAW).refused(OpportunityFilled)


def test_an_open_or_closed_opportunity_is_withdrawn_once() -> None:
    given(posted).when(WITHDRAW).then(withdrawn)
    given(posted, closed).when(WITHDRAW).then(withdrawn)
    given(posted, withdrawn).when(WITHDRAW).then()


def test_a_withdrawn_opportunity_cannot_be_closed() -> None:
    given(posted, withdrawn).when(CLOSE).refused(OpportunityTakenBack)


def test_nothing_is_done_to_what_was_never_posted() -> None:
    given().when(CLOSE).refused(NotFound)
    given().when(WITHDRAW).refused(NotFound)


def test_a_kind_for_one_moves_that_one() -> None:
    assert all(rules.moves_as is not None for rules in KINDS.values() if rules.for_one)


def test_what_anyone_may_offer_moves_nobody() -> None:
    assert all(KINDS[kind].moves_as is None for kind in OFFERED_BY_ANYONE)


ESCO = "http://data.europa.eu/esco/skill/000f1d3d-220f-4789-9c0a-cc742521fb02"


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        ("SQL", "sql"),
        ("Straße", "STRASSE"),
        ("Négociation", "ne\u0301gociation"),
        ("conflict management", "  Conflict   Management "),
        (ESCO, ESCO.upper()),
        (ESCO, ESCO.replace("http:", "https:") + "/"),
    ],
)
def test_a_skill_is_the_same_however_it_is_written(asked: str, stated: str) -> None:
    found = match([asked], [stated])
    assert [one.skill for one in found.matching] == [asked]
    assert found.missing == ()


def test_what_matches_and_what_is_missing_keeps_the_order_and_words_of_the_posting() -> None:
    found = match(["Spanish", ESCO, "SQL", "Facilitation"], ["facilitation", "Juggling", ESCO])
    assert [(one.skill, one.by) for one in found.matching] == [(ESCO, "esco_uri"), ("Facilitation", "label")]
    assert found.missing == ("Spanish", "SQL")


def test_a_skill_asked_for_twice_counts_once() -> None:
    assert match(["SQL", "sql", "Spanish", "SPANISH"], ["Sql"]).missing == ("Spanish",)
    assert [one.skill for one in match(["SQL", "sql"], ["Sql"]).matching] == ["SQL"]


def test_a_part_of_a_skill_is_not_the_skill() -> None:
    assert match(["SQL"], ["SQL Server"]).missing == ("SQL",)


def test_nothing_asked_for_is_nothing_missing() -> None:
    found = match([], ["SQL"])
    assert (found.matching, found.missing) == ((), ())
