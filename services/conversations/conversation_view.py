"""One conversation as a party reads it: folded from its stream, so that it is always current.

Both parties read what they said to each other: the agenda sent with the request, the reason of a refusal. Outcomes are
read here by whoever rated them alone. A partner reads the employee's words while both are there, and as manager or HR
partner while they are that; afterwards dates and states remain, and what they wrote themselves. The employee goes on
reading what was said to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, Never
from uuid import UUID

from pydantic import BaseModel

from shared.contracts.conversations import (
    ConversationAccepted,
    ConversationCancelled,
    ConversationDeclined,
    ConversationEnded,
    ConversationHeld,
    ConversationRequested,
    ConversationRescheduled,
    Outcomes,
    OutcomesRated,
    PartnerRole,
    Topic,
)
from shared.contracts.event import Event, Private
from shared.streams import Decider

State = Literal["proposed", "agreed", "held", "declined", "cancelled", "ended"]
Cause = Literal["manager_changed", "party_left"]


class OutcomesView(BaseModel):
    """The four outcomes, 1 to 5 each, and when they were rated."""

    direction: int
    self_insight: int
    options: int
    confidence: int
    rated_on: date


class ConversationView(BaseModel):
    """A conversation. `awaits` has to answer the proposal; words are null where there are none for you."""

    conversation: UUID
    employee: UUID
    partner: UUID
    partner_role: PartnerRole
    topic: Topic
    requested_by: UUID
    state: State
    proposed_for: datetime
    awaits: UUID | None
    held_on: date | None
    ended_because: Cause | None
    agenda: str | None
    reason: str | None
    outcomes: OutcomesView | None


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote, sealed."""

    by: UUID
    text: Private[str]


@dataclass(frozen=True, slots=True)
class Record:
    """All of a conversation, words sealed."""

    request: ConversationRequested
    state: State
    proposed_for: datetime
    awaits: UUID | None
    held_on: date | None = None
    ended_because: Cause | None = None
    reason: Words | None = None
    ratings: Mapping[UUID, tuple[Private[Outcomes], date]] = field(default_factory=dict)

    @property
    def agenda(self) -> Words | None:
        if self.request.agenda is None:
            return None
        return Words(self.request.requested_by, self.request.agenda)

    def holds_words_of_the_employee(self) -> bool:
        return any(words is not None and words.by == self.request.employee for words in (self.agenda, self.reason))


def concerns(begun: object, person: UUID) -> bool:
    """Whether a conversation that began with this event has the person as a party."""
    return isinstance(begun, ConversationRequested) and person in (begun.employee, begun.partner)


def follow(record: Record | None, event: Event) -> Record | None:
    if isinstance(event, ConversationRequested):
        return Record(event, "proposed", event.proposed_for, _other(event, event.requested_by))
    if record is None:
        return None
    match event:
        case ConversationAccepted():
            return replace(record, state="agreed", awaits=None)
        case ConversationRescheduled():
            awaits = _other(record.request, event.by)
            return replace(record, state="proposed", proposed_for=event.proposed_for, awaits=awaits)
        case ConversationDeclined():
            return replace(record, state="declined", awaits=None, reason=Words(event.by, event.reason))
        case ConversationCancelled():
            reason = Words(event.by, event.reason) if event.reason is not None else None
            return replace(record, state="cancelled", awaits=None, reason=reason)
        case ConversationEnded():
            return replace(record, state="ended", awaits=None, ended_because=event.cause)
        case ConversationHeld():
            return replace(record, state="held", awaits=None, held_on=event.effective_on)
        case OutcomesRated():
            return replace(record, ratings={**record.ratings, event.by: (event.outcomes, event.effective_on)})
        case _:
            return record


def _nothing_to_decide(_command: Never, _record: Record | None) -> Sequence[Event]:
    return []


RECORD: Decider[Never, Record | None] = Decider(None, follow, _nothing_to_decide)


def seen_by(record: Record, reader: UUID, *, words_of_the_employee: bool) -> dict[str, Any]:
    """The document of a party, its values still sealed."""
    request = record.request

    def shown(words: Words | None) -> Private[str] | None:
        if words is None or (words.by not in (reader, request.partner) and not words_of_the_employee):
            return None
        return words.text

    outcomes, rated_on = record.ratings.get(reader, (None, None))
    return {
        "conversation": request.conversation,
        "employee": request.employee,
        "partner": request.partner,
        "partner_role": request.partner_role,
        "topic": request.topic,
        "requested_by": request.requested_by,
        "state": record.state,
        "proposed_for": record.proposed_for,
        "awaits": record.awaits,
        "held_on": record.held_on,
        "ended_because": record.ended_because,
        "agenda": shown(record.agenda),
        "reason": shown(record.reason),
        "outcomes": outcomes,
        "rated_on": rated_on,
    }


def view(clear: dict[str, Any]) -> ConversationView:
    """The answer, made from the unsealed document. Outcomes whose key is gone are no outcomes."""
    outcomes, rated_on = clear.pop("outcomes"), clear.pop("rated_on")
    rated = OutcomesView(**outcomes, rated_on=rated_on) if outcomes is not None else None
    return ConversationView(**clear, outcomes=rated)


def _other(request: ConversationRequested, person: UUID) -> UUID:
    return request.partner if person == request.employee else request.employee
