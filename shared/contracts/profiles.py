"""The events of profiles: people, units, places and who leads them; and what each person says of themselves."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts import erasure
from shared.contracts.erasure import CleanedPlace, Scope
from shared.contracts.event import Event, Open, Private
from shared.contracts.fields import Day, Fact, Item, Official, Person, Unit

AliasSource = Literal["employee_number", "email", "subject"]
Language = Literal["en", "fr", "es"]
Grain = Literal["theme", "skill", "experience", "role"]
Certainty = Literal["exploring", "likely", "certain"]
ChangeReason = Literal["hire", "promotion", "transfer", "demotion", "reorganisation", "leave", "return", "other"]
ErasureGround = Literal["asked_by_the_person", "end_of_retention", "court_or_authority"]
AudienceKind = Literal["my_manager", "person", "whoever_is_my_manager", "my_hr_partner", "opportunity_leader"]
Capacity = Literal["manager", "hr_partner"]
Measure = Literal["hr_sees_conversations", "audit_by_reader"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Name(_Value):
    given: str
    family: str


class Aspiration(_Value):
    """One direction, at a grain and a certainty; a target role is optional. Skills are ESCO URIs."""

    grain: Grain
    certainty: Certainty
    text: str
    skills: tuple[str, ...] = ()
    target_role: str | None = None


# People


class PersonJoined(Event, name="profiles.person_joined", version=1, subject="person", data_class="employment"):
    """HR reported that a person joined the organisation."""

    person: Person
    fact: Fact
    effective_on: Day


class PersonDescribed(Event, name="profiles.person_described", version=1, subject="person", data_class="directory"):
    """HR reported a person's name or language, for the first time or changed."""

    person: Person
    name: Private[Name]
    language: Private[Language]


class AliasAdded(Event, name="profiles.alias_added", version=1, subject="person", data_class="directory"):
    """Another system's name for a person became known."""

    person: Person
    source: Annotated[AliasSource, Open("says which system's name it is, without the name")]
    value: Private[str]
    effective_on: Day


class AliasRemoved(Event, name="profiles.alias_removed", version=1, subject="person", data_class="directory"):
    """Another system's name for a person stopped being valid."""

    person: Person
    source: Annotated[AliasSource, Open("says which system's name it is, without the name")]
    value: Private[str]
    effective_on: Day


class AliasClaimed(
    Event,
    name="profiles.alias_claimed",
    version=1,
    subject="person",
    withheld="what keeps two persons from one employee number; who is named is told by AliasAdded",
):
    """An alias that names one person at a time began to name this one; the stream is the alias, by keyed hash."""

    alias: Item
    person: Person


class AliasReleased(
    Event,
    name="profiles.alias_released",
    version=1,
    subject="person",
    withheld="what keeps two persons from one employee number; who is named is told by AliasRemoved",
):
    """An alias became free to name somebody else."""

    alias: Item
    person: Person


class PersonLeft(Event, name="profiles.person_left", version=1, subject="person", data_class="employment"):
    """HR reported that a person's last day in the organisation is, or will be, the effective day."""

    person: Person
    fact: Fact
    effective_on: Day
    reason: Private[str] | None = None


class PersonRejoined(Event, name="profiles.person_rejoined", version=1, subject="person", data_class="employment"):
    """HR reported that a person who had left joined again."""

    person: Person
    fact: Fact
    effective_on: Day


# Places: what HR reports of a position a person holds. The same fact told again is a correction of it.


class _Place(Event, name="profiles._place", version=1, subject="person", data_class="employment"):
    """Never recorded itself: what taking and changing a place have in common."""

    person: Person
    fact: Fact
    effective_on: Day
    position: Annotated[str, Open("several places at once are told apart by it")]
    unit: Unit
    title: Official
    job_level: Annotated[int | None, Open("a promotion is a higher job level")] = None
    legal_entity: Official
    country: Official
    time_zone: Annotated[str, Open("effective dates are calendar dates in it")]
    fte: Private[float] | None = None
    primary: Annotated[bool, Open("the primary place decides manager, unit and moves")] = True
    status: Annotated[Literal["active", "leave"], Open("a leave pauses cadence")] = "active"
    reason: Annotated[ChangeReason | None, Open("promotions and reorganisations are told from moves by it")] = None


class PlaceTaken(_Place, name="profiles.place_taken", version=1, subject="person", data_class="employment"):
    """HR reported that a person holds a place from the effective day on."""


class PlaceChanged(_Place, name="profiles.place_changed", version=1, subject="person", data_class="employment"):
    """HR reported that a place's unit, title, level or status differs from the effective day on."""


class PlaceEnded(Event, name="profiles.place_ended", version=1, subject="person", data_class="employment"):
    """HR reported the first day on which a person no longer holds a place."""

    person: Person
    fact: Fact
    effective_on: Day
    position: Annotated[str, Open("several places at once are told apart by it")]


class ManagerAssigned(Event, name="profiles.manager_assigned", version=1, subject="person", data_class="employment"):
    """HR named, or with no manager un-named, the explicit manager of a place, solid or dotted line."""

    person: Person
    fact: Fact
    effective_on: Day
    position: Annotated[str, Open("several places at once are told apart by it")]
    line: Annotated[Literal["solid", "dotted"], Open("only the solid line is the manager")] = "solid"
    manager: Annotated[Person | None, Open("the relation decides access")] = None


class InterimPartnerNamed(
    Event, name="profiles.interim_partner_named", version=1, subject="person", data_class="employment"
):
    """An employee without a manager named who stands in until the vacancy ends; naming nobody takes it back."""

    person: Person
    effective_on: Day
    partner: Annotated[Person | None, Open("the relation decides access")] = None


class FactWithdrawn(Event, name="profiles.fact_withdrawn", version=1, subject="person", data_class="employment"):
    """HR took back a fact about a person that it had reported before."""

    person: Person
    fact: Fact


class DelegationGiven(Event, name="profiles.delegation_given", version=1, subject="delegator", data_class="employment"):
    """A manager or HR partner named who stands in for them, from the effective day on, `until` being the last one."""

    delegation: Item
    delegator: Person
    delegate: Person
    capacities: Annotated[tuple[Capacity, ...], Open("the relation decides access")]
    effective_on: Day
    until: Day
    reason: Private[str] | None = None


class DelegationEnded(Event, name="profiles.delegation_ended", version=1, subject="delegator", data_class="employment"):
    """A delegation ended before its last day: the effective day is the first without it."""

    delegation: Item
    delegator: Person
    delegate: Person
    effective_on: Day


# Units


class UnitEstablished(Event, name="profiles.unit_established", version=1, subject="unit"):
    """HR reported a unit for the first time."""

    unit: Unit
    code: Annotated[str, Open("HR's own name of the unit, for joining")]
    name: Official
    parent: Annotated[Unit | None, Open("leadership and HR partners are inherited")] = None
    legal_entity: Annotated[str | None, Open("switches are set per legal entity")] = None
    effective_on: Day


class UnitChanged(Event, name="profiles.unit_changed", version=1, subject="unit"):
    """HR reported another name or parent of a unit."""

    unit: Unit
    name: Official
    parent: Annotated[Unit | None, Open("leadership and HR partners are inherited")] = None
    effective_on: Day


class UnitLeaderAppointed(Event, name="profiles.unit_leader_appointed", version=1, subject="unit"):
    """HR reported who leads a unit from the effective day on; nobody is a vacancy."""

    unit: Unit
    leader: Annotated[Person | None, Open("the relation decides access")] = None
    effective_on: Day


class UnitReplaced(Event, name="profiles.unit_replaced", version=1, subject="unit"):
    """A reorganisation replaced a unit by others: whoever went with it did not move."""

    unit: Unit
    by: Annotated[tuple[Unit, ...], Open("reorganisations are told from moves by it")]
    effective_on: Day


class HrPartnerAssigned(Event, name="profiles.hr_partner_assigned", version=1, subject="unit"):
    """A person became the HR partner for a unit and the units below it."""

    unit: Unit
    partner: Person
    effective_on: Day


class HrPartnerReleased(Event, name="profiles.hr_partner_released", version=1, subject="unit"):
    """A person is no longer the HR partner for a unit from the effective day on."""

    unit: Unit
    partner: Person
    effective_on: Day


# Legal entities


class MeasureSwitched(Event, name="profiles.measure_switched", version=1, subject="entity"):
    """An administrator turned a measure of people's behaviour on or off for a legal entity; each is off before that."""

    entity: Annotated[UUID, Open("follows from the legal entity's code: keeps its switches in order")]
    legal_entity: Official
    measure: Annotated[Measure, Open("each service looks up whether what it shows is allowed")]
    on: Annotated[bool, Open("each service looks up whether what it shows is allowed")]
    reason: Annotated[str, Open("a notice to everybody in the legal entity, about no person")]


# What a person says of themselves


class AspirationRecorded(
    Event, name="profiles.aspiration_recorded", version=1, subject="person", data_class="aspirations"
):
    """The employee wrote down an aspiration, for themselves alone."""

    aspiration: Item
    person: Person
    effective_on: Day
    content: Private[Aspiration]


class AspirationRevised(
    Event, name="profiles.aspiration_revised", version=1, subject="person", data_class="aspirations"
):
    """The employee wrote an aspiration anew; who reads the earlier words goes on reading those."""

    aspiration: Item
    person: Person
    effective_on: Day
    edition: Annotated[int, Open("sharing names the edition that an audience sees")]
    content: Private[Aspiration]


class AspirationShared(Event, name="profiles.aspiration_shared", version=1, subject="person", data_class="aspirations"):
    """The employee let an audience read an aspiration they had kept to themselves."""

    aspiration: Item
    person: Person
    share: Item
    effective_on: Day
    audience: Annotated[AudienceKind, Open("the audience decides access")]
    reader: Annotated[Person | None, Open("the audience decides access")] = None
    edition: Annotated[int, Open("the audience sees the edition that was shared")]
    submission: Annotated[Item | None, Open("sharing with who leads an opportunity ends with the application")] = None
    later_editions: Annotated[bool, Open("whether the audience sees later editions too")] = False
    until: Annotated[Day | None, Open("sharing ends by date")] = None
    purpose: Private[str] | None = None
    content: Private[Aspiration]


class AspirationConfirmed(
    Event, name="profiles.aspiration_confirmed", version=1, subject="person", data_class="aspirations"
):
    """The employee said that an aspiration still holds."""

    aspiration: Item
    person: Person
    effective_on: Day


class SharingChanged(Event, name="profiles.sharing_changed", version=1, subject="person", data_class="aspirations"):
    """The employee changed until when an audience reads, or whether it reads later editions too."""

    aspiration: Item
    person: Person
    share: Item
    effective_on: Day
    until: Annotated[Day | None, Open("sharing ends by date")] = None
    later_editions: Annotated[bool, Open("whether the audience sees later editions too")] = False


class SharingWithdrawn(Event, name="profiles.sharing_withdrawn", version=1, subject="person", data_class="aspirations"):
    """The employee took back what an audience could read."""

    aspiration: Item
    person: Person
    share: Item
    effective_on: Day


# What becomes of all that is held about a person; one stream a person


class ErasureRequested(Event, name="profiles.erasure_requested", version=1, subject="person"):
    """It was asked that a person's words, or all that leads to them, be erased."""

    erasure: Item
    person: Person
    scope: Annotated[Scope, Open("says what of the person is erased, and nothing of it")]
    ground: Annotated[ErasureGround, Open("why something was erased must be known when it is gone")]
    effective_on: Day
    asked_by: Annotated[Person | None, Open("who had something erased must be known when it is gone")] = None


class KeysDestroyed(Event, name="profiles.keys_destroyed", version=1, subject="person"):
    """The keys that an erasure is about were destroyed; copies of them end on a day to come."""

    erasure: Item
    person: Person
    keys: Annotated[int, Open("a number, and nothing of what they sealed")]
    backups_end_on: Day


class ErasureOrdered(Event, name="profiles.erasure_ordered", version=1, subject="person"):
    """No process holds a destroyed key any more: every service cleans its stores, and reports."""

    erasure: Item
    person: Person
    scope: Annotated[Scope, Open("says what of the person is erased, and nothing of it")]


class ServiceCleaned(Event, name="profiles.service_cleaned", version=1, subject="person"):
    """A service reported what it had found of an erasure, and what became of it."""

    erasure: Item
    person: Person
    by_service: Annotated[str, Open("names a service")]
    places: Annotated[tuple[CleanedPlace, ...], Open("numbers of what was found, and nothing of it")]


class ItemErased(
    Event,
    name="profiles.item_erased",
    version=1,
    subject="person",
    withheld="it ends one stream, so that no command finds it; ErasureMarked tells everybody else",
):
    """What was recorded of one thing of a person's is erased: its words, and what leads to them."""

    item: Item
    person: Person
    erasure: Item


class WordsErased(Event, name="profiles.words_erased", version=1, subject="person"):
    """All that a person had written or said of themselves is erased in every service; employment goes on."""

    erasure: Item
    person: Person
    effective_on: Day
    asked_by: Annotated[Person | None, Open("who had something erased must be known when it is gone")] = None


class PersonErased(Event, name="profiles.person_erased", version=1, subject="person"):
    """All that led to a person is erased in every service: what is counted of them is counted under a random id."""

    erasure: Item
    person: Person
    effective_on: Day


class HoldPlaced(Event, name="profiles.hold_placed", version=1, subject="person", data_class="employment"):
    """Nothing of a person may be erased for now, by law: they can read why."""

    person: Person
    effective_on: Day
    reason: Private[str]


class HoldLifted(Event, name="profiles.hold_lifted", version=1, subject="person", data_class="employment"):
    """What was kept from being erased by law may be erased again."""

    person: Person
    effective_on: Day


class RetentionApplied(Event, name="profiles.retention_applied", version=1, subject="run"):
    """What a rule of retention says is over was destroyed, or its erasure was asked for."""

    run: Item
    effective_on: Day
    rule: Annotated[str, Open("after_leaving, or the data class whose old years ended: names nobody")]
    before: Annotated[date, Open("what is older was over: a boundary, and nothing of what lay before it")]
    people: Annotated[int, Open("a number, and nothing of whom it counts")]
    keys: Annotated[int, Open("a number, and nothing of what they sealed")] = 0
    held: Annotated[int, Open("a number: how many people a hold kept out")] = 0
    backups_end_on: Annotated[date | None, Open("the day on which the last copy of a destroyed key ends")] = None


class ErasureMarked(erasure.ErasureMarked, name="profiles.erasure_marked", version=1, subject="about"):
    """From here on, what a person said of themselves to this service before is erased."""


class ErasureReported(erasure.ErasureReported, name="profiles.erasure_reported", version=1, subject="person"):
    """This service has cleaned its own stores of what an erasure took."""


EVENTS: tuple[type[Event], ...] = (
    PersonJoined,
    PersonDescribed,
    AliasAdded,
    AliasRemoved,
    AliasClaimed,
    AliasReleased,
    PersonLeft,
    PersonRejoined,
    PlaceTaken,
    PlaceChanged,
    PlaceEnded,
    ManagerAssigned,
    InterimPartnerNamed,
    FactWithdrawn,
    DelegationGiven,
    DelegationEnded,
    UnitEstablished,
    UnitChanged,
    UnitLeaderAppointed,
    UnitReplaced,
    HrPartnerAssigned,
    HrPartnerReleased,
    MeasureSwitched,
    AspirationRecorded,
    AspirationRevised,
    AspirationShared,
    AspirationConfirmed,
    SharingChanged,
    SharingWithdrawn,
    ErasureRequested,
    KeysDestroyed,
    ErasureOrdered,
    ServiceCleaned,
    ItemErased,
    WordsErased,
    PersonErased,
    HoldPlaced,
    HoldLifted,
    RetentionApplied,
    ErasureMarked,
    ErasureReported,
)
