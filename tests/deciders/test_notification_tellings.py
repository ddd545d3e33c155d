"""Which event tells whom."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.tellings import (
    KINDS,
    TELLING,
    Kind,
    Parties,
    Telling,
    Whom,
    day_to_wait_for,
    ends,
    is_news,
    item_of,
    parties_of,
    tellings,
)
from shared.contracts.conversations import (
    CommitmentKept,
    CommitmentMade,
    CommitmentMissed,
    ConversationAccepted,
    ConversationCancelled,
    ConversationDeclined,
    ConversationEnded,
    ConversationHeld,
    ConversationRequested,
    ConversationRescheduled,
    OutcomesShared,
)
from shared.contracts.event import Event, Sealed
from shared.contracts.opportunities import (
    ApplicationDeclined,
    ApplicationShortlisted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MoveAgreed,
    MoveCompleted,
    MoveReleased,
    OfferAccepted,
    OfferDeclined,
    OfferMade,
    OpportunityWithdrawn,
)
from shared.contracts.profiles import (
    AspirationShared,
    AudienceKind,
    DelegationEnded,
    DelegationGiven,
    HoldLifted,
    HoldPlaced,
    ManagerAssigned,
    PersonLeft,
    PlaceChanged,
    PlaceTaken,
    UnitLeaderAppointed,
    WordsErased,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()
ITEM, ANA, MAX, EVE, UNIT, POSTING = (UUID(int=number) for number in range(1, 7))
SEALED = Sealed("…", "key", "context")
TALK = Parties(ANA, MAX)
APPLICATION = Parties(ANA, MAX, POSTING)


def shared(audience: AudienceKind, reader: UUID | None) -> AspirationShared:
    return AspirationShared(
        aspiration=ITEM,
        person=ANA,
        share=EVE,
        effective_on=TODAY,
        audience=audience,
        reader=reader,
        edition=1,
        content=SEALED,
    )


def outcomes_shared(audience: AudienceKind, reader: UUID | None) -> OutcomesShared:
    return OutcomesShared(
        conversation=ITEM,
        employee=ANA,
        share=EVE,
        effective_on=TODAY,
        audience=audience,
        reader=reader,
        edition=1,
        rated_on=TODAY,
        outcomes=SEALED,
    )


def requested(by: UUID) -> ConversationRequested:
    return ConversationRequested(
        conversation=ITEM,
        employee=ANA,
        partner=MAX,
        partner_role="manager",
        requested_by=by,
        topic="options",
        proposed_for=NOW,
        agenda=SEALED,
    )


def held(by: UUID) -> ConversationHeld:
    return ConversationHeld(
        conversation=ITEM, employee=ANA, partner=MAX, partner_role="manager", topic="options", by=by, effective_on=TODAY
    )


def made(owner: UUID) -> CommitmentMade:
    return CommitmentMade(
        commitment=ITEM, employee=ANA, party="hr", owner=owner, effective_on=TODAY, due_on=TODAY, text=SEALED
    )


def assigned(manager: UUID | None, line: str = "solid") -> ManagerAssigned:
    return ManagerAssigned.model_validate(
        {"person": ANA, "fact": ITEM, "effective_on": TODAY, "position": "P1", "line": line, "manager": manager}
    )


def placed(event: type[PlaceTaken | PlaceChanged]) -> PlaceTaken | PlaceChanged:
    place = {"person": ANA, "fact": ITEM, "effective_on": TODAY, "position": "P1", "unit": UNIT, "title": "Engineer"}
    return event.model_validate({**place, "legal_entity": "L1", "country": "CA", "time_zone": "America/Toronto"})


def words_erased(by: UUID | None) -> WordsErased:
    return WordsErased(erasure=ITEM, person=ANA, asked_by=by, effective_on=TODAY)


delegation: dict[str, Any] = {"delegation": ITEM, "delegator": ANA, "delegate": MAX, "effective_on": TODAY}
application: dict[str, Any] = {"application": ITEM, "opportunity": POSTING, "person": ANA, "effective_on": TODAY}

TOLD: list[tuple[Event, Parties | None, Kind, Whom, UUID]] = [
    (shared("my_manager", MAX), None, "aspiration_shared", "person", MAX),
    (shared("whoever_is_my_manager", None), None, "aspiration_shared", "manager", ANA),
    (shared("my_hr_partner", None), None, "aspiration_shared", "hr_partners", ANA),
    (outcomes_shared("person", MAX), None, "outcomes_shared", "person", MAX),
    (outcomes_shared("my_hr_partner", None), None, "outcomes_shared", "hr_partners", ANA),
    (assigned(MAX), None, "manager_changed", "managed", ANA),
    (UnitLeaderAppointed(unit=UNIT, leader=MAX, effective_on=TODAY), None, "manager_changed", "team", UNIT),
    (DelegationGiven(**delegation, capacities=("manager",), until=TODAY), None, "delegation_given", "person", MAX),
    (DelegationEnded(**delegation), None, "delegation_ended", "person", MAX),
    (placed(PlaceTaken), None, "place_changed", "person", ANA),
    (placed(PlaceChanged), None, "place_changed", "person", ANA),
    (requested(ANA), None, "conversation_requested", "person", MAX),
    (requested(MAX), None, "conversation_requested", "person", ANA),
    (ConversationAccepted(conversation=ITEM, employee=ANA, by=MAX), TALK, "conversation_accepted", "person", ANA),
    (ConversationAccepted(conversation=ITEM, employee=ANA, by=ANA), TALK, "conversation_accepted", "person", MAX),
    (
        ConversationDeclined(conversation=ITEM, employee=ANA, by=MAX, reason=SEALED),
        TALK,
        "conversation_declined",
        "person",
        ANA,
    ),
    (
        ConversationRescheduled(conversation=ITEM, employee=ANA, by=ANA, proposed_for=NOW),
        TALK,
        "conversation_rescheduled",
        "person",
        MAX,
    ),
    (ConversationCancelled(conversation=ITEM, employee=ANA, by=MAX), TALK, "conversation_cancelled", "person", ANA),
    (held(ANA), TALK, "conversation_held", "person", MAX),
    (PersonLeft(person=ANA, fact=ITEM, effective_on=TODAY), None, "last_day", "person", ANA),
    (words_erased(by=MAX), None, "words_erased", "person", ANA),
    (HoldPlaced(person=ANA, effective_on=TODAY, reason=SEALED), None, "hold_placed", "person", ANA),
    (HoldLifted(person=ANA, effective_on=TODAY), None, "hold_lifted", "person", ANA),
    (made(MAX), None, "commitment_made", "person", ANA),
    (
        CommitmentKept(commitment=ITEM, employee=ANA, owner=MAX, effective_on=TODAY),
        None,
        "commitment_kept",
        "person",
        ANA,
    ),
    (
        CommitmentMissed(commitment=ITEM, employee=ANA, owner=MAX, effective_on=TODAY),
        None,
        "commitment_missed",
        "person",
        ANA,
    ),
    (
        ApplicationSubmitted(**application, owner=MAX, skills=SEALED, matching=SEALED, missing=SEALED),
        None,
        "application_received",
        "person",
        MAX,
    ),
    (ApplicationWithdrawn(**application), APPLICATION, "application_withdrawn", "person", MAX),
    (ApplicationShortlisted(**application), APPLICATION, "application_shortlisted", "person", ANA),
    (
        ApplicationDeclined(**application, reason=SEALED, next_step=SEALED),
        APPLICATION,
        "application_declined",
        "person",
        ANA,
    ),
    (OfferMade(**application), APPLICATION, "offer_made", "person", ANA),
    (OfferAccepted(**application), APPLICATION, "offer_accepted", "person", MAX),
    (OfferDeclined(**application), APPLICATION, "offer_declined", "person", MAX),
    (
        OpportunityWithdrawn(opportunity=POSTING, effective_on=TODAY),
        None,
        "opportunity_withdrawn",
        "applicants",
        POSTING,
    ),
    (
        MoveReleased(move=ITEM, person=ANA, released_by=MAX, release_on=TODAY, effective_on=TODAY),
        None,
        "move_released",
        "person",
        ANA,
    ),
    (
        MoveCompleted(move=ITEM, person=ANA, kind="transfer", to_unit=UNIT, effective_on=TODAY),
        None,
        "move_completed",
        "person",
        ANA,
    ),
]


@pytest.mark.parametrize(("event", "parties", "kind", "whom", "to"), TOLD, ids=lambda value: type(value).__name__)
def test_an_event_tells_whom_it_concerns(
    event: Event, parties: Parties | None, kind: Kind, whom: Whom, to: UUID
) -> None:
    (told,) = tellings(event, parties)
    assert (told.kind, told.whom, told.to) == (kind, whom, to)


@pytest.mark.parametrize("by", [ANA, None])
def test_who_had_their_own_words_erased_is_not_told_so(by: UUID | None) -> None:
    assert tellings(words_erased(by), None) == ()


def test_when_a_request_ends_by_itself_both_are_told() -> None:
    ended = ConversationEnded(conversation=ITEM, employee=ANA, cause="manager_changed")
    assert [(one.kind, one.to, one.details["who"]) for one in tellings(ended, TALK)] == [
        ("conversation_ended_ask_next", ANA, str(MAX)),
        ("conversation_ended", MAX, str(ANA)),
    ]
    left = ConversationEnded(conversation=ITEM, employee=ANA, cause="party_left")
    assert {one.kind for one in tellings(left, TALK)} == {"conversation_ended"}


def test_of_an_agreed_move_the_person_is_told_and_their_manager_who_sets_the_day() -> None:
    agreed = MoveAgreed(
        move=ITEM, application=EVE, opportunity=POSTING, person=ANA, kind="transfer", to_unit=UNIT, effective_on=TODAY
    )
    assert [(one.kind, one.whom, one.to) for one in tellings(agreed, None)] == [
        ("move_agreed", "person", ANA),
        ("move_to_release", "manager", ANA),
    ]


def test_every_kind_and_every_event_of_the_table_is_tried_here() -> None:
    several: set[Kind] = {"conversation_ended_ask_next", "conversation_ended", "move_agreed", "move_to_release"}
    assert {kind for _, _, kind, _, _ in TOLD} | several == set(KINDS)
    assert {type(event) for event, *_ in TOLD} | {ConversationEnded, MoveAgreed} == TELLING


@pytest.mark.parametrize(
    "event",
    [
        made(ANA),
        assigned(None),
        assigned(MAX, "dotted"),
        UnitLeaderAppointed(unit=UNIT, leader=None, effective_on=TODAY),
        ConversationAccepted(conversation=ITEM, employee=ANA, by=MAX),
    ],
    ids=["own commitment", "vacancy", "dotted line", "no leader", "parties unknown"],
)
def test_some_tell_nobody(event: Event) -> None:
    assert tellings(event, None) == ()


def test_who_decides_on_an_application_is_told_of_it_and_not_of_what_goes_with_it() -> None:
    assert tellings(shared("opportunity_leader", None), None) == ()
    assert tellings(outcomes_shared("opportunity_leader", None), None) == ()


def test_later_events_need_the_parties_that_the_first_one_named() -> None:
    assert parties_of(requested(ANA)) == (ITEM, TALK)
    assert item_of(ConversationAccepted(conversation=ITEM, employee=ANA, by=MAX)) == ITEM
    assert item_of(OfferMade(**application)) == ITEM
    assert item_of(requested(ANA)) is None
    assert item_of(assigned(MAX)) is None
    assert ends(ApplicationWithdrawn(**application)) == ITEM
    assert ends(OfferMade(**application)) is None


def test_details_are_ids_days_and_times_alone() -> None:
    for event, parties, *_ in TOLD:
        for told in tellings(event, parties):
            for name, value in told.details.items():
                if name in ("on", "due"):
                    date.fromisoformat(value)
                elif name == "when":
                    datetime.fromisoformat(value)
                else:
                    UUID(value)


def news(telling: Telling, *, origin: str = "live", age: timedelta = timedelta()) -> bool:
    return is_news(telling, origin=origin, recorded_at=NOW - age, now=NOW)


def about(kind: Kind, effective_on: date | None) -> Telling:
    return Telling(kind, ITEM, "person", ANA, {}, effective_on)


def test_imports_are_no_news() -> None:
    assert not news(about("move_completed", TODAY), origin="import")


def test_what_was_recorded_long_ago_is_no_news() -> None:
    assert news(about("offer_made", None), age=timedelta(days=14))
    assert not news(about("offer_made", None), age=timedelta(days=14, seconds=1))


@pytest.mark.parametrize(("kind", "days"), [("conversation_held", 31), ("manager_changed", 7)])
def test_what_took_effect_long_before_it_was_recorded_is_no_news(kind: Kind, days: int) -> None:
    assert news(about(kind, TODAY - timedelta(days=days)))
    assert not news(about(kind, TODAY - timedelta(days=days + 1)))


def test_what_is_to_come_is_news() -> None:
    assert news(about("manager_changed", TODAY + timedelta(days=400)))


def test_what_was_done_today_further_east_is_told_at_once() -> None:
    evening = datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert day_to_wait_for(about("commitment_kept", date(2026, 11, 24)), evening) is None
    assert day_to_wait_for(about("commitment_kept", date(2026, 11, 25)), evening) == date(2026, 11, 25)
    assert day_to_wait_for(about("commitment_kept", None), evening) is None


def test_a_relation_is_told_on_its_day_at_its_persons_place() -> None:
    tomorrow = Telling("manager_changed", MAX, "managed", ANA, {}, date(2026, 11, 24))
    assert day_to_wait_for(tomorrow, datetime(2026, 11, 23, 22, tzinfo=UTC)) == date(2026, 11, 24)
