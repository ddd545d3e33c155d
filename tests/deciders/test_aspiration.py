"""The rules of aspirations."""

from datetime import date
from uuid import uuid4

import pytest

from services.profiles.aspiration import (
    DECIDER,
    ConfirmAspiration,
    NobodyToShareWith,
    RecordAspiration,
    ReviseAspiration,
    ShareAspiration,
    SharedWithOneself,
    SharingInThePast,
    SharingNotActive,
    WithdrawSharing,
)
from shared.contracts.profiles import (
    Aspiration,
    AspirationConfirmed,
    AspirationRecorded,
    AspirationRevised,
    AspirationShared,
    SharingWithdrawn,
)
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

AMINA, BEN, CARLA = uuid4(), uuid4(), uuid4()
ITEM, SHARE = uuid4(), uuid4()
MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)
WORDS = Aspiration(grain="theme", certainty="exploring", text="Work with people more")
NEW_WORDS = Aspiration(grain="role", certainty="likely", text="Lead the customer team")

recorded = AspirationRecorded(aspiration=ITEM, person=AMINA, effective_on=MONDAY, content=WORDS)


def shared(**changes):
    values = {
        "aspiration": ITEM,
        "person": AMINA,
        "share": SHARE,
        "effective_on": TUESDAY,
        "audience": "my_manager",
        "reader": BEN,
        "edition": 1,
        "content": WORDS,
    }
    return AspirationShared(**{**values, **changes})


def share(**changes):
    values = {
        "person": AMINA,
        "share": SHARE,
        "audience": "my_manager",
        "reader": BEN,
        "purpose": None,
        "until": None,
        "later_editions": False,
        "on": TUESDAY,
    }
    return ShareAspiration(**{**values, **changes})


def test_an_aspiration_is_recorded_for_oneself():
    given().when(RecordAspiration(ITEM, AMINA, WORDS, MONDAY)).then(recorded)


def test_its_owner_shares_the_edition_of_today():
    given(recorded).when(share()).then(shared())


def test_nobody_else_can_share_it_or_learn_that_it_is_there():
    given(recorded).when(share(person=BEN)).refused(NotFound)
    given().when(share()).refused(NotFound)


def test_without_a_manager_there_is_nobody_to_share_with_as_my_manager():
    given(recorded).when(share(reader=None)).refused(NobodyToShareWith)


def test_whoever_is_my_manager_needs_no_name():
    given(recorded).when(share(audience="whoever_is_my_manager", reader=None)).then(
        shared(audience="whoever_is_my_manager", reader=None)
    )


def test_it_is_not_shared_with_oneself_nor_until_a_day_gone_by():
    given(recorded).when(share(audience="person", reader=AMINA)).refused(SharedWithOneself, "#/reader")
    given(recorded).when(share(until=MONDAY)).refused(SharingInThePast, "#/until")


def test_who_was_given_one_edition_does_not_get_the_next():
    given(recorded, shared()).when(ReviseAspiration(AMINA, NEW_WORDS, WEDNESDAY)).then(
        AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=WEDNESDAY, edition=2, content=NEW_WORDS)
    )


def test_who_was_given_later_editions_gets_the_next():
    given(recorded, shared(later_editions=True)).when(ReviseAspiration(AMINA, NEW_WORDS, WEDNESDAY)).then(
        AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=WEDNESDAY, edition=2, content=NEW_WORDS),
        shared(later_editions=True, edition=2, content=NEW_WORDS, effective_on=WEDNESDAY),
    )


@pytest.mark.parametrize(
    "past",
    [
        (shared(later_editions=True, until=TUESDAY),),
        (
            shared(later_editions=True),
            SharingWithdrawn(aspiration=ITEM, person=AMINA, share=SHARE, effective_on=TUESDAY),
        ),
    ],
    ids=["ended", "withdrawn"],
)
def test_later_editions_end_with_the_sharing(past):
    given(recorded, *past).when(ReviseAspiration(AMINA, NEW_WORDS, WEDNESDAY)).then(
        AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=WEDNESDAY, edition=2, content=NEW_WORDS)
    )


def test_what_is_shared_is_withdrawn_once():
    withdrawn = SharingWithdrawn(aspiration=ITEM, person=AMINA, share=SHARE, effective_on=WEDNESDAY)
    given(recorded, shared()).when(WithdrawSharing(AMINA, SHARE, WEDNESDAY)).then(withdrawn)
    given(recorded, shared(), withdrawn).when(WithdrawSharing(AMINA, SHARE, WEDNESDAY)).refused(SharingNotActive)
    given(recorded).when(WithdrawSharing(AMINA, uuid4(), WEDNESDAY)).refused(SharingNotActive)


def test_confirming_on_the_day_of_writing_is_nothing_to_do():
    given(recorded).when(ConfirmAspiration(AMINA, MONDAY)).then()
    given(recorded).when(ConfirmAspiration(AMINA, TUESDAY)).then(
        AspirationConfirmed(aspiration=ITEM, person=AMINA, effective_on=TUESDAY)
    )
