"""The events of conversations: career conversations, their outcomes, and the commitments of the three parties."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts import erasure
from shared.contracts.event import About, Event, Open, Private
from shared.contracts.fields import Day, Item, Moment, Person
from shared.contracts.profiles import AudienceKind

Party = Literal["employee", "manager", "hr"]
PartnerRole = Literal["manager", "hr_partner", "mentor", "coach", "leader"]
Topic = Literal["direction", "options", "adding_value", "positive_feedback", "skill_growth", "onboarding", "follow_up"]


class Outcomes(BaseModel):
    """The four outcomes of a career conversation, each rated 1 (not at all) to 5 (fully)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    direction: int
    self_insight: int
    options: int
    confidence: int


class ConversationRequested(
    Event, name="conversations.conversation_requested", version=1, subject="employee", data_class="conversations"
):
    """Someone asked for a career conversation between an employee and a partner."""

    conversation: Item
    employee: Person
    partner: Person
    partner_role: Annotated[PartnerRole, Open("a change of manager ends open requests to the former one")]
    requested_by: Person
    topic: Annotated[Topic, Open("HR counts conversations by kind")]
    proposed_for: Moment
    agenda: Annotated[Private[str] | None, About("requested_by")] = None


class ConversationAccepted(
    Event, name="conversations.conversation_accepted", version=1, subject="employee", data_class="conversations"
):
    """The other party agreed to talk at the proposed time."""

    conversation: Item
    employee: Person
    by: Person


class ConversationDeclined(
    Event, name="conversations.conversation_declined", version=1, subject="employee", data_class="conversations"
):
    """The other party declined, with a reason."""

    conversation: Item
    employee: Person
    by: Person
    reason: Annotated[Private[str], About("by")]


class ConversationRescheduled(
    Event, name="conversations.conversation_rescheduled", version=1, subject="employee", data_class="conversations"
):
    """A party proposed another time, which the other must agree to again."""

    conversation: Item
    employee: Person
    by: Person
    proposed_for: Moment


class ConversationCancelled(
    Event, name="conversations.conversation_cancelled", version=1, subject="employee", data_class="conversations"
):
    """A party called the conversation off before it was held."""

    conversation: Item
    employee: Person
    by: Person
    reason: Annotated[Private[str] | None, About("by")] = None


class ConversationEnded(
    Event, name="conversations.conversation_ended", version=1, subject="employee", data_class="conversations"
):
    """An open request ended by itself: the partner is no longer the employee's manager, or a party left."""

    conversation: Item
    employee: Person
    cause: Annotated[Literal["manager_changed", "party_left"], Open("the employee is asked whom to ask next")]


class ConversationHeld(
    Event, name="conversations.conversation_held", version=1, subject="employee", data_class="conversations"
):
    """The two talked."""

    conversation: Item
    employee: Person
    partner: Person
    partner_role: Annotated[PartnerRole, Open("whoever was manager on the day is credited")]
    topic: Annotated[Topic, Open("HR counts conversations by kind")]
    by: Person
    effective_on: Day


class OutcomesRated(
    Event, name="conversations.outcomes_rated", version=1, subject="employee", data_class="conversations"
):
    """A party rated the four outcomes of a conversation, for the first time or anew."""

    conversation: Item
    employee: Person
    by: Person
    effective_on: Day
    outcomes: Annotated[Private[Outcomes], About("by")]


class OutcomesShared(
    Event, name="conversations.outcomes_shared", version=1, subject="employee", data_class="conversations"
):
    """The employee let an audience read how they rated a conversation, which they had kept to themselves."""

    conversation: Item
    employee: Person
    share: Item
    effective_on: Day
    audience: Annotated[AudienceKind, Open("the audience decides access")]
    reader: Annotated[Person | None, Open("the audience decides access")] = None
    edition: Annotated[int, Open("the audience sees the rating that was shared: the first, or one given anew")]
    submission: Annotated[Item | None, Open("sharing with who leads an opportunity ends with the application")] = None
    later_editions: Annotated[bool, Open("whether the audience sees later ratings too")] = False
    until: Annotated[Day | None, Open("sharing ends by date")] = None
    purpose: Private[str] | None = None
    rated_on: Day
    outcomes: Private[Outcomes]


class OutcomesSharingChanged(
    Event, name="conversations.outcomes_sharing_changed", version=1, subject="employee", data_class="conversations"
):
    """The employee changed until when an audience reads a rating, or whether it reads later ones too."""

    conversation: Item
    employee: Person
    share: Item
    effective_on: Day
    until: Annotated[Day | None, Open("sharing ends by date")] = None
    later_editions: Annotated[bool, Open("whether the audience sees later ratings too")] = False


class OutcomesSharingWithdrawn(
    Event, name="conversations.outcomes_sharing_withdrawn", version=1, subject="employee", data_class="conversations"
):
    """The employee took back what an audience could read of a rating."""

    conversation: Item
    employee: Person
    share: Item
    effective_on: Day


class CommitmentMade(
    Event, name="conversations.commitment_made", version=1, subject="employee", data_class="conversations"
):
    """One of the three parties committed to something for the employee's career, by a date."""

    commitment: Item
    employee: Person
    party: Annotated[Party, Open("the ledger is kept by party")]
    owner: Person
    conversation: Annotated[Item | None, Open("links the commitment to the talk it came from")] = None
    effective_on: Day
    due_on: Day
    text: Annotated[Private[str], About("owner")]


class CommitmentKept(
    Event, name="conversations.commitment_kept", version=1, subject="employee", data_class="conversations"
):
    """The owner of a commitment marked it kept."""

    commitment: Item
    employee: Person
    owner: Person
    effective_on: Day


class CommitmentMissed(
    Event, name="conversations.commitment_missed", version=1, subject="employee", data_class="conversations"
):
    """The owner of a commitment marked it missed, perhaps with what came between."""

    commitment: Item
    employee: Person
    owner: Person
    effective_on: Day
    reason: Annotated[Private[str] | None, About("owner")] = None


class ErasureMarked(erasure.ErasureMarked, name="conversations.erasure_marked", version=1, subject="about"):
    """From here on, what a person said of themselves to this service before is erased."""


class ItemErased(
    Event,
    name="conversations.item_erased",
    version=1,
    subject="person",
    withheld="it ends what one conversation holds for others; ErasureMarked tells everybody else",
):
    """What an employee said of one conversation for themselves is erased, and with it whom they shared it with."""

    item: Item
    person: Person
    erasure: Item


class ErasureReported(erasure.ErasureReported, name="conversations.erasure_reported", version=1, subject="person"):
    """This service has cleaned its own stores of what an erasure took."""


EVENTS: tuple[type[Event], ...] = (
    ConversationRequested,
    ConversationAccepted,
    ConversationDeclined,
    ConversationRescheduled,
    ConversationCancelled,
    ConversationEnded,
    ConversationHeld,
    OutcomesRated,
    OutcomesShared,
    OutcomesSharingChanged,
    OutcomesSharingWithdrawn,
    CommitmentMade,
    CommitmentKept,
    CommitmentMissed,
    ErasureMarked,
    ItemErased,
    ErasureReported,
)
