"""What is noted of a read."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from shared.http import Page
from shared.refusals import NotAllowed
from shared.relations.reads import Rows, is_switched_on

Kind = Literal["aspiration", "application", "commitment", "conversation", "move", "outcomes", "reads", "timeline"]

Rule = Literal[
    "my_manager",  # shared with the manager at that time, as long as they are
    "person",  # shared with this person
    "whoever_is_my_manager",
    "my_hr_partner",
    "opportunity_leader",  # shared with who decides on an application, while it is open
    "manager",  # official facts, by being the manager
    "hr_partner",  # official facts, by being HR partner for the unit
    "hr_sees_conversations",  # that one was held, by being HR partner: the switch of the legal entity
    "party",  # who takes part in it: in a conversation; in a move, as manager, HR partner or who receives the person
    "opportunity_owner",  # what an applicant sent
    "audit_by_reader",  # what they read themselves, for a case: the switch of the legal entity
]
"""Why somebody other than the employee was shown a record."""


class Shown(NamedTuple):
    """A record that is shown to somebody who is not the `person` it is about; `share` is the sharing that lets them.

    `stands_in_for`: the manager or HR partner for whom they read it, by delegation.
    """

    kind: Kind
    record: UUID
    person: UUID
    rule: Rule
    share: UUID | None = None
    case_number: str | None = None
    stands_in_for: UUID | None = None


class Read(NamedTuple):
    """A note of it."""

    at: datetime
    reader: str
    actor: str | None
    shown: Shown

    def row(self) -> tuple[object, ...]:
        """In the order in which audit.note takes it."""
        return (self.at, self.reader, self.actor, *self.shown)


class _Times(BaseModel):
    """Reads that differ in nothing but their moment; by days, since this is no record of somebody's working hours.

    `record` is what is meant by its `kind` (of a timeline, of a move that HR reported, and of what somebody read, the
    person); `share` is the sharing under which it was shown, `case_number` the case for which it was, `stands_in_for`
    the manager or HR partner in whose place it was.
    """

    kind: Kind
    record: UUID
    actor: str | None
    rule: Rule
    share: UUID | None
    case_number: str | None
    stands_in_for: UUID | None
    first_on: date
    last_on: date
    times: int


class Reader(_Times):
    """Who has seen a record: how often, from when to when, and why they could.

    `reader` is a person's id, or service:<name>. Of more than 20,000 reads the older ones are counted by themselves.
    """

    reader: str


class WasRead(_Times):
    """What somebody has seen of a `person`: how often, from when to when, and why they could."""

    person: UUID


class ListingOff(NotAllowed, code="audit-by-reader-off"):
    """What somebody read is listed only where their legal entity has `audit_by_reader` turned on."""


SPAN = 20_000
"""Notes that one page looks at, so that it ends soon however many there are."""


def _times(told: str, chosen: str) -> str:
    """SQL: a page of the newest $5 of the chosen notes, those read last first, without those noted after the first page
    ($2). `oldest` is the last that was looked at, where there may be older ones."""
    return f"""
        with looked_at as (
            select * from audit.reads where {chosen} and ($2::bigint is null or number <= $2)
            order by number desc limit $5)
        select kind, record, {told}, actor, rule, share, case_number, stands_in_for,
               min(at at time zone 'UTC')::date as first_on, max(at at time zone 'UTC')::date as last_on,
               count(*) as times, max(number) as newest,
               (select case when count(*) = $5 then min(number) end from looked_at) as oldest
        from looked_at group by kind, record, {told}, actor, rule, share, case_number, stands_in_for
        having $3::bigint is null or max(number) < $3 order by newest desc limit $4"""


_READERS = _times("reader", "person = $1")
_READERS_OF_ONE = _times("reader", "person = $1 and record = $6 and ($7::text is null or kind = $7)")
_READ_BY_ONESELF = _times("person", "reader = $1::text")
_READ = f"""
    select listed.* from (select $1::uuid as reader) as given
    left join lateral ({_times("person", "reader = given.reader::text")}) as listed on true
    where {is_switched_on("audit_by_reader", "given.reader")}"""


Cursor = tuple[str | int | None, ...]


async def readers(
    rows: Rows,
    person: UUID,
    record: UUID | None = None,
    *,
    kind: Kind | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> Page[Reader]:
    """Who has seen a record of a kind of a person, or any of theirs, latest first; a read shows within a second."""
    given = (person, *(cursor or (None, None)), limit + 1, SPAN)
    found = await (
        rows.fetch(_READERS, *given) if record is None else rows.fetch(_READERS_OF_ONE, *given, record, kind)
    )
    return Page([Reader.model_validate(dict(row)) for row in found[:limit]], _next(found, cursor, limit))


async def read_by(rows: Rows, reader: UUID, *, cursor: Cursor | None, limit: int) -> Page[WasRead]:
    """What a person has seen of others, latest first. Raises ListingOff."""
    found = await rows.fetch(_READ, reader, *(cursor or (None, None)), limit + 1, SPAN)
    if not found:
        raise ListingOff
    found = [row for row in found if row["kind"] is not None]
    return Page([WasRead.model_validate(dict(row)) for row in found[:limit]], _next(found, cursor, limit))


async def read_by_oneself(rows: Rows, reader: UUID, *, cursor: Cursor | None, limit: int) -> Page[WasRead]:
    """What a person has seen of others, latest first, for themselves: no switch is asked."""
    found = await rows.fetch(_READ_BY_ONESELF, str(reader), *(cursor or (None, None)), limit + 1, SPAN)
    return Page([WasRead.model_validate(dict(row)) for row in found[:limit]], _next(found, cursor, limit))


def _next(found: Sequence[asyncpg.Record], cursor: Cursor | None, limit: int) -> Cursor | None:
    """The note that bounds what the next page looks at, and the newest of the last row of this one.

    Behind all that this page looked at there is no such row, and what is older is counted by itself.
    """
    if len(found) > limit:
        return cursor[0] if cursor is not None else found[0]["newest"], found[limit - 1]["newest"]
    return (found[0]["oldest"] - 1, None) if found and found[0]["oldest"] is not None else None
