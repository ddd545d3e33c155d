"""What is noted of a read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from shared.relations.reads import Rows

Kind = Literal["aspiration", "application", "commitment", "conversation", "move", "timeline"]

Rule = Literal[
    "my_manager",  # shared with the manager at that time, as long as they are
    "person",  # shared with this person
    "whoever_is_my_manager",
    "my_hr_partner",
    "manager",  # official facts, by being the manager
    "hr_partner",  # official facts, by being HR partner for the unit
    "hr_sees_conversations",  # that one was held, by being HR partner: the switch of the legal entity
    "party",  # who takes part in it: in a conversation; in a move, as manager, HR partner or who receives the person
    "opportunity_owner",  # what an applicant sent
]
"""Why somebody other than the employee was shown a record."""


class Shown(NamedTuple):
    """A record that is shown to somebody who is not the `person` it is about; `share` is the sharing that lets them."""

    kind: Kind
    record: UUID
    person: UUID
    rule: Rule
    share: UUID | None = None


class Read(NamedTuple):
    """A note of it."""

    at: datetime
    reader: str
    actor: str | None
    shown: Shown

    def row(self) -> tuple[object, ...]:
        """In the order in which audit.note takes it."""
        return (self.at, self.reader, self.actor, *self.shown)


class Reader(BaseModel):
    """Who has seen a record: how often, from when to when, and why they could.

    `reader` is a person's id, or service:<name>; `record` is what is meant by its `kind` (of a timeline, and of a move
    that HR reported, the person); `share` is the sharing under which it was shown.
    """

    kind: Kind
    record: UUID
    reader: str
    actor: str | None
    rule: Rule
    share: UUID | None
    first_on: date
    last_on: date
    times: int


# A reader's days, not their moments: what the employee needs to know is no record of somebody's working hours.
_READERS = """
    select kind, record, reader, actor, rule, share, min(at at time zone 'UTC')::date as first_on,
           max(at at time zone 'UTC')::date as last_on, count(*) as times
    from audit.reads where person = $1 and ($2::uuid is null or record = $2)
    group by kind, record, reader, actor, rule, share order by max(at) desc limit 200"""


async def readers(rows: Rows, person: UUID, record: UUID | None = None) -> Sequence[Reader]:
    """Who has seen a record of a person, or any of theirs, latest first, 200 at most; a read shows within a second."""
    return [Reader.model_validate(dict(row)) for row in await rows.fetch(_READERS, person, record)]
