"""The rules of employment and of units."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from services.profiles import person as people
from services.profiles import unit as units
from services.profiles.person import (
    AddAlias,
    AlreadyJoined,
    AssignManager,
    ChangePlace,
    Describe,
    EndPlace,
    FactUnknown,
    Join,
    Leave,
    ManagerPresent,
    NameInterimPartner,
    NotEmployed,
    OwnManager,
    PlaceDetails,
    PositionHeld,
    PositionNotHeld,
    Rejoin,
    TakePlace,
    WithdrawFact,
)
from shared.contracts.profiles import (
    AliasAdded,
    FactWithdrawn,
    HrPartnerAssigned,
    HrPartnerReleased,
    InterimPartnerNamed,
    ManagerAssigned,
    Name,
    PersonDescribed,
    PersonJoined,
    PersonLeft,
    PersonRejoined,
    PlaceChanged,
    PlaceEnded,
    PlaceTaken,
    UnitChanged,
    UnitEstablished,
    UnitLeaderAppointed,
    UnitReplaced,
)
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(people.DECIDER)
given_unit = scenario(units.DECIDER)

AMINA, BEN = uuid4(), uuid4()
UNIT, OTHER = uuid4(), uuid4()
F1, F2, F3 = uuid4(), uuid4(), uuid4()
START = date(2024, 3, 1)
LATER = date(2025, 6, 30)
NAME = Name(given="Amina", family="Diallo")

DETAILS = PlaceDetails("P1", UNIT, "Engineer", "FR01", "FR", "Europe/Paris", job_level=4)
SENIOR = PlaceDetails("P1", OTHER, "Senior Engineer", "FR01", "FR", "Europe/Paris", job_level=5)


def values(details):
    return {name: getattr(details, name) for name in PlaceDetails.__dataclass_fields__}


joined = PersonJoined(person=AMINA, fact=F1, effective_on=START)
taken = PlaceTaken(person=AMINA, fact=F2, effective_on=START, **values(DETAILS))
left = PersonLeft(person=AMINA, fact=F3, effective_on=LATER)


def test_somebody_new_joins_with_name_and_aliases():
    command = Join(AMINA, F1, START, NAME, "fr", (("employee_number", "E1"), ("email", "a@example.org")))
    given().when(command).then(
        joined,
        PersonDescribed(person=AMINA, name=NAME, language="fr"),
        AliasAdded(person=AMINA, source="employee_number", value="E1", effective_on=START),
        AliasAdded(person=AMINA, source="email", value="a@example.org", effective_on=START),
    )
    given(joined).when(command).refused(AlreadyJoined)


@pytest.mark.parametrize(
    "command",
    [
        Describe(AMINA, NAME, "fr"),
        AddAlias(AMINA, "email", "a@example.org", START),
        TakePlace(AMINA, F2, START, DETAILS),
        Leave(AMINA, F3, LATER),
        WithdrawFact(AMINA, F1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_is_reported_of_nobody(command):
    given().when(command).refused(NotFound)


def test_a_place_is_taken_while_employed():
    given(joined).when(TakePlace(AMINA, F2, START, DETAILS)).then(taken)
    given(joined).when(TakePlace(AMINA, F2, START - timedelta(days=1), DETAILS)).refused(NotEmployed)
    given(joined, left).when(TakePlace(AMINA, F2, LATER, DETAILS)).then(
        PlaceTaken(person=AMINA, fact=F2, effective_on=LATER, **values(DETAILS))
    )
    given(joined, left).when(TakePlace(AMINA, F2, LATER + timedelta(days=1), DETAILS)).refused(NotEmployed)


def test_one_position_is_held_once_and_several_positions_side_by_side():
    second = PlaceDetails("P2", UNIT, "Trainer", "FR01", "FR", "Europe/Paris", primary=False)
    given(joined, taken).when(TakePlace(AMINA, uuid4(), LATER, DETAILS)).refused(PositionHeld)
    fact = uuid4()
    given(joined, taken).when(TakePlace(AMINA, fact, START, second)).then(
        PlaceTaken(person=AMINA, fact=fact, effective_on=START, **values(second))
    )


def test_the_same_fact_told_again_is_nothing_to_do_and_told_otherwise_a_correction():
    given(joined, taken).when(TakePlace(AMINA, F2, START, DETAILS)).then()
    given(joined, taken).when(TakePlace(AMINA, F2, LATER, DETAILS)).then(
        PlaceTaken(person=AMINA, fact=F2, effective_on=LATER, **values(DETAILS))
    )


def test_a_place_held_is_changed_and_ended():
    fact = uuid4()
    given(joined, taken).when(ChangePlace(AMINA, fact, LATER, SENIOR)).then(
        PlaceChanged(person=AMINA, fact=fact, effective_on=LATER, **values(SENIOR))
    )
    given(joined).when(ChangePlace(AMINA, fact, LATER, SENIOR)).refused(PositionNotHeld)
    ended = PlaceEnded(person=AMINA, fact=fact, effective_on=LATER, position="P1")
    given(joined, taken).when(EndPlace(AMINA, fact, LATER, "P1")).then(ended)
    given(joined, taken, ended).when(EndPlace(AMINA, uuid4(), LATER, "P1")).refused(PositionNotHeld)


def test_an_explicit_manager_is_somebody_else():
    fact = uuid4()
    given(joined, taken).when(AssignManager(AMINA, fact, LATER, "P1", BEN)).then(
        ManagerAssigned(person=AMINA, fact=fact, effective_on=LATER, position="P1", manager=BEN)
    )
    given(joined, taken).when(AssignManager(AMINA, fact, LATER, "P1", AMINA)).refused(OwnManager)
    given(joined, taken).when(AssignManager(AMINA, fact, LATER, "P9", BEN)).refused(PositionNotHeld)


def test_an_interim_partner_stands_in_for_nobody_else():
    given(joined, taken).when(NameInterimPartner(AMINA, LATER, BEN, vacant=True)).then(
        InterimPartnerNamed(person=AMINA, effective_on=LATER, partner=BEN)
    )
    given(joined, taken).when(NameInterimPartner(AMINA, LATER, BEN, vacant=False)).refused(ManagerPresent)
    given(joined, taken).when(NameInterimPartner(AMINA, LATER, AMINA, vacant=True)).refused(OwnManager)
    given(joined, taken).when(NameInterimPartner(AMINA, LATER, None, vacant=False)).then(
        InterimPartnerNamed(person=AMINA, effective_on=LATER, partner=None)
    )


def test_leaving_and_rejoining():
    given(joined).when(Leave(AMINA, F3, LATER)).then(left)
    given(joined, left).when(Leave(AMINA, uuid4(), LATER + timedelta(days=9))).refused(NotEmployed)
    back = LATER + timedelta(days=90)
    fact = uuid4()
    given(joined, left).when(Rejoin(AMINA, fact, back)).then(PersonRejoined(person=AMINA, fact=fact, effective_on=back))
    given(joined).when(Rejoin(AMINA, fact, back)).refused(AlreadyJoined)


def test_a_fact_is_taken_back_once_but_joining_never():
    given(joined, left).when(WithdrawFact(AMINA, F3)).then(FactWithdrawn(person=AMINA, fact=F3))
    given(joined, left, FactWithdrawn(person=AMINA, fact=F3)).when(WithdrawFact(AMINA, F3)).refused(FactUnknown)
    given(joined).when(WithdrawFact(AMINA, F1)).refused(FactUnknown)


rejoined = PersonRejoined(person=AMINA, fact=uuid4(), effective_on=LATER + timedelta(days=90))
ended = PlaceEnded(person=AMINA, fact=uuid4(), effective_on=LATER, position="P1")
assigned = ManagerAssigned(person=AMINA, fact=uuid4(), effective_on=START, position="P1", manager=BEN)
all_told = (joined, taken, assigned, ended, left, rejoined)


@pytest.mark.parametrize(
    ("tell", "family"),
    [
        (lambda fact: TakePlace(AMINA, fact, START, DETAILS, corrects=True), taken),
        (lambda fact: ChangePlace(AMINA, fact, START, SENIOR, corrects=True), taken),
        (lambda fact: EndPlace(AMINA, fact, LATER, "P1", corrects=True), ended),
        (lambda fact: AssignManager(AMINA, fact, START, "P1", BEN, corrects=True), assigned),
        (lambda fact: Leave(AMINA, fact, LATER, corrects=True), left),
        (lambda fact: Rejoin(AMINA, fact, rejoined.effective_on, corrects=True), rejoined),
    ],
    ids=["take-place", "change-place", "end-place", "assign-manager", "leave", "rejoin"],
)
def test_only_a_fact_of_this_person_and_family_is_corrected(tell, family):
    given(*all_told).when(tell(uuid4())).refused(FactUnknown)
    for fact in all_told:
        if fact is not family:
            given(*all_told).when(tell(fact.fact)).refused(FactUnknown)
    withdrawn = FactWithdrawn(person=AMINA, fact=family.fact)
    given(*all_told, withdrawn).when(tell(family.fact)).refused(FactUnknown)


def test_a_correction_takes_the_place_of_what_was_told():
    sooner = LATER - timedelta(days=5)
    given(*all_told).when(EndPlace(AMINA, ended.fact, sooner, "P1", corrects=True)).then(
        PlaceEnded(person=AMINA, fact=ended.fact, effective_on=sooner, position="P1")
    )
    given(joined, left).when(Leave(AMINA, left.fact, sooner, corrects=True)).then(
        PersonLeft(person=AMINA, fact=left.fact, effective_on=sooner)
    )


established = UnitEstablished(unit=UNIT, code="d005", name="Development", effective_on=START)


def test_a_unit_is_established_once():
    command = units.EstablishUnit(UNIT, "d005", "Development", None, None, START)
    given_unit().when(command).then(established)
    given_unit(established).when(command).refused(units.UnitExists)
    given_unit().when(units.EstablishUnit(UNIT, "d005", "Development", UNIT, None, START)).refused(
        units.UnitWithinItself
    )


def test_a_unit_is_changed_and_led():
    given_unit(established).when(units.ChangeUnit(UNIT, "Engineering", OTHER, LATER)).then(
        UnitChanged(unit=UNIT, name="Engineering", parent=OTHER, effective_on=LATER)
    )
    given_unit(established).when(units.ChangeUnit(UNIT, "Development", None, LATER)).then()
    appointed = UnitLeaderAppointed(unit=UNIT, leader=BEN, effective_on=LATER)
    given_unit(established).when(units.AppointLeader(UNIT, BEN, LATER)).then(appointed)
    given_unit(established, appointed).when(units.AppointLeader(UNIT, BEN, LATER)).then()
    given_unit().when(units.AppointLeader(UNIT, BEN, LATER)).refused(NotFound)


def test_a_replaced_unit_is_changed_no_more():
    replaced = UnitReplaced(unit=UNIT, by=(OTHER,), effective_on=LATER)
    given_unit(established).when(units.ReplaceUnit(UNIT, (OTHER,), LATER)).then(replaced)
    given_unit(established, replaced).when(units.AppointLeader(UNIT, BEN, LATER)).refused(units.UnitGone)
    given_unit(established).when(units.ReplaceUnit(UNIT, (UNIT,), LATER)).refused(units.UnitWithinItself)


def test_hr_partners_come_and_go():
    assigned = HrPartnerAssigned(unit=UNIT, partner=BEN, effective_on=START)
    given_unit(established).when(units.AssignHrPartner(UNIT, BEN, START)).then(assigned)
    given_unit(established, assigned).when(units.AssignHrPartner(UNIT, BEN, LATER)).then()
    given_unit(established, assigned).when(units.ReleaseHrPartner(UNIT, BEN, LATER)).then(
        HrPartnerReleased(unit=UNIT, partner=BEN, effective_on=LATER)
    )
    given_unit(established).when(units.ReleaseHrPartner(UNIT, BEN, LATER)).refused(units.NotHrPartner)


def test_an_assignment_that_has_not_begun_is_taken_back():
    assigned = HrPartnerAssigned(unit=UNIT, partner=BEN, effective_on=LATER)
    for day in (START, LATER):
        released = HrPartnerReleased(unit=UNIT, partner=BEN, effective_on=day)
        given_unit(established, assigned).when(units.ReleaseHrPartner(UNIT, BEN, day)).then(released)
        given_unit(established, assigned, released).when(units.ReleaseHrPartner(UNIT, BEN, LATER)).refused(
            units.NotHrPartner
        )
        given_unit(established, assigned, released).when(units.AssignHrPartner(UNIT, BEN, LATER)).then(assigned)


def test_an_end_in_the_future_comes_sooner_or_not_at_all():
    assigned = HrPartnerAssigned(unit=UNIT, partner=BEN, effective_on=START)
    ends = HrPartnerReleased(unit=UNIT, partner=BEN, effective_on=LATER)
    sooner = LATER - timedelta(days=9)
    given_unit(established, assigned, ends).when(units.ReleaseHrPartner(UNIT, BEN, sooner)).then(
        HrPartnerReleased(unit=UNIT, partner=BEN, effective_on=sooner)
    )
    given_unit(established, assigned, ends).when(units.ReleaseHrPartner(UNIT, BEN, LATER)).refused(units.NotHrPartner)
    given_unit(established, assigned, ends).when(units.AssignHrPartner(UNIT, BEN, START)).then(assigned)
    given_unit(established, assigned, ends, assigned).when(units.AssignHrPartner(UNIT, BEN, LATER)).then()
    earlier = HrPartnerAssigned(unit=UNIT, partner=BEN, effective_on=START - timedelta(days=1))
    given_unit(established, assigned).when(units.AssignHrPartner(UNIT, BEN, earlier.effective_on)).then(earlier)


def test_a_unit_keeps_its_id_for_its_code():
    assert units.unit_id("d005") == units.unit_id(" d005 ") != units.unit_id("d006")
