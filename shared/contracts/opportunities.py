"""The events of opportunities: what is open to all, who applies, and the moves that follow."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts import erasure
from shared.contracts.event import About, Event, Open, Private
from shared.contracts.fields import Day, Item, Person, Unit

OpportunityKind = Literal["role", "project", "stretch_assignment", "mentoring", "shadowing", "programme"]
OFFERED_BY_ANYONE: frozenset[OpportunityKind] = frozenset({"mentoring", "shadowing"})
"""Kinds that need no leader or HR partner, and whose applications are between the two alone."""

MoveKind = Literal["transfer", "promotion", "project", "stretch_assignment", "secondment"]

_PUBLISHED = Open("a posting is published to everybody in the organisation")
_OF_THE_HOUSE = Open("a posting of the organisation's; what somebody offers of themselves stands in their own words")


class OwnOffer(BaseModel):
    """What somebody offers of themselves, in their own words."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    title: str
    description: str


class OpportunityPosted(
    Event,
    name="opportunities.opportunity_posted",
    version=1,
    subject="opportunity",
    data_class="opportunities",
):
    """A leader or HR partner opened a role or project, or somebody offered mentoring or shadowing, to everybody."""

    opportunity: Item
    kind: Annotated[OpportunityKind, _PUBLISHED]
    unit: Unit
    owner: Person
    title: Annotated[str, _OF_THE_HOUSE]
    description: Annotated[str, _OF_THE_HOUSE]
    words: Annotated[Private[OwnOffer] | None, About("owner")] = None
    skills: Annotated[tuple[str, ...], _PUBLISHED]
    country: Annotated[str | None, _PUBLISHED] = None
    starts_on: Annotated[Day | None, _PUBLISHED] = None
    closes_on: Annotated[Day | None, _PUBLISHED] = None
    effective_on: Day


class OpportunityClosed(Event, name="opportunities.opportunity_closed", version=1, subject="opportunity"):
    """The owner stopped taking applications: those received go on, but end where it was filled."""

    opportunity: Item
    filled: Annotated[bool, Open("HR counts filled postings")] = False
    effective_on: Day


class OpportunityWithdrawn(Event, name="opportunities.opportunity_withdrawn", version=1, subject="opportunity"):
    """The owner took a posting back: open applications end with it."""

    opportunity: Item
    effective_on: Day


class ApplicationSubmitted(
    Event, name="opportunities.application_submitted", version=1, subject="person", data_class="opportunities"
):
    """The employee applied; what matches and what is missing was shown, and refused nothing."""

    application: Item
    opportunity: Item
    person: Person
    owner: Person
    effective_on: Day
    statement: Private[str] | None = None
    skills: Private[tuple[str, ...]]
    matching: Private[tuple[str, ...]]
    missing: Private[tuple[str, ...]]


class ApplicationWithdrawn(
    Event, name="opportunities.application_withdrawn", version=1, subject="person", data_class="opportunities"
):
    """The employee took their application back."""

    application: Item
    opportunity: Item
    person: Person
    effective_on: Day


class ApplicationShortlisted(
    Event, name="opportunities.application_shortlisted", version=1, subject="person", data_class="opportunities"
):
    """The opportunity's owner put the application on the short list."""

    application: Item
    opportunity: Item
    person: Person
    effective_on: Day


class ApplicationDeclined(
    Event, name="opportunities.application_declined", version=1, subject="person", data_class="opportunities"
):
    """The opportunity's owner declined the application, with the reason and a next step for the employee."""

    application: Item
    opportunity: Item
    person: Person
    by: Annotated[Person | None, Open("what they say to the employee is theirs")] = None
    effective_on: Day
    reason: Annotated[Private[str], About("by")]
    next_step: Annotated[Private[str], About("by")]


class OfferMade(Event, name="opportunities.offer_made", version=1, subject="person", data_class="opportunities"):
    """The opportunity's owner offered it to the applicant."""

    application: Item
    opportunity: Item
    person: Person
    effective_on: Day


class OfferAccepted(
    Event, name="opportunities.offer_accepted", version=1, subject="person", data_class="opportunities"
):
    """The applicant accepted the offer."""

    application: Item
    opportunity: Item
    person: Person
    effective_on: Day


class OfferDeclined(
    Event, name="opportunities.offer_declined", version=1, subject="person", data_class="opportunities"
):
    """The applicant declined the offer, perhaps with a reason."""

    application: Item
    opportunity: Item
    person: Person
    effective_on: Day
    reason: Private[str] | None = None


class MoveAgreed(Event, name="opportunities.move_agreed", version=1, subject="person", data_class="opportunities"):
    """The accepted offer became a move: the person, the new leader and the unit left agree that it happens."""

    move: Item
    application: Item
    opportunity: Item
    person: Person
    kind: Annotated[MoveKind, Open("HR counts moves by kind")]
    from_unit: Annotated[Unit | None, Open("HR counts moves by unit")] = None
    to_unit: Unit
    effective_on: Day


class MoveReleased(Event, name="opportunities.move_released", version=1, subject="person", data_class="opportunities"):
    """The current manager or the HR partner set the day on which the person is released."""

    move: Item
    person: Person
    released_by: Person
    release_on: Day
    effective_on: Day


class MoveCompleted(
    Event, name="opportunities.move_completed", version=1, subject="person", data_class="opportunities"
):
    """The person arrived: a claim, until HR reports the same change of place."""

    move: Item
    person: Person
    kind: Annotated[MoveKind, Open("HR counts moves by kind")]
    from_unit: Annotated[Unit | None, Open("HR counts moves by unit")] = None
    to_unit: Unit
    effective_on: Day


class ErasureMarked(erasure.ErasureMarked, name="opportunities.erasure_marked", version=1, subject="about"):
    """From here on, what a person said of themselves to this service before is erased."""


class ItemErased(
    Event,
    name="opportunities.item_erased",
    version=1,
    subject="person",
    withheld="it ends one application or move, so that no command finds it; ErasureMarked tells everybody else",
):
    """An application, or a move, of somebody who is erased is there no more."""

    item: Item
    person: Person
    erasure: Item


class ErasureReported(erasure.ErasureReported, name="opportunities.erasure_reported", version=1, subject="person"):
    """This service has cleaned its own stores of what an erasure took."""


EVENTS: tuple[type[Event], ...] = (
    OpportunityPosted,
    OpportunityClosed,
    OpportunityWithdrawn,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    ApplicationShortlisted,
    ApplicationDeclined,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    MoveAgreed,
    MoveReleased,
    MoveCompleted,
    ErasureMarked,
    ItemErased,
    ErasureReported,
)
