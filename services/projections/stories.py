"""Which events belong to a person's career story, who may see each of them, and what of it they are shown.

Decided here: arranging a conversation is no story, holding it is. Applications are the employee's own. Of the ratings
of a conversation only the employee's own stand in their timeline; others see there what was shared with them. That a
sharing ended or an aspiration still holds is for its owner; its audience reads the latter where it reads the
aspiration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from shared.audit.entries import Kind as Record
from shared.contracts import conversations, opportunities, profiles
from shared.contracts.event import Event
from shared.contracts.profiles import AudienceKind

Standing = Literal[
    "official",  # the employee, their manager, their HR partner
    "own",  # the employee
    "withdrawal",  # the employee; it ends the sharing that it is about
    "change",  # the employee; it says until when the sharing lasts that it is about
    "held",  # the employee, and the manager who is its reader
    "commitment",  # the employee, its reader, and the manager who held the conversation that it came from
]
SHARES: tuple[str, ...] = get_args(AudienceKind)

Kind = Literal[
    "person_joined",
    "person_left",
    "person_rejoined",
    "place_taken",
    "place_changed",
    "place_ended",
    "manager_assigned",
    "interim_partner_named",
    "unit_replaced",
    "aspiration_recorded",
    "aspiration_revised",
    "aspiration_shared",
    "aspiration_confirmed",
    "sharing_changed",
    "sharing_withdrawn",
    "words_erased",
    "conversation_held",
    "outcomes_rated",
    "outcomes_shared",
    "outcomes_sharing_changed",
    "outcomes_sharing_withdrawn",
    "commitment_made",
    "commitment_kept",
    "commitment_missed",
    "application_submitted",
    "application_withdrawn",
    "application_shortlisted",
    "application_declined",
    "offer_made",
    "offer_accepted",
    "offer_declined",
    "move_agreed",
    "move_released",
    "move_completed",
]


@dataclass(frozen=True, slots=True)
class Story:
    """One kind of event. The values name fields of its body; empty: it has none.

    `shown` are open values and `words` sealed ones, for whoever may see the entry; `own_words` for the employee alone.
    """

    kind: Kind
    audience: Standing | None  # None: as the event's own `audience` says
    item: str = ""
    about: str = ""
    reader: str = ""
    shown: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    own_words: tuple[str, ...] = ()
    told_by: str = ""  # names who told it: told by another, it is no part of the story
    record: Record | None = None  # of a sharing, what a note says that its audience read


_PLACE = ("fact", "position", "unit", "title", "job_level", "legal_entity", "country", "primary", "status", "reason")
_APPLICATION = ("application", "opportunity")
_MOVE = ("move", "kind", "from_unit", "to_unit")


def _application(kind: Kind, *own_words: str) -> Story:
    return Story(kind, "own", "application", "opportunity", shown=_APPLICATION, own_words=own_words)


def _commitment(kind: Kind, shown: tuple[str, ...], *words: str, about: str = "") -> Story:
    return Story(kind, "commitment", "commitment", about, "owner", ("commitment", "owner", *shown), words)


_STORIES: Mapping[type[Event], Story] = {
    profiles.PersonJoined: Story("person_joined", "official", shown=("fact",)),
    profiles.PersonLeft: Story("person_left", "official", shown=("fact",), own_words=("reason",)),
    profiles.PersonRejoined: Story("person_rejoined", "official", shown=("fact",)),
    profiles.PlaceTaken: Story("place_taken", "official", about="unit", shown=_PLACE, words=("fte",)),
    profiles.PlaceChanged: Story("place_changed", "official", about="unit", shown=_PLACE, words=("fte",)),
    profiles.PlaceEnded: Story("place_ended", "official", shown=("fact", "position")),
    profiles.ManagerAssigned: Story("manager_assigned", "official", shown=("fact", "position", "line", "manager")),
    profiles.InterimPartnerNamed: Story("interim_partner_named", "official", shown=("partner",)),
    profiles.AspirationRecorded: Story(
        "aspiration_recorded", "own", "aspiration", shown=("aspiration",), own_words=("content",)
    ),
    profiles.AspirationRevised: Story(
        "aspiration_revised", "own", "aspiration", shown=("aspiration", "edition"), own_words=("content",)
    ),
    profiles.AspirationShared: Story(
        "aspiration_shared",
        None,
        "aspiration",
        "share",
        "reader",
        shown=("aspiration", "share", "edition"),
        words=("content",),
        own_words=("purpose",),
        record="aspiration",
    ),
    profiles.AspirationConfirmed: Story("aspiration_confirmed", "own", "aspiration", shown=("aspiration",)),
    profiles.SharingChanged: Story(
        "sharing_changed", "change", "aspiration", "share", shown=("aspiration", "share", "until", "later_editions")
    ),
    profiles.SharingWithdrawn: Story(
        "sharing_withdrawn", "withdrawal", "aspiration", "share", shown=("aspiration", "share")
    ),
    profiles.WordsErased: Story("words_erased", "own"),
    conversations.ConversationHeld: Story(
        "conversation_held",
        "held",
        "conversation",
        reader="partner",
        shown=("conversation", "partner", "partner_role", "topic"),
    ),
    conversations.OutcomesRated: Story(
        "outcomes_rated",
        "own",
        "conversation",
        shown=("conversation",),
        own_words=("outcomes",),
        told_by="by",
    ),
    conversations.OutcomesShared: Story(
        "outcomes_shared",
        None,
        "conversation",
        "share",
        "reader",
        shown=("conversation", "share", "edition", "rated_on"),
        words=("outcomes",),
        own_words=("purpose",),
        record="outcomes",
    ),
    conversations.OutcomesSharingChanged: Story(
        "outcomes_sharing_changed",
        "change",
        "conversation",
        "share",
        shown=("conversation", "share", "until", "later_editions"),
    ),
    conversations.OutcomesSharingWithdrawn: Story(
        "outcomes_sharing_withdrawn", "withdrawal", "conversation", "share", shown=("conversation", "share")
    ),
    conversations.CommitmentMade: _commitment(
        "commitment_made", ("party", "conversation", "due_on"), "text", about="conversation"
    ),
    conversations.CommitmentKept: _commitment("commitment_kept", ()),
    conversations.CommitmentMissed: _commitment("commitment_missed", (), "reason"),
    opportunities.ApplicationSubmitted: _application(
        "application_submitted", "statement", "skills", "matching", "missing"
    ),
    opportunities.ApplicationWithdrawn: _application("application_withdrawn"),
    opportunities.ApplicationShortlisted: _application("application_shortlisted"),
    opportunities.ApplicationDeclined: _application("application_declined", "reason", "next_step"),
    opportunities.OfferMade: _application("offer_made"),
    opportunities.OfferAccepted: _application("offer_accepted"),
    opportunities.OfferDeclined: _application("offer_declined", "reason"),
    opportunities.MoveAgreed: Story("move_agreed", "official", "move", "opportunity", shown=_MOVE),
    opportunities.MoveReleased: Story("move_released", "official", "move", shown=("move", "released_by", "release_on")),
    opportunities.MoveCompleted: Story("move_completed", "official", "move", "to_unit", shown=_MOVE),
}

STORIES: Mapping[str, Story] = {
    **{event.type: story for event, story in _STORIES.items()},
    profiles.UnitReplaced.type: Story("unit_replaced", "official", about="unit", shown=("unit", "by")),
}
"""Newest wire type → its story."""
