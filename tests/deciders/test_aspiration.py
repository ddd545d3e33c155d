"""The rules of aspirations."""

from datetime import date
from uuid import uuid4

import pytest

from services.profiles.aspiration import DECIDER, ConfirmAspiration, RecordAspiration, ReviseAspiration
from shared.contracts.profiles import (
    Aspiration,
    AspirationConfirmed,
    AspirationRecorded,
    AspirationRevised,
    AspirationShared,
    SharingChanged,
    SharingWithdrawn,
)
from shared.refusals import NotFound
from shared.sharing import (
    MOST_SHARINGS,
    AlreadyShared,
    ChangeSharing,
    NobodyToShareWith,
    NoOpenApplication,
    SharedWithOneself,
    ShareItem,
    SharingInThePast,
    SharingNotActive,
    TooManySharings,
    WithdrawSharing,
)
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

AMINA, BEN, CARLA = uuid4(), uuid4(), uuid4()
ITEM, SHARE = uuid4(), uuid4()
MONDAY, TUESDAY, WEDNESDAY, FRIDAY = (date(2026, 3, day) for day in (2, 3, 4, 6))
WORDS = Aspiration(grain="theme", certainty="exploring", text="Work with people more")
NEW_WORDS = Aspiration(grain="role", certainty="likely", text="Lead the customer team")

recorded = AspirationRecorded(aspiration=ITEM, person=AMINA, effective_on=MONDAY, content=WORDS)


revised = AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=TUESDAY, edition=2, content=NEW_WORDS)
withdrawn = SharingWithdrawn(aspiration=ITEM, person=AMINA, share=SHARE, effective_on=TUESDAY)


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
    return ShareItem(**{**values, **changes})


def test_an_aspiration_is_recorded_for_oneself():
    given().when(RecordAspiration(ITEM, AMINA, WORDS, MONDAY)).then(recorded)


def test_its_owner_shares_the_edition_of_today():
    given(recorded).when(share()).then(shared())


def test_nobody_else_can_share_it_or_learn_that_it_is_there():
    given(recorded).when(share(person=BEN)).refused(NotFound)
    given().when(share()).refused(NotFound)


def test_it_is_shared_so_many_times_at_once_since_each_is_told_of_the_next_edition():
    many = [shared(share=uuid4(), audience="person", reader=uuid4()) for _ in range(MOST_SHARINGS - 1)]
    given(recorded, *many).when(share()).then(shared())
    given(recorded, *many, shared(until=TUESDAY)).when(share(share=ITEM, on=WEDNESDAY)).then(
        shared(share=ITEM, effective_on=WEDNESDAY)
    )
    full = given(recorded, *many, shared())
    full.when(share(audience="person", reader=CARLA)).refused(TooManySharings)
    given(recorded, *many, shared(), revised).when(share(share=ITEM)).then(
        withdrawn, shared(share=ITEM, edition=2, content=NEW_WORDS)
    )


@pytest.mark.parametrize(
    "audience",
    [
        {},
        {"audience": "person"},
        {"audience": "whoever_is_my_manager", "reader": None},
        {"audience": "opportunity_leader", "reader": None, "submission": ITEM},
    ],
)
def test_there_is_one_sharing_with_an_audience(audience):
    once = given(recorded, shared(**audience))
    once.when(share(share=ITEM, **audience, later_editions=True)).refused(AlreadyShared)
    for other in ({"audience": "person", "reader": CARLA}, {"audience": "my_hr_partner", "reader": None}):
        once.when(share(share=ITEM, **other)).then(shared(share=ITEM, **other))


@pytest.mark.parametrize("gone", ["ended", "withdrawn", "over"])
def test_what_is_over_is_shared_anew(gone):
    events = {"ended": [shared(until=MONDAY)], "withdrawn": [shared(), withdrawn], "over": [shared()]}[gone]
    over_until = TUESDAY if gone == "over" else None
    given(recorded, *events).when(share(share=ITEM, on=WEDNESDAY, over_until=over_until)).then(
        shared(share=ITEM, effective_on=WEDNESDAY)
    )


def test_the_sharing_of_a_newer_edition_takes_the_place_of_the_one_before():
    given(recorded, shared(until=FRIDAY), revised).when(share(share=ITEM)).then(
        withdrawn, shared(share=ITEM, edition=2, content=NEW_WORDS)
    )


def test_without_a_manager_there_is_nobody_to_share_with_as_my_manager():
    given(recorded).when(share(reader=None)).refused(NobodyToShareWith)


def test_whoever_is_my_manager_needs_no_name():
    given(recorded).when(share(audience="whoever_is_my_manager", reader=None)).then(
        shared(audience="whoever_is_my_manager", reader=None)
    )


def test_it_goes_to_who_leads_an_opportunity_with_an_application():
    leader = {"audience": "opportunity_leader", "reader": None}
    given(recorded).when(share(**leader)).refused(NoOpenApplication)
    given(recorded).when(share(**leader, submission=ITEM)).then(shared(**leader, submission=ITEM))


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


def test_what_was_shared_before_one_left_is_over_when_one_is_back():
    before = given(recorded, shared(later_editions=True))
    before.when(ReviseAspiration(AMINA, NEW_WORDS, WEDNESDAY, over_until=TUESDAY)).then(
        AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=WEDNESDAY, edition=2, content=NEW_WORDS)
    )
    before.when(change(until=FRIDAY, over_until=TUESDAY)).refused(SharingNotActive)
    before.when(change(until=FRIDAY, later_editions=True, over_until=MONDAY)).then(
        changed(until=FRIDAY, later_editions=True)
    )


def changed(**given) -> SharingChanged:
    return SharingChanged(aspiration=ITEM, person=AMINA, share=SHARE, effective_on=WEDNESDAY, **given)


def change(**given) -> ChangeSharing:
    return ChangeSharing(
        AMINA, given.pop("share", SHARE), **{"until": None, "later_editions": False, **given}, on=WEDNESDAY
    )


def test_a_sharing_is_given_another_end():
    given(recorded, shared()).when(change(until=FRIDAY)).then(changed(until=FRIDAY))
    given(recorded, shared(until=FRIDAY)).when(change()).then(changed())
    given(recorded, shared(), changed(until=FRIDAY)).when(change(until=FRIDAY)).then()
    given(recorded, shared()).when(change(until=TUESDAY)).refused(SharingInThePast, "#/until")


@pytest.mark.parametrize("past", [shared(until=TUESDAY), None], ids=["ended", "never there"])
def test_what_is_over_is_not_changed(past):
    events = (recorded, past) if past is not None else (recorded,)
    given(*events).when(change(until=FRIDAY)).refused(SharingNotActive)


def test_who_is_given_later_editions_from_now_on_gets_the_newest():
    given(recorded, shared(), revised).when(change(later_editions=True, until=FRIDAY)).then(
        changed(later_editions=True, until=FRIDAY),
        shared(later_editions=True, until=FRIDAY, edition=2, content=NEW_WORDS, effective_on=WEDNESDAY),
    )
    given(recorded, shared()).when(change(later_editions=True)).then(changed(later_editions=True))


def test_who_is_given_later_editions_no_more_keeps_the_one_they_have():
    given(recorded, shared(later_editions=True), changed()).when(ReviseAspiration(AMINA, NEW_WORDS, WEDNESDAY)).then(
        AspirationRevised(aspiration=ITEM, person=AMINA, effective_on=WEDNESDAY, edition=2, content=NEW_WORDS)
    )


def test_what_is_shared_is_withdrawn_once():
    given(recorded, shared()).when(WithdrawSharing(AMINA, SHARE, TUESDAY)).then(withdrawn)
    given(recorded, shared(), withdrawn).when(WithdrawSharing(AMINA, SHARE, WEDNESDAY)).refused(SharingNotActive)
    given(recorded).when(WithdrawSharing(AMINA, uuid4(), WEDNESDAY)).refused(SharingNotActive)


def test_confirming_on_the_day_of_writing_is_nothing_to_do():
    given(recorded).when(ConfirmAspiration(AMINA, MONDAY)).then()
    given(recorded).when(ConfirmAspiration(AMINA, TUESDAY)).then(
        AspirationConfirmed(aspiration=ITEM, person=AMINA, effective_on=TUESDAY)
    )
