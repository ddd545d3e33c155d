"""The open list: postings as everybody finds them, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, assert_never
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from services.opportunities.matching import fold
from services.opportunities.opportunity import Closed, Filled, Open, Posted, Withdrawn, past_last_day
from services.opportunities.standing import owner_of
from shared.contracts.event import Event
from shared.contracts.opportunities import (
    OpportunityClosed,
    OpportunityKind,
    OpportunityPosted,
    OpportunityWithdrawn,
)
from shared.contracts.reading import read_event
from shared.erasure.forgetting import EMPTIED, Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import Rows
from shared.sealing.sealer import Sealer

OpportunityStatus = Literal["open", "closed", "filled", "withdrawn"]


class OpportunityView(BaseModel):
    """A posting. It takes applications while it is `open`, up to and including `closes_on`.

    `owner` is who reads and decides on them now: who posted it, as long as they could post it still, else who leads its
    unit now; null while nobody does. Mentoring and shadowing are told in their owner's words; where these were erased,
    `title` is the kind.
    """

    opportunity: UUID
    kind: OpportunityKind
    unit: UUID
    owner: UUID | None
    posted_by: UUID
    title: str
    description: str
    skills: list[str]
    country: str | None
    starts_on: date | None
    closes_on: date | None
    posted_on: date
    status: OpportunityStatus


class ListedOpportunity(OpportunityView):
    """`changed_at`: when it was posted, closed or withdrawn, whichever was last."""

    changed_at: datetime


async def view(state: Posted, owner: UUID | None, sealer: Sealer, on: date) -> OpportunityView:
    """A posting as it is on a day, and who owns it then."""
    posting = state.posting
    return OpportunityView(
        opportunity=posting.opportunity,
        kind=posting.kind,
        unit=posting.unit,
        owner=owner,
        posted_by=posting.owner,
        **in_words(posting.title, posting.description, await sealer.clear(posting.words)),
        skills=list(posting.skills),
        country=posting.country,
        starts_on=posting.starts_on,
        closes_on=posting.closes_on,
        posted_on=posting.effective_on,
        status=_status(state, on),
    )


def in_words(title: str, description: str, words: Any) -> Mapping[str, str]:
    """Title and description of a posting, in its owner's words where there are any."""
    return words or {"title": title, "description": description}


def _status(state: Posted, on: date) -> OpportunityStatus:
    match state:
        case Open():
            return "closed" if past_last_day(state, on) else "open"
        case Closed():
            return "closed"
        case Filled():
            return "filled"
        case Withdrawn():
            return "withdrawn"
        case _:
            assert_never(state)


@dataclass(frozen=True, slots=True)
class Told:
    """An event, where it stands in the store and when it was recorded."""

    event: Event
    position: int
    at: datetime


def told(batch: Sequence[Heard], types: frozenset[str]) -> tuple[Told, ...]:
    """The events of these types in a batch, in the order in which they were told."""
    read = ((heard, read_event(heard.type, heard.body)) for heard in batch if heard.type in types)
    return tuple(Told(event, heard.position, heard.recorded_at) for heard, event in read if isinstance(event, Event))


_TYPES = frozenset(event.type for event in (OpportunityPosted, OpportunityClosed, OpportunityWithdrawn))


class Opportunities:
    """The read model `opportunities`."""

    name = "opportunities"
    services = ("opportunities",)
    types = _TYPES
    tables = (Path(__file__).parent / "opportunities.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        return told(batch, _TYPES)

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for one in batch:
            await _apply(connection, one.event, one.position, one.at)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """Marks of what somebody offered in their own words are about the posting."""
        emptied = "update opportunities set words = null where opportunity = $1 and owner = $2 and words is not null"
        return {f"{EMPTIED}opportunities": (emptied, (mark.about, mark.person))}


async def _apply(connection: asyncpg.Connection, event: Event, position: int, at: datetime) -> None:
    match event:
        case OpportunityPosted():
            await connection.execute(
                """insert into opportunities (opportunity, position, kind, unit, owner, title, description, words,
                       skills, skill_keys, country, starts_on, closes_on, posted_on, status, changed_at)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'open', $15)
                   on conflict do nothing""",
                event.opportunity,
                position,
                event.kind,
                event.unit,
                event.owner,
                event.title,
                event.description,
                None if event.words is None else orjson.dumps(event.words),
                list(event.skills),
                [fold(skill) for skill in event.skills],
                event.country,
                event.starts_on,
                event.closes_on,
                event.effective_on,
                at,
            )
        case OpportunityClosed():
            await connection.execute(_CHANGE, event.opportunity, "filled" if event.filled else "closed", at)
        case OpportunityWithdrawn():
            await connection.execute(_CHANGE, event.opportunity, "withdrawn", at)
        case _:
            pass


_CHANGE = "update opportunities set status = $2, changed_at = $3 where opportunity = $1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list; each narrows it. `unit` is meant with all below it."""

    status: OpportunityStatus | None = None
    kind: OpportunityKind | None = None
    unit: UUID | None = None
    country: str | None = None
    skill: str | None = None
    owner: UUID | None = None
    changed_since: datetime | None = None


# The last day passes without an event: then what is open is closed ($9: today), and the day after counts as a change.
_PAGE = f"""
    select o.*, {owner_of("o")} as owner_now from (
        select o.*, case when o.status = 'open' and o.closes_on < $9 then 'closed' else o.status end as status_now
        from opportunities o) o
    where ($1::bigint is null or position < $1)
      and ($3::text is null or status_now = $3)
      and ($4::text is null or kind = $4)
      and ($5::uuid is null or unit = $5 or exists (
          select from unit_paths p where p.unit = o.unit and p.ancestor = $5
            and p.from_on <= current_date and (p.to_on is null or p.to_on > current_date)))
      and ($6::text is null or country = $6)
      and ($7::text is null or skill_keys @> array[$7])
      and ($8::timestamptz is null or changed_at >= $8
          or (status <> status_now and closes_on + 1 >= ($8 at time zone 'UTC')::date))
      and ($10::uuid is null or {owner_of("o")} = $10)
    order by position desc limit $2"""


def _listed(row: asyncpg.Record, words: Any) -> ListedOpportunity:
    now = {"status": row["status_now"], "owner": row["owner_now"], "posted_by": row["owner"]}
    return ListedOpportunity.model_validate({**row, **in_words(row["title"], row["description"], words), **now})


class OpportunityList:
    """Reads of the model: postings are for everybody."""

    def __init__(self, rows: Rows, sealer: Sealer) -> None:
        self._rows = rows
        self._sealer = sealer

    async def page(
        self, wanted: Wanted, cursor: tuple[str | int | None, ...] | None, limit: int, on: date
    ) -> Page[ListedOpportunity]:
        """A page as of a day, newest posting first."""
        rows = await self._rows.fetch(
            _PAGE,
            cursor[0] if cursor else None,
            limit + 1,
            wanted.status,
            wanted.kind,
            wanted.unit,
            wanted.country,
            None if wanted.skill is None else fold(wanted.skill),
            wanted.changed_since,
            on,
            wanted.owner,
        )
        words = await self._sealer.clear([row["words"] and orjson.loads(row["words"]) for row in rows[:limit]])
        items = [_listed(row, own) for row, own in zip(rows[:limit], words, strict=True)]
        return Page(items, (rows[limit - 1]["position"],) if len(rows) > limit else None)
