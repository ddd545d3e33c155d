"""Conversations as they are listed: who, when, in which state. No words: their parties read those one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.conversations.conversation_view import State
from shared.audit import Book, Shown
from shared.auth.callers import Caller, Role
from shared.contracts import conversations
from shared.contracts.conversations import PartnerRole, Topic
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.http import Page
from shared.kafka.records import Heard
from shared.refusals import NotFound
from shared.relations.reads import Relation, Relations, Rows, is_switched_on, reads_as

RATED_WITHIN = 31
"""Days after a talk in which the list of what is due asks for its outcomes."""

Need = Literal["answer", "meeting", "word_whether_held", "rating"]


class ConversationRow(BaseModel):
    """A conversation in a list. `awaits` has to answer the proposal."""

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
    changed_at: datetime


class DueConversation(ConversationRow):
    """A conversation that needs something of you: an answer to its proposal; to be there (`meeting`); your word whether
    you talked, its time having passed; your rating of the four outcomes."""

    needs: Need


class HeldConversation(BaseModel):
    """That the employee talked with somebody about their career, on which day and what kind of talk it was."""

    conversation: UUID
    topic: Topic
    held_on: date


@dataclass(frozen=True, slots=True)
class Told:
    event: Event
    at: datetime


_TYPES = frozenset(
    event.type
    for event in (
        conversations.ConversationRequested,
        conversations.ConversationAccepted,
        conversations.ConversationDeclined,
        conversations.ConversationRescheduled,
        conversations.ConversationCancelled,
        conversations.ConversationEnded,
        conversations.ConversationHeld,
        conversations.OutcomesRated,
    )
)


class Conversations:
    """The read model `conversations`."""

    name = "conversations"
    services = ("conversations",)
    types = _TYPES
    kept = types
    """The other party keeps their own part, with a random id that leads to nobody."""
    tables = (Path(__file__).parent / "conversations.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        found = ((read_event(heard.type, heard.body), heard) for heard in batch)
        return tuple(Told(event, heard.recorded_at) for event, heard in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for told in batch:
            await _apply(connection, told)


_CHANGED = "update conversations set changed_at = $2"


async def _apply(connection: asyncpg.Connection, told: Told) -> None:
    match told.event:
        case conversations.ConversationRequested() as event:
            await connection.execute(
                """insert into conversations (conversation, employee, partner, partner_role, topic, requested_by, state,
                       awaits, proposed_for, rated_by, changed_at)
                   values ($1, $2, $3, $4, $5, $6, 'proposed', $7, $8, '{}', $9) on conflict do nothing""",
                event.conversation,
                event.employee,
                event.partner,
                event.partner_role,
                event.topic,
                event.requested_by,
                event.partner if event.requested_by == event.employee else event.employee,
                event.proposed_for,
                told.at,
            )
        case conversations.ConversationRescheduled() as event:
            await connection.execute(
                f"""{_CHANGED}, state = 'proposed', proposed_for = $3,
                       awaits = case when employee = $4 then partner else employee end where conversation = $1""",
                event.conversation,
                told.at,
                event.proposed_for,
                event.by,
            )
        case conversations.ConversationHeld() as event:
            await connection.execute(
                f"{_CHANGED}, state = 'held', awaits = null, held_on = $3 where conversation = $1",
                event.conversation,
                told.at,
                event.effective_on,
            )
        case conversations.OutcomesRated() as event:
            await connection.execute(
                f"""{_CHANGED}, rated_by = case when $3 = any (rated_by) then rated_by else rated_by || $3::uuid end
                    where conversation = $1""",
                event.conversation,
                told.at,
                event.by,
            )
        case event:
            await connection.execute(
                f"{_CHANGED}, state = $3, awaits = null where conversation = $1",
                event.conversation,  # type: ignore[attr-defined]
                told.at,
                _STATE[type(event)],
            )


_STATE: dict[type[Event], State] = {
    conversations.ConversationAccepted: "agreed",
    conversations.ConversationDeclined: "declined",
    conversations.ConversationCancelled: "cancelled",
    conversations.ConversationEnded: "ended",
}

_FIELDS = """conversation, employee, partner, partner_role, topic, requested_by, state, proposed_for, awaits, held_on,
    changed_at"""

_MINE = f"""
    select {_FIELDS} from conversations
    where (employee = $1 or partner = $1) and ($2::uuid is null or conversation < $2)
      and ($4::text is null or state = $4) and ($5::timestamptz is null or changed_at >= $5)
    order by conversation desc limit $3"""

# What needs the person ($1), soonest first. An agreed talk whose time has passed stays until somebody says what became
# of it.
_DUE = f"""
    select * from (
        select {_FIELDS}, coalesce(held_on::timestamptz, proposed_for) as due_at,
            case when state = 'proposed' and awaits = $1 then 'answer'
                 when state = 'agreed' and proposed_for > now() then 'meeting'
                 when state = 'agreed' then 'word_whether_held'
                 when state = 'held' and not $1 = any (rated_by) and held_on > current_date - {RATED_WITHIN}
                     then 'rating' end as needs
        from conversations where (employee = $1 or partner = $1) and state in ('proposed', 'agreed', 'held')) as mine
    where needs is not null and ($2::timestamptz is null or (due_at, conversation) > ($2, $3))
    order by due_at, conversation limit $4"""


# What was held with an employee ($1), for themselves ($2 is $1) and, where their legal entity has it on, their HR
# partner ($2, who may act as such if $3) or who stands in for one; no row at all for anybody else.
_HELD = f"""
    select held.* from (select $1::uuid as employee, $2::uuid as reader) as given left join lateral (
        select c.conversation, c.topic, c.held_on from conversations c
        where c.employee = $1 and c.state = 'held' and ($4::date is null or (c.held_on, c.conversation) < ($4, $5))
        order by c.held_on desc, c.conversation desc limit $6) as held on true
    where given.reader = given.employee or ($3 and {reads_as("hr_partner", "given.employee", "given.reader")}
        and {is_switched_on("hr_sees_conversations", "given.employee")})"""


class ConversationList:
    """Reads of the model: a person's own, and what their HR partner may see of them."""

    def __init__(self, rows: Rows, relations: Relations, audit: Book) -> None:
        self._rows = rows
        self._relations = relations
        self._audit = audit

    async def mine(
        self,
        person: UUID,
        cursor: tuple[str | int | None, ...] | None,
        limit: int,
        *,
        state: State | None = None,
        changed_since: datetime | None = None,
    ) -> Page[ConversationRow]:
        """Those in which the person is a party, newest first."""
        before = UUID(str(cursor[0])) if cursor else None
        rows = await self._rows.fetch(_MINE, person, before, limit + 1, state, changed_since)
        items = [ConversationRow.model_validate(dict(row)) for row in rows[:limit]]
        return Page(items, (str(items[-1].conversation),) if len(rows) > limit else None)

    async def held(
        self, employee: UUID, caller: Caller, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[HeldConversation]:
        """Those that were held with the employee, latest first. Raises NotFound, RelationsStale."""
        relation = await self._relations.between(employee, caller)
        before = (date.fromisoformat(str(cursor[0])), UUID(str(cursor[1]))) if cursor else (None, None)
        as_partner = Role.HR_PARTNER in caller.roles
        rows = await self._rows.fetch(_HELD, employee, caller.person, as_partner, *before, limit + 1)
        if not rows:
            raise NotFound
        found = [HeldConversation.model_validate(dict(row)) for row in rows if row["conversation"] is not None]
        items, last = found[:limit], found[limit - 1] if len(found) > limit else None
        if not relation.self:
            self._audit.note(caller, [_shown(employee, relation, one) for one in items])
        return Page(items, (last.held_on.isoformat(), str(last.conversation)) if last is not None else None)

    async def due(self, person: UUID, cursor: tuple[str | int | None, ...] | None, limit: int) -> Page[DueConversation]:
        """Those that need something of the person, soonest first."""
        after = (datetime.fromisoformat(str(cursor[0])), UUID(str(cursor[1]))) if cursor else (None, None)
        rows = await self._rows.fetch(_DUE, person, *after, limit + 1)
        items = [DueConversation.model_validate(dict(row)) for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items, (last["due_at"].isoformat(), str(last["conversation"])) if last is not None else None)


def _shown(employee: UUID, relation: Relation, held: HeldConversation) -> Shown:
    whom = relation.for_hr_partner
    return Shown("conversation", held.conversation, employee, "hr_sees_conversations", stands_in_for=whom)
