"""The rules of a career conversation."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from services.conversations.conversation import (
    DECIDER,
    AcceptConversation,
    AlreadyAgreed,
    AlreadyHeld,
    AnswerNotYours,
    CancelConversation,
    ConversationCommand,
    ConversationOver,
    DeclineConversation,
    EndConversation,
    HeldInTheFuture,
    HoldConversation,
    NotAgreed,
    NotHeld,
    NotRated,
    ProposalChanged,
    ProposalPassed,
    ProposedInThePast,
    RateOutcomes,
    RequestConversation,
    RescheduleConversation,
    TalkingToOneself,
)
from shared.contracts.conversations import (
    ConversationAccepted,
    ConversationCancelled,
    ConversationDeclined,
    ConversationEnded,
    ConversationHeld,
    ConversationRequested,
    ConversationRescheduled,
    ItemErased,
    Outcomes,
    OutcomesRated,
    OutcomesShared,
    OutcomesSharingChanged,
    OutcomesSharingWithdrawn,
)
from shared.refusals import NotFound
from shared.sharing import ChangeSharing, ShareItem, SharingNotActive, WithdrawSharing
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

TALK = UUID("01920000-0000-7000-8000-000000000001")
ANA, MAX, EVE, SHARE = (UUID(int=number) for number in range(1, 5))
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
FRIDAY = NOW + timedelta(days=4)
MONDAY = NOW + timedelta(days=7)
EARLIEST = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
LATEST = datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))

requested = ConversationRequested(
    conversation=TALK,
    employee=ANA,
    partner=MAX,
    partner_role="manager",
    requested_by=ANA,
    topic="direction",
    proposed_for=FRIDAY,
    agenda="Where could I go?",
)
accepted = ConversationAccepted(conversation=TALK, employee=ANA, by=MAX)
declined = ConversationDeclined(conversation=TALK, employee=ANA, by=MAX, reason="Away")
moved_by_max = ConversationRescheduled(conversation=TALK, employee=ANA, by=MAX, proposed_for=MONDAY)
cancelled = ConversationCancelled(conversation=TALK, employee=ANA, by=ANA)
ended = ConversationEnded(conversation=TALK, employee=ANA, cause="manager_changed")
held = ConversationHeld(
    conversation=TALK,
    employee=ANA,
    partner=MAX,
    partner_role="manager",
    topic="direction",
    by=ANA,
    effective_on=TODAY,
)
GOOD = Outcomes(direction=4, self_insight=3, options=5, confidence=4)
BETTER = Outcomes(direction=5, self_insight=5, options=5, confidence=5)

request = RequestConversation(TALK, ANA, MAX, "manager", ANA, "direction", FRIDAY, "Where could I go?", NOW)
accept = AcceptConversation(MAX, FRIDAY, NOW)


def test_a_conversation_is_requested() -> None:
    given().when(request).then(requested)


@pytest.mark.parametrize("at", [EARLIEST, NOW - timedelta(minutes=1), NOW, NOW + timedelta(days=367), LATEST])
def test_a_conversation_is_proposed_for_a_time_to_come(at: datetime) -> None:
    given().when(RequestConversation(TALK, ANA, MAX, "mentor", ANA, "options", at, None, NOW)).refused(
        ProposedInThePast, "#/proposed_for"
    )
    given(requested).when(RescheduleConversation(MAX, at, NOW)).refused(ProposedInThePast, "#/proposed_for")


def test_nobody_talks_to_themselves() -> None:
    given().when(RequestConversation(TALK, ANA, ANA, "mentor", ANA, "options", FRIDAY, None, NOW)).refused(
        TalkingToOneself, "#/partner"
    )


def test_the_other_party_accepts() -> None:
    given(requested).when(accept).then(accepted)


def test_accepting_twice_is_accepting_once() -> None:
    given(requested, accepted).when(accept).then()


def test_nobody_accepts_their_own_proposal() -> None:
    given(requested).when(AcceptConversation(ANA, FRIDAY, NOW)).refused(AnswerNotYours)
    given(requested, moved_by_max).when(AcceptConversation(MAX, MONDAY, NOW)).refused(AnswerNotYours)


def test_what_is_accepted_is_a_time_that_was_seen() -> None:
    given(requested, moved_by_max).when(AcceptConversation(ANA, FRIDAY, NOW)).refused(ProposalChanged)
    given(requested, moved_by_max).when(AcceptConversation(ANA, MONDAY, NOW)).then(
        ConversationAccepted(conversation=TALK, employee=ANA, by=ANA)
    )


def test_a_time_that_has_passed_is_not_accepted() -> None:
    given(requested).when(AcceptConversation(MAX, FRIDAY, FRIDAY + timedelta(hours=1))).refused(ProposalPassed)


def test_the_other_party_declines_with_a_reason() -> None:
    given(requested).when(DeclineConversation(MAX, "Away")).then(declined)


def test_who_proposed_does_not_decline() -> None:
    given(requested).when(DeclineConversation(ANA, "Away")).refused(AnswerNotYours)


def test_what_was_agreed_is_not_declined() -> None:
    given(requested, accepted).when(DeclineConversation(MAX, "Away")).refused(AlreadyAgreed)


def test_a_moved_conversation_is_agreed_to_again() -> None:
    given(requested, accepted).when(RescheduleConversation(MAX, MONDAY, NOW)).then(moved_by_max)
    given(requested, accepted, moved_by_max).when(AcceptConversation(ANA, MONDAY, NOW)).then(
        ConversationAccepted(conversation=TALK, employee=ANA, by=ANA)
    )


def test_moving_to_the_same_time_is_nothing() -> None:
    given(requested).when(RescheduleConversation(ANA, FRIDAY, NOW)).then()


@pytest.mark.parametrize("history", [(requested,), (requested, accepted)])
def test_either_party_calls_it_off_before_it_is_held(history: tuple[ConversationRequested, ...]) -> None:
    given(*history).when(CancelConversation(ANA, None)).then(cancelled)
    given(*history).when(CancelConversation(MAX, "Budget week")).then(
        ConversationCancelled(conversation=TALK, employee=ANA, by=MAX, reason="Budget week")
    )


def test_calling_off_twice_is_calling_off_once() -> None:
    given(requested, cancelled).when(CancelConversation(MAX, None)).then()


@pytest.mark.parametrize("by", [ANA, MAX])
def test_either_party_says_that_an_agreed_conversation_was_held(by: UUID) -> None:
    given(requested, accepted).when(HoldConversation(by, TODAY, TODAY)).then(held.model_copy(update={"by": by}))


def test_who_is_asked_may_say_that_it_was_held_and_has_agreed_by_that() -> None:
    given(requested).when(HoldConversation(MAX, TODAY, TODAY)).then(accepted, held.model_copy(update={"by": MAX}))


def test_who_asks_cannot_say_alone_that_it_was_held() -> None:
    given(requested).when(HoldConversation(ANA, TODAY, TODAY)).refused(NotAgreed)


@pytest.mark.parametrize("wrong", [TODAY + timedelta(days=1), TODAY - timedelta(days=367), date.min, date.max])
def test_it_was_held_on_a_day_that_has_come(wrong: date) -> None:
    given(requested, accepted).when(HoldConversation(ANA, wrong, TODAY)).refused(HeldInTheFuture, "#/held_on")


def test_holding_twice_is_holding_once() -> None:
    given(requested, accepted, held).when(HoldConversation(MAX, TODAY, TODAY)).then()
    given(requested, accepted, held).when(HoldConversation(MAX, TODAY - timedelta(days=1), TODAY)).refused(AlreadyHeld)


def test_each_party_rates_the_outcomes_and_may_do_so_again() -> None:
    rated = OutcomesRated(conversation=TALK, employee=ANA, by=ANA, effective_on=TODAY, outcomes=GOOD)
    given(requested, accepted, held).when(RateOutcomes(ANA, GOOD, TODAY)).then(rated)
    given(requested, accepted, held, rated).when(RateOutcomes(ANA, GOOD, TODAY)).then(rated)
    given(requested, accepted, held, rated).when(RateOutcomes(MAX, GOOD, TODAY)).then(
        rated.model_copy(update={"by": MAX})
    )


def test_only_a_held_conversation_is_rated() -> None:
    given(requested, accepted).when(RateOutcomes(ANA, GOOD, TODAY)).refused(NotHeld)
    given(requested, declined).when(RateOutcomes(ANA, GOOD, TODAY)).refused(NotHeld)


rated = OutcomesRated(conversation=TALK, employee=ANA, by=ANA, effective_on=YESTERDAY, outcomes=GOOD)


def shared(**changes: Any) -> OutcomesShared:
    values = {"conversation": TALK, "employee": ANA, "share": SHARE, "effective_on": TODAY, "audience": "my_manager"}
    values |= {"reader": MAX, "edition": 1, "rated_on": YESTERDAY, "outcomes": GOOD}
    return OutcomesShared(**{**values, **changes})


def share(**changes: Any) -> ShareItem:
    values = {"person": ANA, "share": SHARE, "audience": "my_manager", "reader": MAX, "purpose": None, "until": None}
    return ShareItem(**{**values, "later_editions": False, "on": TODAY, **changes})


def test_the_employee_shares_their_rating_as_they_gave_it_last() -> None:
    better = rated.model_copy(update={"effective_on": TODAY, "outcomes": BETTER})
    given(requested, accepted, held, rated).when(share()).then(shared())
    given(requested, accepted, held, rated, better).when(share()).then(
        shared(edition=2, rated_on=TODAY, outcomes=BETTER)
    )


def test_what_the_partner_made_of_the_talk_is_shared_by_nobody() -> None:
    by_max = rated.model_copy(update={"by": MAX, "outcomes": BETTER})
    given(requested, accepted, held, by_max).when(share()).refused(NotRated)
    given(requested, accepted, held, rated, by_max).when(share()).then(shared())
    for other in (MAX, EVE):
        given(requested, accepted, held, rated, by_max).when(share(person=other)).refused(NotFound)


def test_before_it_is_rated_there_is_nothing_to_share() -> None:
    given(requested, accepted).when(share()).refused(NotRated)
    given(requested, accepted, held).when(share()).refused(NotRated)
    given().when(share()).refused(NotFound)


def test_who_was_given_later_ratings_too_gets_the_next() -> None:
    past = (requested, accepted, held, rated)
    again = rated.model_copy(update={"effective_on": TODAY, "outcomes": BETTER})
    given(*past, shared()).when(RateOutcomes(ANA, BETTER, TODAY)).then(again)
    given(*past, shared(later_editions=True)).when(RateOutcomes(ANA, BETTER, TODAY)).then(
        again, shared(later_editions=True, edition=2, rated_on=TODAY, outcomes=BETTER)
    )
    given(*past, shared(later_editions=True)).when(RateOutcomes(MAX, BETTER, TODAY)).then(
        again.model_copy(update={"by": MAX})
    )


def test_what_was_shared_of_a_rating_before_one_left_is_over_when_one_is_back() -> None:
    past = given(requested, accepted, held, rated, shared(later_editions=True, effective_on=YESTERDAY))
    again = rated.model_copy(update={"effective_on": TODAY, "outcomes": BETTER})
    past.when(RateOutcomes(ANA, BETTER, TODAY, over_until=YESTERDAY)).then(again)
    past.when(ChangeSharing(ANA, SHARE, None, later_editions=False, on=TODAY, over_until=YESTERDAY)).refused(
        SharingNotActive
    )


def test_the_sharing_of_a_rating_is_changed_and_withdrawn() -> None:
    past = (requested, accepted, held, rated, shared())
    about: dict[str, Any] = {"conversation": TALK, "employee": ANA, "share": SHARE, "effective_on": TODAY}
    changed, withdrawn = OutcomesSharingChanged(**about, until=TODAY), OutcomesSharingWithdrawn(**about)
    given(*past).when(ChangeSharing(ANA, SHARE, TODAY, later_editions=False, on=TODAY)).then(changed)
    given(*past, changed).when(WithdrawSharing(ANA, SHARE, TODAY)).then(withdrawn)
    given(*past, withdrawn).when(WithdrawSharing(ANA, SHARE, TODAY)).refused(SharingNotActive)
    given(*past, withdrawn).when(ChangeSharing(ANA, SHARE, TODAY, later_editions=False, on=TODAY)).refused(
        SharingNotActive
    )
    given(*past).when(WithdrawSharing(MAX, SHARE, TODAY)).refused(NotFound)


def test_with_the_words_of_the_employee_go_their_rating_and_its_sharings() -> None:
    past = (requested, accepted, held, rated, shared(later_editions=True))
    mark = ItemErased(item=TALK, person=ANA, erasure=SHARE)
    given(*past, mark).when(share()).refused(NotRated)
    again = rated.model_copy(update={"effective_on": TODAY})
    given(*past, mark).when(RateOutcomes(ANA, GOOD, TODAY)).then(again)
    given(*past, mark, again).when(WithdrawSharing(ANA, SHARE, TODAY)).refused(SharingNotActive)
    given(*past, mark.model_copy(update={"person": MAX})).when(WithdrawSharing(ANA, SHARE, TODAY)).then(
        OutcomesSharingWithdrawn(conversation=TALK, employee=ANA, share=SHARE, effective_on=TODAY)
    )


COMMANDS_OF_EVE: list[ConversationCommand] = [
    AcceptConversation(EVE, FRIDAY, NOW),
    DeclineConversation(EVE, "No"),
    RescheduleConversation(EVE, MONDAY, NOW),
    CancelConversation(EVE, None),
    HoldConversation(EVE, TODAY, TODAY),
    RateOutcomes(EVE, GOOD, TODAY),
]


@pytest.mark.parametrize("command", COMMANDS_OF_EVE, ids=lambda command: type(command).__name__)
def test_for_others_there_is_nothing(command: ConversationCommand) -> None:
    given().when(command).refused(NotFound)
    given(requested).when(command).refused(NotFound)
    given(requested, accepted, held).when(command).refused(NotFound)


@pytest.mark.parametrize("end", [declined, cancelled, ended], ids=lambda event: type(event).__name__)
def test_what_is_over_stays_over(end: ConversationDeclined | ConversationCancelled | ConversationEnded) -> None:
    given(requested, end).when(accept).refused(ConversationOver)
    given(requested, end).when(DeclineConversation(MAX, "No")).refused(ConversationOver)
    given(requested, end).when(RescheduleConversation(ANA, MONDAY, NOW)).refused(ConversationOver)
    given(requested, end).when(HoldConversation(MAX, TODAY, TODAY)).refused(ConversationOver)


def test_what_was_held_is_not_called_off() -> None:
    given(requested, accepted, held).when(CancelConversation(ANA, None)).refused(AlreadyHeld)
    given(requested, accepted, held).when(accept).refused(AlreadyHeld)


def test_an_open_request_ends_with_the_relation() -> None:
    given(requested).when(EndConversation("manager_changed", NOW)).then(ended)
    given(requested, accepted).when(EndConversation("manager_changed", NOW)).then(ended)


def test_what_ended_ends_once() -> None:
    given(requested, ended).when(EndConversation("party_left", NOW)).then()
    given(requested, accepted, held).when(EndConversation("party_left", NOW)).then()


def test_an_agreed_talk_whose_time_has_come_may_still_be_told() -> None:
    given(requested, accepted).when(EndConversation("manager_changed", FRIDAY)).then()
    given(requested).when(EndConversation("manager_changed", FRIDAY)).then(ended)
