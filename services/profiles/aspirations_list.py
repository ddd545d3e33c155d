"""Aspirations as they are listed: a person's own, and what somebody else shares with the reader now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from services.profiles.aspiration import Written, shareable
from shared.auth.callers import Caller
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import Rows, is_over
from shared.sealing.sealer import Sealer
from shared.sharing import ShareView, Sharings


class AspirationView(BaseModel):
    """An aspiration. `content` is null where its words were erased; `shares` is for its owner alone.

    `stale`: it was neither written nor confirmed for half a year, so it may not be what the person wants today.
    """

    aspiration: UUID
    person: UUID
    edition: int
    confirmed_on: date
    stale: bool
    content: dict[str, Any] | None
    shares: list[ShareView] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of aspirations in the order in which they were told."""

    events: tuple[Event, ...]


_TYPES = frozenset(
    event.type
    for event in (
        profiles.AspirationRecorded,
        profiles.AspirationRevised,
        profiles.AspirationConfirmed,
    )
)


class Aspirations:
    """The read model `aspirations`: sealed words stay sealed in it."""

    name = "aspirations"
    services = ("profiles",)
    types = _TYPES
    tables = (Path(__file__).parent / "aspirations.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> Batch:
        found = (read_event(heard.type, heard.body) for heard in batch)
        return Batch(tuple(event for event in found if isinstance(event, Event)))

    async def write(self, connection: asyncpg.Connection, batch: Batch) -> None:
        for event in batch.events:
            await _apply(connection, event)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        return {"aspirations": ("delete from aspirations where person = $1", (mark.person,))}


async def _apply(connection: asyncpg.Connection, event: Event) -> None:
    match event:
        case profiles.AspirationRecorded():
            await connection.execute(
                """insert into aspirations (aspiration, person, edition, confirmed_on, content)
                   values ($1, $2, 1, $3, $4) on conflict do nothing""",
                event.aspiration,
                event.person,
                event.effective_on,
                orjson.dumps(event.content),
            )
        case profiles.AspirationRevised():
            await connection.execute(
                "update aspirations set edition = $2, confirmed_on = $3, content = $4 where aspiration = $1",
                event.aspiration,
                event.edition,
                event.effective_on,
                orjson.dumps(event.content),
            )
        case profiles.AspirationConfirmed():
            await connection.execute(
                "update aspirations set confirmed_on = $2 where aspiration = $1", event.aspiration, event.effective_on
            )
        case _:
            pass


_OWN = f"""
    select a.aspiration, a.person, a.edition, a.confirmed_on, a.content,
           coalesce((select json_agg(json_build_object('share', s.share, 'audience', s.audience, 'reader', s.reader,
                'edition', s.edition, 'later_editions', s.later_editions, 'until', s.until, 'purpose', s.purpose))
                from shares s where s.item = a.aspiration and not {is_over("$1::uuid", "s.shared_on")}), '[]')
           as shares
    from aspirations a
    where a.person = $1 and ($2::uuid is null or a.aspiration < $2)
    order by a.aspiration desc limit $3"""


STALE_AFTER = timedelta(days=182)


def is_stale(confirmed_on: date, today: date) -> bool:
    """Whether an aspiration should be asked about again before anybody builds on it."""
    return today - confirmed_on > STALE_AFTER


class AspirationsList:
    """Reads of the model. Words are unsealed here, for a reader whom the query has let through."""

    def __init__(self, rows: Rows, sharings: Sharings, sealer: Sealer) -> None:
        self._rows = rows
        self._sharings = sharings
        self._sealer = sealer

    async def page(
        self, person: UUID, caller: Caller, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[AspirationView]:
        """A page, newest first. Raises NotFound for somebody to whom the caller is nothing and who shares nothing."""
        if caller.person != person:
            shared = await self._sharings.page(person, caller, cursor, limit)
            return Page([_shared(one) for one in shared.items], shared.next)
        before = UUID(str(cursor[0])) if cursor else None
        rows = await self._rows.fetch(_OWN, person, before, limit + 1)
        items = await self._views(rows[:limit])
        return Page(items, (str(items[-1].aspiration),) if len(rows) > limit else None)

    async def shared(self, person: UUID, caller: Caller, aspiration: UUID) -> AspirationView:
        """What the person shares of this aspiration with the caller now. Raises NotFound."""
        return _shared(await self._sharings.one(person, caller, aspiration))

    async def own(self, state: Written, today: date) -> AspirationView:
        """For its owner, from the stream itself."""
        return AspirationView(
            aspiration=state.aspiration,
            person=state.person,
            edition=state.edition,
            confirmed_on=state.confirmed_on,
            stale=is_stale(state.confirmed_on, today),
            content=await self._sealer.clear(state.content),
            shares=await self._sharings.own(shareable(state)),
        )

    async def _views(self, rows: Sequence[asyncpg.Record]) -> list[AspirationView]:
        today = datetime.now(UTC).date()
        documents = [
            {
                **row,
                "stale": is_stale(row["confirmed_on"], today),
                "content": orjson.loads(row["content"]),
                "shares": orjson.loads(row["shares"]),
            }
            for row in map(dict, rows)
        ]
        return [AspirationView.model_validate(document) for document in await self._sealer.clear(documents)]


def _shared(document: dict[str, Any]) -> AspirationView:
    """For who is let read it."""
    stale = is_stale(document["confirmed_on"], datetime.now(UTC).date())
    return AspirationView.model_validate({**document, "stale": stale})
