"""What each person was told, newest first, said in their language at the moment of reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from services.notifications.messages import message
from services.notifications.recipients import Recipients
from shared.contracts.event import Event
from shared.contracts.notifications import NotificationRead, NotificationSent
from shared.contracts.opportunities import OFFERED_BY_ANYONE, OpportunityPosted
from shared.contracts.profiles import Language
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import Rows
from shared.sealing.sealer import Sealer


class NotificationView(BaseModel):
    """A message. `about` is the id of what it is about: a conversation, an application …; `cause` of the event."""

    notification: UUID
    kind: str
    about: UUID
    cause: UUID
    text: str
    language: Language
    told_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    event: Event
    position: int
    at: datetime


class Inbox:
    """The read model `inbox`."""

    name = "inbox"
    services = ("notifications",)
    types = frozenset((NotificationSent.type, NotificationRead.type))
    tables = (Path(__file__).parent / "inbox.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        found = ((read_event(heard.type, heard.body), heard) for heard in batch)
        return tuple(Told(event, one.position, one.recorded_at) for event, one in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for told in batch:
            await _apply(connection, told)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        return {"inbox": ("delete from inbox where person = $1", (mark.person,))}


async def _apply(connection: asyncpg.Connection, told: Told) -> None:
    match told.event:
        case NotificationSent() as event:
            await connection.execute(
                """insert into inbox (notification, person, kind, about, cause, details, position, told_at)
                   values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing""",
                event.notification,
                event.person,
                event.kind,
                event.about,
                event.cause,
                None if event.details is None else orjson.dumps(event.details),
                told.position,
                told.at,
            )
        case NotificationRead() as event:
            await connection.execute(
                "update inbox set read_at = $2 where notification = $1", event.notification, told.at
            )
        case _:
            pass


class Titles:
    """The read model `titles`: what opportunities are called, for messages that speak of them; and whose they are."""

    name = "titles"
    services = ("opportunities",)
    types = frozenset((OpportunityPosted.type,))
    tables = (Path(__file__).parent / "titles.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[OpportunityPosted, ...]:
        found = (read_event(heard.type, heard.body) for heard in batch)
        return tuple(event for event in found if isinstance(event, OpportunityPosted))

    async def write(self, connection: asyncpg.Connection, batch: tuple[OpportunityPosted, ...]) -> None:
        rows = sorted(
            (event.opportunity, event.title, event.unit, event.owner, event.kind in OFFERED_BY_ANYONE)
            for event in batch
        )
        await connection.executemany(
            """insert into titles (opportunity, title, unit, owner, by_anyone) values ($1, $2, $3, $4, $5)
               on conflict do nothing""",
            rows,
        )


_MINE = """
    select notification, kind, about, cause, details, position, told_at, read_at from inbox
    where person = $1 and ($2::bigint is null or position < $2) and (not $4 or read_at is null)
    order by position desc limit $3"""


class InboxList:
    """Reads of the inbox, for its person alone."""

    def __init__(self, rows: Rows, recipients: Recipients, sealer: Sealer) -> None:
        self._rows = rows
        self._recipients = recipients
        self._sealer = sealer

    async def page(
        self, person: UUID, cursor: tuple[str | int | None, ...] | None, limit: int, *, unread: bool
    ) -> Page[NotificationView]:
        """A page, newest first. Details whose key is gone are left out of the sentence."""
        rows = await self._rows.fetch(_MINE, person, cursor[0] if cursor else None, limit + 1, unread)
        wishes, _ = await self._recipients.wishes(person)
        zone = await self._recipients.zone(person)
        details = await self._sealer.clear(
            [orjson.loads(row["details"]) if row["details"] else {} for row in rows[:limit]]
        )
        known = await self._recipients.known(_ids(details))
        items = [
            NotificationView(
                notification=row["notification"],
                kind=row["kind"],
                about=row["about"],
                cause=row["cause"],
                text=message(row["kind"], told or {}, known, wishes.language, zone),
                language=wishes.language,
                told_at=row["told_at"],
                read_at=row["read_at"],
            )
            for row, told in zip(rows[:limit], details, strict=True)
        ]
        return Page(items, (rows[limit - 1]["position"],) if len(rows) > limit else None)


def _ids(details: Sequence[dict[str, Any] | None]) -> set[str]:
    """What has a name or title."""
    return {one[name] for one in details if one for name in ("who", "opportunity", "unit") if name in one}
