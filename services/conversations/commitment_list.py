"""The ledger of commitments to an employee's career, and each person's own to the careers of others.

Who reads what of the ledger, by relations as of now; the rest is not there for them:

| reader             | sees                                                                                  |
|--------------------|---------------------------------------------------------------------------------------|
| the employee       | everything, in words: all of it is promised to them                                   |
| whoever made it    | it, in words, also when they are not manager or HR partner any more                   |
| the manager now    | what the employee committed to in a conversation with them, in words; of former       |
|                    | managers' commitments, dates and what became of them                                  |
| the HR partner now | of other HR partners' commitments, dates and what became of them                      |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from shared.audit import Book, Shown
from shared.auth.callers import Caller, Role
from shared.contracts.conversations import CommitmentKept, CommitmentMade, CommitmentMissed, Party
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.erasure.forgetting import EMPTIED, Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.refusals import NotFound
from shared.relations.reads import Relations, Rows, is_hr_partner, is_manager
from shared.sealing.sealer import Sealer

CommitmentState = Literal["open", "kept", "missed"]


class CommitmentView(BaseModel):
    """A commitment. What was missed and kept after all has both days. Words are null where they are not for you."""

    commitment: UUID
    employee: UUID
    party: Party
    owner: UUID
    conversation: UUID | None
    made_on: date
    due_on: date
    state: CommitmentState
    missed_on: date | None
    kept_on: date | None
    text: str | None
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    event: Event
    at: datetime


class Commitments:
    """The read model `commitments`."""

    name = "commitments"
    services = ("conversations",)
    types = frozenset(event.type for event in (CommitmentMade, CommitmentKept, CommitmentMissed))
    kept = types
    """What others committed to stays theirs, to a random id that leads to nobody."""
    tables = (Path(__file__).parent / "commitments.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        found = ((read_event(heard.type, heard.body), heard) for heard in batch)
        return tuple(Told(event, heard.recorded_at) for event, heard in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for told in batch:
            await _apply(connection, told)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """That somebody committed stays for whom it was promised to; what they said is gone."""
        emptied = (
            "update commitments set text = null, reason = null where owner = $1 and employee = $2 and text is not null"
        )
        return {f"{EMPTIED}commitments": (emptied, (mark.person, mark.about))}


async def _apply(connection: asyncpg.Connection, told: Told) -> None:
    match told.event:
        case CommitmentMade() as event:
            await connection.execute(
                """insert into commitments (commitment, employee, party, owner, conversation, made_on, due_on, state,
                       text, changed_at)
                   values ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9) on conflict do nothing""",
                event.commitment,
                event.employee,
                event.party,
                event.owner,
                event.conversation,
                event.effective_on,
                event.due_on,
                orjson.dumps(event.text),
                told.at,
            )
        case CommitmentKept() as event:
            await connection.execute(
                "update commitments set state = 'kept', kept_on = $2, changed_at = $3 where commitment = $1",
                event.commitment,
                event.effective_on,
                told.at,
            )
        case CommitmentMissed() as event:
            await connection.execute(
                """update commitments set state = 'missed', missed_on = $2, reason = $4, changed_at = $3
                   where commitment = $1""",
                event.commitment,
                event.effective_on,
                told.at,
                None if event.reason is None else orjson.dumps(event.reason),
            )
        case _:
            pass


_FIELDS = """c.commitment, c.employee, c.party, c.owner, c.conversation, c.made_on, c.due_on, c.state, c.missed_on,
    c.kept_on, c.text, c.reason, c.changed_at"""

# For the caller ($2), who is the employee ($3), the manager ($4) or the HR partner ($5) now: the table above.
_IN_WORDS = """({employee} or c.owner = $2 or ({manager} and c.party = 'employee' and exists (
    select from conversations v where v.conversation = c.conversation and v.partner = $2)))"""
_IN_PART = "({manager} and c.party = 'manager' or {hr_partner} and c.party = 'hr')"
_FLAGS = {"employee": "$3", "manager": "$4", "hr_partner": "$5"}
_LEDGER = f"""
    select {_FIELDS}, {_IN_WORDS.format_map(_FLAGS)} as in_words from commitments c
    where c.employee = $1 and ({_IN_WORDS.format_map(_FLAGS)} or {_IN_PART.format_map(_FLAGS)})
      and ($6::uuid is null or c.commitment < $6) and ($8::text is null or c.state = $8)
      and ($9::text is null or c.party = $9) and ($10::timestamptz is null or c.changed_at >= $10)
    order by c.commitment desc limit $7"""
# One query decides whether it is there and whether it is for the caller, who may act as HR partner if $3.
_RELATION = {
    "employee": "c.employee = $2",
    "manager": is_manager("c.employee", "$2::uuid"),
    "hr_partner": f"$3 and {is_hr_partner('c.employee', '$2::uuid')}",
}
_ONE = f"""
    select {_FIELDS}, in_words from (
        select *, {_IN_WORDS.format_map(_RELATION)} as in_words, {_IN_PART.format_map(_RELATION)} as in_part
        from commitments c where c.commitment = $1) as c
    where in_words or in_part"""
_ANY_OF_THEIRS = "select from commitments where employee = $1 and owner = $2 limit 1"

_OWNED = f"""
    select {_FIELDS}, true as in_words from commitments c
    where c.owner = $1 and ($2::date is null or (c.due_on, c.commitment) > ($2, $3))
      and ($5::text is null or c.state = $5)
    order by c.due_on, c.commitment limit $4"""


class CommitmentList:
    """Reads of the model. Words are unsealed here, for a reader whom the query has let through."""

    def __init__(self, rows: Rows, relations: Relations, sealer: Sealer, audit: Book) -> None:
        self._rows = rows
        self._relations = relations
        self._sealer = sealer
        self._audit = audit

    async def ledger(
        self,
        employee: UUID,
        caller: Caller,
        cursor: tuple[str | int | None, ...] | None,
        limit: int,
        *,
        state: CommitmentState | None = None,
        party: Party | None = None,
        changed_since: datetime | None = None,
    ) -> Page[CommitmentView]:
        """What the caller may see of an employee's ledger, newest first. Raises NotFound, RelationsStale."""
        relation = await self._relations.between(employee, caller)
        flags = (relation.self, relation.manager, relation.hr_partner)
        if not any(flags) and not await self._rows.fetch(_ANY_OF_THEIRS, employee, caller.person):
            raise NotFound
        before = UUID(str(cursor[0])) if cursor else None
        rows = await self._rows.fetch(
            _LEDGER, employee, caller.person, *flags, before, limit + 1, state, party, changed_since
        )
        items = await self._views(rows[:limit])
        self._note(caller, rows[:limit])
        return Page(items, (str(items[-1].commitment),) if len(rows) > limit else None)

    async def one(self, commitment: UUID, caller: Caller) -> CommitmentView:
        """What the caller may see of one commitment. Raises NotFound, RelationsStale."""
        rows = await self._rows.fetch(_ONE, commitment, caller.person, Role.HR_PARTNER in caller.roles)
        if not rows:
            raise await self._relations.not_found()
        if caller.person not in (rows[0]["employee"], rows[0]["owner"]):
            await self._relations.require_fresh()
        [view] = await self._views(rows)
        self._note(caller, rows)
        return view

    async def owned(
        self,
        owner: UUID,
        cursor: tuple[str | int | None, ...] | None,
        limit: int,
        *,
        state: CommitmentState | None = None,
    ) -> Page[CommitmentView]:
        """A person's own, to whosever career, by the day on which they are due."""
        after = (date.fromisoformat(str(cursor[0])), UUID(str(cursor[1]))) if cursor else (None, None)
        rows = await self._rows.fetch(_OWNED, owner, *after, limit + 1, state)
        items = await self._views(rows[:limit])
        last = items[-1] if len(rows) > limit else None
        return Page(items, (last.due_on.isoformat(), str(last.commitment)) if last is not None else None)

    def _note(self, caller: Caller, rows: Sequence[asyncpg.Record]) -> None:
        """Words alone, and not to who wrote them or to whose career they are about."""
        told = [row for row in rows if row["in_words"] and caller.person not in (row["employee"], row["owner"])]
        self._audit.note(caller, [Shown("commitment", row["commitment"], row["employee"], "party") for row in told])

    async def _views(self, rows: Sequence[asyncpg.Record]) -> list[CommitmentView]:
        clear = await self._sealer.clear([_document(row) for row in rows])
        return [CommitmentView.model_validate(document) for document in clear]


def _document(row: asyncpg.Record) -> dict[str, Any]:
    """Without words, and without the conversation they come from, for who may not read them."""
    document = dict(row)
    if not document.pop("in_words"):
        return {**document, "text": None, "reason": None, "conversation": None}
    for words in ("text", "reason"):
        document[words] = orjson.loads(document[words]) if document[words] is not None else None
    return document
