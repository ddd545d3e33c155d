"""The rules of applications: nobody is refused for a missing skill, and every decline says why and what next."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.opportunities.acceptance import Settled, accept
from services.opportunities.application import (
    DECIDER,
    Accepted,
    AcceptOffer,
    AlreadyApplied,
    ApplicationCommand,
    ApplicationEnded,
    DeclineApplication,
    DeclineOffer,
    MakeOffer,
    NoOfferMade,
    Offered,
    OfferPending,
    OfferTaken,
    OwnOpportunity,
    ShortlistApplication,
    SubmitApplication,
    WithdrawApplication,
    application_id,
)
from services.opportunities.move import move_id
from services.opportunities.opportunity import (
    Closed,
    Filled,
    Open,
    OpportunityFilled,
    OpportunityNotOpen,
    OpportunityTakenBack,
    Withdrawn,
)
from shared.contracts.event import Event
from shared.contracts.opportunities import (
    ApplicationDeclined,
    ApplicationShortlisted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ItemErased,
    MoveAgreed,
    MoveKind,
    OfferAccepted,
    OfferDeclined,
    OfferMade,
    OpportunityClosed,
    OpportunityKind,
    OpportunityPosted,
)
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

OPPORTUNITY = UUID(int=1)
OWNER = UUID(int=3)
AMINA = UUID(int=4)
SECRET = bytes(32)
APPLICATION = application_id(OPPORTUNITY, AMINA, SECRET)
MONDAY = date(2027, 3, 1)
TUESDAY = date(2027, 3, 2)
WEDNESDAY = date(2027, 3, 3)

posting = OpportunityPosted(
    opportunity=OPPORTUNITY,
    kind="role",
    unit=UUID(int=2),
    owner=OWNER,
    title="Data engineer",
    description="Keeps our figures flowing.",
    skills=("SQL", "Spanish"),
    closes_on=TUESDAY,
    effective_on=MONDAY,
)
OPEN, CLOSED, FILLED, WITHDRAWN = Open(posting), Closed(posting), Filled(posting), Withdrawn(posting)

APPLY = SubmitApplication(
    application=APPLICATION,
    person=AMINA,
    statement="I learn fast.",
    skills=("sql",),
    owner=OWNER,
    opportunity=OPEN,
    on=TUESDAY,
)
submitted = ApplicationSubmitted(
    application=APPLICATION,
    opportunity=OPPORTUNITY,
    person=AMINA,
    owner=OWNER,
    effective_on=TUESDAY,
    statement="I learn fast.",
    skills=("sql",),
    matching=("SQL",),
    missing=("Spanish",),
)
shortlisted = ApplicationShortlisted(
    application=APPLICATION, opportunity=OPPORTUNITY, person=AMINA, effective_on=TUESDAY
)
declined = ApplicationDeclined(
    application=APPLICATION,
    opportunity=OPPORTUNITY,
    person=AMINA,
    by=OWNER,
    effective_on=TUESDAY,
    reason="We need Spanish from the first day.",
    next_step="The course in May, then the next opening.",
)
offered = OfferMade(application=APPLICATION, opportunity=OPPORTUNITY, person=AMINA, effective_on=TUESDAY)
accepted = OfferAccepted(application=APPLICATION, opportunity=OPPORTUNITY, person=AMINA, effective_on=TUESDAY)
refused = OfferDeclined(
    application=APPLICATION, opportunity=OPPORTUNITY, person=AMINA, effective_on=TUESDAY, reason="Too far away."
)
withdrawn = ApplicationWithdrawn(application=APPLICATION, opportunity=OPPORTUNITY, person=AMINA, effective_on=TUESDAY)

SHORTLIST = ShortlistApplication(opportunity=OPEN, on=TUESDAY)
DECLINE = DeclineApplication(
    by=OWNER, reason=str(declined.reason), next_step=str(declined.next_step), opportunity=OPEN, on=TUESDAY
)
OFFER = MakeOffer(opportunity=OPEN, on=TUESDAY)
ACCEPT = AcceptOffer(opportunity=OPEN, on=TUESDAY)
REFUSE = DeclineOffer(reason="Too far away.", opportunity=OPEN, on=TUESDAY)
WITHDRAW = WithdrawApplication(opportunity=OPEN, on=TUESDAY)

PENDING: tuple[tuple[Event, ...], ...] = ((submitted,), (submitted, shortlisted), (submitted, shortlisted, offered))
ENDED: tuple[tuple[Event, ...], ...] = (
    (submitted, declined),
    (submitted, withdrawn),
    (submitted, offered, refused),
)


def test_an_application_says_what_matches_and_what_is_missing() -> None:
    given().when(APPLY).then(submitted)


def test_nobody_is_refused_for_missing_skills() -> None:
    without = replace(APPLY, skills=())
    nothing = submitted.model_copy(update={"skills": (), "matching": (), "missing": ("SQL", "Spanish")})
    given().when(without).then(nothing)


def test_there_is_one_open_application_for_a_person_and_an_opportunity() -> None:
    for events in PENDING:
        given(*events).when(APPLY).refused(AlreadyApplied)
    given(submitted, offered, accepted).when(APPLY).refused(OfferTaken)


@pytest.mark.parametrize("events", ENDED)
def test_after_it_ended_one_may_apply_again(events: tuple[Event, ...]) -> None:
    given(*events).when(APPLY).then(submitted)


def test_one_applies_only_for_what_is_open_on_that_day() -> None:
    given().when(replace(APPLY, on=WEDNESDAY)).refused(OpportunityNotOpen)
    given().when(replace(APPLY, opportunity=CLOSED)).refused(OpportunityNotOpen)
    given().when(replace(APPLY, opportunity=FILLED)).refused(OpportunityFilled)
    given().when(replace(APPLY, opportunity=WITHDRAWN)).refused(OpportunityTakenBack)


def test_the_owner_does_not_apply() -> None:
    given().when(replace(APPLY, person=OWNER)).refused(OwnOpportunity)


def test_an_application_is_shortlisted_once() -> None:
    given(submitted).when(SHORTLIST).then(shortlisted)
    given(submitted, shortlisted).when(SHORTLIST).then()
    given(submitted, offered).when(SHORTLIST).refused(OfferPending)


@pytest.mark.parametrize("events", PENDING)
def test_a_decline_gives_the_reason_and_a_next_step(events: tuple[Event, ...]) -> None:
    given(*events).when(DECLINE).then(declined)


def test_an_offer_follows_a_short_list_or_the_application_itself() -> None:
    given(submitted).when(OFFER).then(offered)
    given(submitted, shortlisted).when(OFFER).then(offered)
    given(submitted, offered).when(OFFER).then()


def test_what_was_received_before_closing_goes_on() -> None:
    given(submitted).when(replace(SHORTLIST, opportunity=CLOSED)).then(shortlisted)
    given(submitted).when(replace(OFFER, opportunity=CLOSED)).then(offered)
    given(submitted, offered).when(replace(ACCEPT, opportunity=CLOSED)).then(accepted)


def test_what_was_given_to_somebody_is_not_offered_or_accepted_again() -> None:
    given(submitted).when(replace(OFFER, opportunity=FILLED)).refused(OpportunityFilled)
    given(submitted, offered).when(replace(ACCEPT, opportunity=FILLED)).refused(OpportunityFilled)


def test_with_the_opportunity_filled_open_applications_have_ended() -> None:
    given(submitted).when(replace(SHORTLIST, opportunity=FILLED)).refused(OpportunityFilled)
    given(submitted, offered).when(replace(REFUSE, opportunity=FILLED)).refused(OpportunityFilled)


@pytest.mark.parametrize("events", PENDING)
def test_whoever_was_not_taken_is_still_told_why_and_takes_their_words_back(events: tuple[Event, ...]) -> None:
    given(*events).when(replace(DECLINE, opportunity=FILLED)).then(declined)
    given(*events).when(replace(WITHDRAW, opportunity=FILLED)).then(withdrawn)


def test_an_offer_is_accepted_once() -> None:
    given(submitted, offered).when(ACCEPT).then(accepted)
    given(submitted, offered, accepted).when(ACCEPT).then()


def test_an_offer_is_declined_with_or_without_a_reason() -> None:
    given(submitted, offered).when(REFUSE).then(refused)
    silent = refused.model_copy(update={"reason": None})
    given(submitted, offered).when(replace(REFUSE, reason=None)).then(silent)


def test_there_must_be_an_offer_to_answer() -> None:
    given(submitted, shortlisted).when(ACCEPT).refused(NoOfferMade)
    given(submitted, shortlisted).when(REFUSE).refused(NoOfferMade)


@pytest.mark.parametrize("events", PENDING)
def test_the_applicant_withdraws_while_nobody_has_ended_it(events: tuple[Event, ...]) -> None:
    given(*events).when(WITHDRAW).then(withdrawn)


def test_withdrawing_twice_does_nothing() -> None:
    given(submitted, withdrawn).when(WITHDRAW).then()


@pytest.mark.parametrize("command", [SHORTLIST, DECLINE, OFFER, REFUSE, WITHDRAW])
def test_nothing_is_done_to_what_was_accepted(command: ApplicationCommand) -> None:
    given(submitted, offered, accepted).when(command).refused(OfferTaken)


@pytest.mark.parametrize("command", [SHORTLIST, DECLINE, OFFER, ACCEPT, REFUSE])
def test_nothing_is_done_to_what_was_withdrawn_or_declined(command: ApplicationCommand) -> None:
    for events in ENDED:
        given(*events).when(command).refused(ApplicationEnded)


@pytest.mark.parametrize("command", [SHORTLIST, DECLINE, OFFER, ACCEPT, REFUSE, WITHDRAW])
def test_with_the_opportunity_withdrawn_the_application_has_ended(
    command: ShortlistApplication | DeclineApplication | MakeOffer | AcceptOffer | DeclineOffer | WithdrawApplication,
) -> None:
    for events in PENDING:
        given(*events).when(replace(command, opportunity=WITHDRAWN)).refused(OpportunityTakenBack)


@pytest.mark.parametrize("command", [SHORTLIST, DECLINE, OFFER, ACCEPT, REFUSE, WITHDRAW])
def test_nothing_is_done_to_what_was_never_submitted(command: ApplicationCommand) -> None:
    given().when(command).refused(NotFound)


def test_one_person_has_one_application_for_an_opportunity() -> None:
    assert application_id(OPPORTUNITY, AMINA, SECRET) == application_id(OPPORTUNITY, AMINA, SECRET)
    assert application_id(OPPORTUNITY, AMINA, SECRET) != application_id(OPPORTUNITY, OWNER, SECRET)
    assert application_id(OPPORTUNITY, AMINA, SECRET) != application_id(UUID(int=9), AMINA, SECRET)


def test_nobody_without_the_secret_works_out_the_id_of_an_application() -> None:
    assert application_id(OPPORTUNITY, AMINA, SECRET) != application_id(OPPORTUNITY, AMINA, bytes([1]) * 32)


HERE = UUID(int=7)
filled = OpportunityClosed(opportunity=OPPORTUNITY, filled=True, effective_on=WEDNESDAY)


def agreed(kind: MoveKind) -> MoveAgreed:
    return MoveAgreed(
        move=move_id(APPLICATION),
        application=APPLICATION,
        opportunity=OPPORTUNITY,
        person=AMINA,
        kind=kind,
        from_unit=HERE,
        to_unit=posting.unit,
        effective_on=WEDNESDAY,
    )


def test_an_application_of_who_is_erased_is_not_found() -> None:
    gone = ItemErased(item=APPLICATION, person=AMINA, erasure=UUID(int=9))
    for events in (*PENDING, *ENDED, (submitted, offered, accepted)):
        for command in (SHORTLIST, OFFER, DECLINE, WITHDRAW, ACCEPT, REFUSE):
            given(*events, gone).when(command).refused(NotFound)


def taking(kind: OpportunityKind) -> Settled:
    return accept(Offered(submitted), Open(posting.model_copy(update={"kind": kind})), HERE, WEDNESDAY)


def test_accepting_a_role_or_stretch_assignment_fills_it_and_agrees_a_move() -> None:
    taken = accepted.model_copy(update={"effective_on": WEDNESDAY})
    assert taking("role") == Settled([taken], [filled], [agreed("transfer")])
    assert taking("stretch_assignment") == Settled([taken], [filled], [agreed("stretch_assignment")])


def test_accepting_a_project_agrees_a_move_and_leaves_it_open_to_others() -> None:
    settled = taking("project")
    assert (list(settled.opportunity), settled.move) == ([], [agreed("project")])


@pytest.mark.parametrize("kind", ["mentoring", "shadowing", "programme"])
def test_accepting_what_moves_nobody_concerns_the_application_alone(kind: OpportunityKind) -> None:
    settled = taking(kind)
    assert len(settled.application) == 1
    assert (list(settled.opportunity), list(settled.move)) == ([], [])


def test_accepting_what_was_closed_meanwhile_still_fills_it() -> None:
    assert accept(Offered(submitted), CLOSED, HERE, WEDNESDAY).opportunity == [filled]


def test_accepting_twice_agrees_one_move() -> None:
    assert accept(Accepted(submitted), FILLED, HERE, WEDNESDAY) == Settled()
