"""Hears the stream: an event that tells somebody something becomes tellings that wait.

It may hear an event again: each telling is one row by cause and target, put there once, and what was told already is
found out by the notification's own stream. Events of one person arrive in order, so an item's parties are known when
its later events come; they are kept for events that tell nobody, too (imports, replays).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Protocol, get_args
from uuid import UUID

import asyncpg
import orjson

from services.notifications.tellings import (
    TELLING,
    Parties,
    SharingEvent,
    Telling,
    day_to_wait_for,
    ends,
    is_news,
    item_of,
    parties_of,
    tellings,
)
from shared.auth.callers import on_whose_behalf
from shared.contracts import conversations, profiles
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.zones import EASTERNMOST

HEARD = frozenset({profiles.FactWithdrawn.type, *(event.type for event in (*TELLING, *get_args(SharingEvent)))})
"""The wire types that are heard."""


class Database(Protocol):
    """This service's own tables."""

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]: ...

    async def execute(self, query: str, *arguments: object) -> str: ...


_KNOW = """
    insert into parties (item, person, other, opportunity)
    select $1, $2, case when not exists (select from public.erased where person = $3::uuid) then $3::uuid end, $4
    on conflict (item) do update set person = excluded.person, other = excluded.other, open = true"""
_KNOWN = "select person, other, opportunity from parties where item = $1"
_CLOSE = "update parties set open = false where item = $1"
_FORGET = "delete from tellings where fact = $1 and cause <> $2"
_ERASE_PARTY = """
    with owned as (update parties set other = null where other = $1 and opportunity is not null returning item),
        gone as (delete from parties where person = $1 or (other = $1 and opportunity is null) returning item)
    select item from owned union all select item from gone"""
_LASTS = "update tellings set until = $2 where share = $1"
_WITHDRAW = "delete from tellings where share = $1"
_PUT = """
    insert into tellings (cause, whom, target, kind, about, details, by, fact, day, recorded_at, position,
        trace, due_at, share, audience, until)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing"""


class Hearing:
    """The reaction to every event of HEARD. `put` is called when there is something to tell."""

    def __init__(
        self,
        database: Database,
        put: Callable[[], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._put = put
        self._clock = clock

    async def hear(self, heard: Heard) -> None:
        """Raises what the database raises; the event is then heard again."""
        event = read_event(heard.type, heard.body)
        if not isinstance(event, Event):
            return
        if (fact := getattr(event, "fact", None)) is not None:
            # A fact that is withdrawn, or told anew, is not told as it was.
            await self._database.execute(_FORGET, fact, heard.id)
        if isinstance(event, SharingEvent):
            await self._sharing(event)
        now = self._clock()
        news = [
            telling
            for telling in tellings(event, await self._parties(event))
            if is_news(telling, origin=heard.origin, recorded_at=heard.recorded_at, now=now)
        ]
        for telling in news:
            await self._database.execute(_PUT, *_row(telling, heard, now))
        if news:
            self._put()

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """What waits to be told of somebody's words, or of and to somebody who is erased, is not told.

        Who is erased is no party any more, and no mail to them is known; who applied to them is an applicant still.
        """
        who = str(mark.person)
        if mark.scope == "words":
            told = (
                "delete from tellings where details ->> 'who' = $1 and kind in ('aspiration_shared', 'outcomes_shared')"
            )
            return {"messages that wait": (told, (who,))}
        told = "delete from tellings where details ->> 'who' = $1 or target = $2"
        return {
            "messages that wait": (told, (who, mark.person)),
            "parties": (_ERASE_PARTY, (mark.person,)),
            "mails": ("delete from mails where person = $1", (mark.person,)),
        }

    async def _sharing(self, event: SharingEvent) -> None:
        match event:
            case profiles.SharingChanged() | conversations.OutcomesSharingChanged():
                await self._database.execute(_LASTS, event.share, event.until)
            case profiles.SharingWithdrawn() | conversations.OutcomesSharingWithdrawn():
                await self._database.execute(_WITHDRAW, event.share)

    async def _parties(self, event: Event) -> Parties | None:
        if (named := parties_of(event)) is not None:
            item, parties = named
            await self._database.execute(_KNOW, item, parties.person, parties.other, parties.opportunity)
            return parties
        if (ended := ends(event)) is not None:
            await self._database.execute(_CLOSE, ended)
        item_or_none: UUID | None = item_of(event)
        rows = await self._database.fetch(_KNOWN, item_or_none) if item_or_none is not None else []
        return Parties(**rows[0]) if rows else None


def _row(telling: Telling, heard: Heard, now: datetime) -> tuple[object, ...]:
    day, sharing = day_to_wait_for(telling, heard.recorded_at), telling.sharing
    return (
        heard.id,
        telling.whom,
        telling.to,
        telling.kind,
        telling.about,
        orjson.dumps(dict(telling.details)),
        on_whose_behalf(heard.by),  # nobody is told of what they did themselves, through whatever service
        telling.fact,
        day,
        heard.recorded_at,
        heard.position,
        heard.trace,
        _first_due(day, now),
        *((None, None, None) if sharing is None else (sharing.share, sharing.audience, sharing.until)),
    )


def _first_due(day: date | None, now: datetime) -> datetime:
    """When a telling is looked at first: at once, or when its day begins anywhere."""
    return now if day is None else max(now, datetime.combine(day, time(0), UTC) - EASTERNMOST)
