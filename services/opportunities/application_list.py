"""Applications as they are read: one from its streams, lists from the read model; words are unsealed for the reader.

What an applicant withdrew, or left behind when they left, keeps its date for the owner, and loses its words.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, assert_never
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from services.opportunities.application import (
    Accepted,
    Application,
    Declined,
    Offered,
    OfferRefused,
    Shortlisted,
    Submitted,
    TakenBack,
)
from services.opportunities.matching import Matched, matched
from services.opportunities.move import move_id
from services.opportunities.opportunity import KINDS, Filled, Posted, Withdrawn
from services.opportunities.opportunity_list import Told, told
from services.opportunities.standing import owner_of
from shared.contracts.event import Event
from shared.contracts.opportunities import (
    ApplicationDeclined,
    ApplicationShortlisted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    OfferAccepted,
    OfferDeclined,
    OfferMade,
    OpportunityKind,
)
from shared.erasure.forgetting import EMPTIED, Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import Rows, is_over
from shared.sealing.sealer import Sealer

ApplicationStatus = Literal[
    "submitted",
    "shortlisted",
    "offered",
    "accepted",
    "declined",
    "offer_declined",
    "withdrawn",
    "ended_with_opportunity",
]


class ApplicationView(BaseModel):
    """An application. Words are null where none were given or they were erased; for the owner also once the applicant
    withdrew it or has left.

    `decided_by`: who reads and decides on it now; null while nobody does.
    `ended_with_opportunity`: that was filled or withdrawn while the application was open.
    `matching` and `missing` together are what the posting asks for; nothing follows from a missing skill.
    `reason` and `next_step` are the owner's for a decline, `reason` the applicant's for an offer they declined.
    """

    application: UUID
    opportunity: UUID
    title: str | None
    kind: OpportunityKind | None
    person: UUID
    decided_by: UUID | None
    status: ApplicationStatus
    submitted_on: date
    statement: str | None
    skills: list[str] | None
    matching: list[Matched] | None
    missing: list[str] | None
    reason: str | None
    next_step: str | None
    move_case: UUID | None


_PENDING = ("submitted", "shortlisted", "offered")
_WORDS = ("statement", "skills", "matching", "missing", "reason", "next_step")


async def view(
    state: Application, opportunity: Posted, owner: UUID | None, sealer: Sealer, *, reader: UUID, over: bool
) -> ApplicationView:
    """An application from its streams. `owner`: of the opportunity, now; `over`: the applicant has left since."""
    letter, posting = state.letter, opportunity.posting
    reason, next_step = _answer(state)
    document = {
        "application": letter.application,
        "opportunity": letter.opportunity,
        "title": posting.title,
        "words": posting.words,
        "kind": posting.kind,
        "person": letter.person,
        "decided_by": None if owner == letter.person else owner,
        "status": _status(state),
        "submitted_on": letter.effective_on,
        "statement": letter.statement,
        "skills": letter.skills,
        "matching": letter.matching,
        "missing": letter.missing,
        "reason": reason,
        "next_step": next_step,
        "opportunity_over": isinstance(opportunity, Filled | Withdrawn),
        "over": over,
    }
    return (await _views([document], sealer, reader=reader))[0]


def _answer(state: Application) -> tuple[object, object]:
    """The reason and the next step that were given."""
    match state:
        case Declined():
            return state.reason, state.next_step
        case OfferRefused():
            return state.reason, None
        case _:
            return None, None


def _status(state: Application) -> ApplicationStatus:
    match state:
        case Submitted():
            return "submitted"
        case Shortlisted():
            return "shortlisted"
        case Offered():
            return "offered"
        case Accepted():
            return "accepted"
        case Declined():
            return "declined"
        case OfferRefused():
            return "offer_declined"
        case TakenBack():
            return "withdrawn"
        case _:
            assert_never(state)


async def _views(documents: Sequence[dict[str, Any]], sealer: Sealer, *, reader: UUID) -> list[ApplicationView]:
    for document in documents:
        over = document.pop("over") or document["status"] == "withdrawn"
        if over and document["person"] != reader:
            document.update(dict.fromkeys(_WORDS))
        if document.pop("opportunity_over") and document["status"] in _PENDING:
            document["status"] = "ended_with_opportunity"
    return [_shown(document) for document in await sealer.clear(documents)]


def _shown(document: Mapping[str, Any]) -> ApplicationView:
    matching, kind, own = document["matching"], document["kind"], document["words"]
    moves = document["status"] == "accepted" and kind is not None and KINDS[kind].moves_as is not None
    return ApplicationView.model_validate(
        {
            **document,
            "title": document["title"] if own is None else own["title"],
            "matching": None if matching is None else [matched(skill) for skill in matching],
            "move_case": move_id(document["application"]) if moves else None,
        }
    )


_STATUS: Mapping[type[Event], ApplicationStatus] = {
    ApplicationShortlisted: "shortlisted",
    ApplicationDeclined: "declined",
    ApplicationWithdrawn: "withdrawn",
    OfferMade: "offered",
    OfferAccepted: "accepted",
    OfferDeclined: "offer_declined",
}
_TYPES = frozenset((ApplicationSubmitted.type, *(event.type for event in _STATUS)))


class Applications:
    """The read model `applications`."""

    name = "applications"
    services = ("opportunities",)
    types = _TYPES
    tables = (Path(__file__).parent / "applications.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        return told(batch, _TYPES)

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for one in batch:
            await _apply(connection, one.event, one.position)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """Of words alone: that somebody applied stays, what became of it, and what they were told."""
        if mark.person != mark.about:
            return {f"{EMPTIED}applications": (_EMPTY_ANSWERS, (mark.about, mark.person))}
        if mark.scope == "person":
            return {"applications": ("delete from applications where person = $1", (mark.person,))}
        return {f"{EMPTIED}applications": (_EMPTY, (mark.person,))}


_EMPTY = """
    update applications set statement = null, skills = null, matching = null, missing = null,
        reason = case when answered_by is not null then reason end
    where person = $1 and skills is not null"""
_EMPTY_ANSWERS = """
    update applications set reason = null, next_step = null
    where person = $1 and answered_by = $2 and reason is not null"""


async def _apply(connection: asyncpg.Connection, event: Event, position: int) -> None:
    if isinstance(event, ApplicationSubmitted):
        # Submitted anew it is as if it were the first time, but for its id.
        await connection.execute(
            """insert into applications (application, position, opportunity, person, status, submitted_on, statement,
                   skills, matching, missing)
               values ($1, $2, $3, $4, 'submitted', $5, $6, $7, $8, $9)
               on conflict (application) do update set position = excluded.position, status = excluded.status,
                   submitted_on = excluded.submitted_on, statement = excluded.statement, skills = excluded.skills,
                   matching = excluded.matching, missing = excluded.missing, reason = null, next_step = null,
                   answered_by = null""",
            event.application,
            position,
            event.opportunity,
            event.person,
            event.effective_on,
            _stored(event.statement),
            _stored(event.skills),
            _stored(event.matching),
            _stored(event.missing),
        )
        return
    reason = event.reason if isinstance(event, ApplicationDeclined | OfferDeclined) else None
    next_step = event.next_step if isinstance(event, ApplicationDeclined) else None
    await connection.execute(
        "update applications set status = $2, reason = $3, next_step = $4, answered_by = $5 where application = $1",
        event.application,  # type: ignore[attr-defined]
        _STATUS[type(event)],
        _stored(reason),
        _stored(next_step),
        event.by if isinstance(event, ApplicationDeclined) else None,
    )


def _stored(value: object) -> bytes | None:
    return None if value is None else orjson.dumps(value)


# An application is accepted before its opportunity is known here: they come in no order.
_FIELDS = f"""
    select a.position, a.application, a.opportunity, o.title, o.words, o.kind, a.person,
           nullif({owner_of("o")}, a.person) as decided_by, a.status, a.submitted_on, a.statement, a.skills,
           a.matching, a.missing, a.reason, a.next_step,
           coalesce(o.status in ('filled', 'withdrawn'), false) as opportunity_over,
           {is_over("a.person", "a.submitted_on")} as over
    from applications a left join opportunities o using (opportunity)"""

_STATUS_NOW = """case when o.status in ('filled', 'withdrawn') and a.status in ('submitted', 'shortlisted', 'offered')
    then 'ended_with_opportunity' else a.status end"""

_MINE = f"""{_FIELDS} where a.person = $1 and ($2::bigint is null or a.position < $2)
      and ($4::text is null or {_STATUS_NOW} = $4)
    order by a.position desc limit $3"""

# Never one's own: nobody decides on that.
_RECEIVED = f"""{_FIELDS} where a.opportunity = $5 and a.person <> $1 and ($2::bigint is null or a.position > $2)
      and ($4::text is null or {_STATUS_NOW} = $4)
    order by a.position limit $3"""


class ApplicationList:
    """Reads of the model; who may ask is decided before."""

    def __init__(self, rows: Rows, sealer: Sealer) -> None:
        self._rows = rows
        self._sealer = sealer

    async def mine(
        self, person: UUID, status: ApplicationStatus | None, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[ApplicationView]:
        """A person's own, newest first."""
        rows = await self._rows.fetch(_MINE, person, cursor[0] if cursor else None, limit + 1, status)
        return await self._page(rows, limit, person)

    async def received(
        self,
        opportunity: UUID,
        reader: UUID,
        status: ApplicationStatus | None,
        cursor: tuple[str | int | None, ...] | None,
        limit: int,
    ) -> Page[ApplicationView]:
        """Those for one opportunity in the order in which they came: people are not ranked."""
        before = cursor[0] if cursor else None
        rows = await self._rows.fetch(_RECEIVED, reader, before, limit + 1, status, opportunity)
        return await self._page(rows, limit, reader)

    async def _page(self, rows: Sequence[asyncpg.Record], limit: int, reader: UUID) -> Page[ApplicationView]:
        documents = [_document(row) for row in rows[:limit]]
        positions = [document.pop("position") for document in documents]
        views = await _views(documents, self._sealer, reader=reader)
        return Page(views, (positions[-1],) if len(rows) > limit else None)


def _document(row: asyncpg.Record) -> dict[str, Any]:
    document = dict(row)
    for field in (*_WORDS, "words"):
        document[field] = None if document[field] is None else orjson.loads(document[field])
    return document
