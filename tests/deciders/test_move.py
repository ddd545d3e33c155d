"""The rules of moves: agreed, released, completed, in this order and on days that can be."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from services.opportunities.move import (
    DECIDER,
    AgreeMove,
    ArrivedTooEarly,
    ArrivesInTheFuture,
    CompleteMove,
    MoveAlreadyCompleted,
    MoveNotReleased,
    ReleasedTooEarly,
    ReleaseMove,
    move_id,
)
from shared.contracts.opportunities import ItemErased, MoveAgreed, MoveCompleted, MoveReleased
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

APPLICATION = UUID(int=1)
MOVE = move_id(APPLICATION)
AMINA, MANAGER = UUID(int=2), UUID(int=3)
HERE, THERE = UUID(int=4), UUID(int=5)
MARCH, APRIL, MAY, JUNE = (date(2027, month, 1) for month in (3, 4, 5, 6))

AGREE = AgreeMove(
    move=MOVE,
    application=APPLICATION,
    opportunity=UUID(int=6),
    person=AMINA,
    kind="transfer",
    from_unit=HERE,
    to_unit=THERE,
    on=MARCH,
)
agreed = MoveAgreed(
    move=MOVE,
    application=APPLICATION,
    opportunity=UUID(int=6),
    person=AMINA,
    kind="transfer",
    from_unit=HERE,
    to_unit=THERE,
    effective_on=MARCH,
)
released = MoveReleased(move=MOVE, person=AMINA, released_by=MANAGER, release_on=MAY, effective_on=APRIL)
completed = MoveCompleted(move=MOVE, person=AMINA, kind="transfer", from_unit=HERE, to_unit=THERE, effective_on=MAY)

RELEASE = ReleaseMove(released_by=MANAGER, release_on=MAY, on=APRIL)
COMPLETE = CompleteMove(arrived_on=MAY, on=JUNE)


def test_a_move_of_who_is_erased_is_not_found() -> None:
    gone = ItemErased(item=MOVE, person=AMINA, erasure=UUID(int=7))
    given(agreed, gone).when(RELEASE).refused(NotFound)
    given(agreed, released, gone).when(COMPLETE).refused(NotFound)


def test_a_move_is_agreed_once() -> None:
    given().when(AGREE).then(agreed)
    given(agreed).when(AGREE).then()


def test_a_move_is_released_for_a_day() -> None:
    given(agreed).when(RELEASE).then(released)


def test_the_release_day_may_be_the_day_of_the_agreement_and_not_before() -> None:
    given(agreed).when(replace(RELEASE, release_on=MARCH)).then(released.model_copy(update={"release_on": MARCH}))
    given(agreed).when(replace(RELEASE, release_on=date(2027, 2, 28))).refused(ReleasedTooEarly)


def test_the_release_day_is_set_anew_until_arrival() -> None:
    given(agreed, released).when(RELEASE).then()
    later = released.model_copy(update={"release_on": JUNE})
    given(agreed, released).when(replace(RELEASE, release_on=JUNE)).then(later)
    given(agreed, released, later).when(COMPLETE).refused(ArrivedTooEarly)
    given(agreed, released, completed).when(replace(RELEASE, release_on=JUNE)).refused(MoveAlreadyCompleted)


def test_a_move_is_completed_on_arrival() -> None:
    given(agreed, released).when(COMPLETE).then(completed)


def test_arrival_needs_a_release() -> None:
    given(agreed).when(COMPLETE).refused(MoveNotReleased)


def test_arrival_is_neither_before_the_release_nor_in_the_future() -> None:
    given(agreed, released).when(replace(COMPLETE, arrived_on=date(2027, 4, 30))).refused(ArrivedTooEarly)
    given(agreed, released).when(replace(COMPLETE, arrived_on=date(2027, 6, 2))).refused(ArrivesInTheFuture)
    given(agreed, released).when(CompleteMove(arrived_on=MAY, on=MAY)).then(completed)


def test_arrival_is_reported_once() -> None:
    given(agreed, released, completed).when(COMPLETE).then()
    given(agreed, released, completed).when(replace(COMPLETE, arrived_on=JUNE)).refused(MoveAlreadyCompleted)


def test_nothing_is_done_to_what_was_never_agreed() -> None:
    given().when(RELEASE).refused(NotFound)
    given().when(COMPLETE).refused(NotFound)


def test_an_application_leads_to_one_move() -> None:
    assert move_id(APPLICATION) == move_id(APPLICATION)
    assert move_id(APPLICATION) != move_id(UUID(int=7))
