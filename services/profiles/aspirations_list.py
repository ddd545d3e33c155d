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

from services.profiles.aspiration import Written
from shared.audit import Book, Reader, Shown, readers
from shared.auth.callers import Caller, Role
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.contracts.profiles import AudienceKind
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.refusals import NotFound
from shared.relations.reads import Relation, Relations, Rows, has_left, is_manager, is_over, reads_as
from shared.sealing.sealer import Sealer


class ShareView(BaseModel):
    """Who may read it, which edition, until which day."""

    share: UUID
    audience: AudienceKind
    reader: UUID | None
    edition: int
    later_editions: bool
    until: date | None
    purpose: str | None


class AudienceView(BaseModel):
    """Somebody who can read it now, and the sharing that lets them.

    HR partners among them read it only with a token that says that they act as such. Who can read it because your
    manager or HR partner is away has their id in `stands_in_for`, and reads it up to the day `stands_in_until`.
    """

    reader: UUID
    stands_in_for: UUID | None
    stands_in_until: date | None
    because: AudienceKind
    share: UUID
    edition: int
    later_editions: bool
    until: date | None
    purpose: str | None


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
        profiles.AspirationShared,
        profiles.AspirationConfirmed,
        profiles.SharingChanged,
        profiles.SharingWithdrawn,
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
        return {
            "aspirations": ("delete from aspirations where person = $1", (mark.person,)),
            "sharings": ("delete from shares where person = $1", (mark.person,)),
        }


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
        case profiles.AspirationShared():
            await connection.execute(
                """insert into shares (share, aspiration, person, audience, reader, edition, later_editions,
                       shared_on, until, purpose, content)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                   on conflict (share) do update set edition = excluded.edition, shared_on = excluded.shared_on,
                       content = excluded.content""",
                event.share,
                event.aspiration,
                event.person,
                event.audience,
                event.reader,
                event.edition,
                event.later_editions,
                event.effective_on,
                event.until,
                None if event.purpose is None else orjson.dumps(event.purpose),
                orjson.dumps(event.content),
            )
        case profiles.SharingChanged():
            await connection.execute(
                "update shares set until = $2, later_editions = $3 where share = $1",
                event.share,
                event.until,
                event.later_editions,
            )
        case profiles.SharingWithdrawn():
            await connection.execute("delete from shares where share = $1", event.share)
        case _:
            pass


_OWN = f"""
    select a.aspiration, a.person, a.edition, a.confirmed_on, a.content,
           coalesce((select json_agg(json_build_object('share', s.share, 'audience', s.audience, 'reader', s.reader,
                'edition', s.edition, 'later_editions', s.later_editions, 'until', s.until, 'purpose', s.purpose))
                from shares s where s.aspiration = a.aspiration and not {is_over("$1::uuid", "s.shared_on")}), '[]')
           as shares
    from aspirations a
    where a.person = $1 and ($2::uuid is null or a.aspiration < $2)
    order by a.aspiration desc limit $3"""

# What is shared with the caller ($2, who may act as HR partner if $3) on the owner's day ($7), one row an aspiration:
# the newest edition of it. Nobody reads what somebody shared who has left since, and that stays so if they come back.
_SHARED = f"""
    select distinct on (s.aspiration) s.aspiration, s.person, s.edition, a.confirmed_on, s.content, s.share, s.audience
    from shares s join aspirations a using (aspiration)
    where s.person = $1 and (s.until is null or s.until >= $7) and not {is_over("$1::uuid", "s.shared_on")}
      and ((s.audience = 'person' and s.reader = $2 and not {has_left("$2::uuid")})
        or (s.audience = 'my_manager' and s.reader = $2 and {is_manager("s.person", "$2::uuid")})
        or (s.audience = 'whoever_is_my_manager' and {reads_as("manager", "s.person", "$2::uuid")})
        or (s.audience = 'my_hr_partner' and $3 and {reads_as("hr_partner", "s.person", "$2::uuid")}))
      and ($4::uuid is null or s.aspiration = $4) and ($5::uuid is null or s.aspiration < $5)
    order by s.aspiration desc, s.edition desc limit $6"""


STALE_AFTER = timedelta(days=182)


def is_stale(confirmed_on: date, today: date) -> bool:
    """Whether an aspiration should be asked about again before anybody builds on it."""
    return today - confirmed_on > STALE_AFTER


class AspirationsList:
    """Reads of the model. Words are unsealed here, for a reader whom the query has let through."""

    def __init__(self, rows: Rows, relations: Relations, sealer: Sealer, audit: Book) -> None:
        self._rows = rows
        self._relations = relations
        self._sealer = sealer
        self._audit = audit

    async def page(
        self, person: UUID, caller: Caller, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[AspirationView]:
        """A page, newest first. Raises NotFound for somebody to whom the caller is nothing and who shares nothing."""
        before = UUID(str(cursor[0])) if cursor else None
        relation = await self._relations.between(person, caller)
        if relation.self:
            rows = await self._rows.fetch(_OWN, person, before, limit + 1)
        else:
            rows = await self._shared(person, caller, None, before, limit + 1)
            if not rows and not relation.reads:
                raise NotFound
        items = await self._views(rows[:limit])
        if not relation.self:
            self._note(caller, relation, rows[:limit])
        return Page(items, (str(items[-1].aspiration),) if len(rows) > limit else None)

    async def shared(self, person: UUID, caller: Caller, aspiration: UUID) -> AspirationView:
        """What the person shares of this aspiration with the caller now. Raises NotFound."""
        relation = await self._relations.between(person, caller)
        rows = await self._shared(person, caller, aspiration, None, 1)
        if not rows:
            raise NotFound
        [view] = await self._views(rows)
        self._note(caller, relation, rows)
        return view

    async def own(self, state: Written, today: date) -> AspirationView:
        """For its owner, from the stream itself."""
        shares = await self._active(state)
        clear = await self._sealer.clear([state.content, *(share.purpose for share in shares)])
        return AspirationView(
            aspiration=state.aspiration,
            person=state.person,
            edition=state.edition,
            confirmed_on=state.confirmed_on,
            stale=is_stale(state.confirmed_on, today),
            content=clear[0],
            shares=[
                ShareView(
                    share=share.share,
                    audience=share.audience,
                    reader=share.reader,
                    edition=share.edition,
                    later_editions=share.later_editions,
                    until=share.until,
                    purpose=purpose,
                )
                for share, purpose in zip(shares, clear[1:], strict=True)
            ],
        )

    async def audience(self, state: Written, today: date) -> list[AudienceView]:
        """Who can read an aspiration now, and why: by relations as they are, not as they were when it was shared."""
        manager = await self._relations.manager(state.person)
        managers = [manager] if manager is not None else []
        partners = await self._relations.hr_partners(state.person)
        stand_ins = {
            "whoever_is_my_manager": await self._relations.stand_ins("manager", state.person, managers),
            "my_hr_partner": await self._relations.stand_ins("hr_partner", state.person, partners),
        }
        shares = [share for share in await self._active(state) if share.until is None or share.until >= today]
        purposes = await self._sealer.clear([share.purpose for share in shares])
        return [
            AudienceView(
                reader=reader,
                stands_in_for=stands_in and stands_in.delegator,
                stands_in_until=stands_in and stands_in.until,
                because=share.audience,
                share=share.share,
                edition=share.edition,
                later_editions=share.later_editions,
                until=share.until,
                purpose=purpose,
            )
            for share, purpose in zip(shares, purposes, strict=True)
            for reader, stands_in in (
                *((reader, None) for reader in await self._readers(share, manager, partners)),
                *((one.delegate, one) for one in stand_ins.get(share.audience, ())),
            )
        ]

    async def _active(self, state: Written) -> list[profiles.AspirationShared]:
        """The sharings that leaving has not ended."""
        if await self._relations.left(state.person):
            return []
        left_on = await self._relations.left_on(state.person)
        return [share for share in state.shares.values() if left_on is None or share.effective_on > left_on]

    async def _readers(
        self, share: profiles.AspirationShared, manager: UUID | None, partners: Sequence[UUID]
    ) -> Sequence[UUID]:
        match share.audience:
            case "person":
                gone = share.reader is None or await self._relations.left(share.reader)
                return () if gone or share.reader is None else (share.reader,)
            case "my_manager":
                return (manager,) if manager is not None and manager == share.reader else ()
            case "whoever_is_my_manager":
                return (manager,) if manager is not None else ()
            case "my_hr_partner":
                return partners

    async def readers(
        self, person: UUID, aspiration: UUID, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[Reader]:
        """Who has read it here, latest first."""
        return await readers(self._rows, person, aspiration, cursor=cursor, limit=limit)

    async def _shared(
        self, person: UUID, caller: Caller, aspiration: UUID | None, before: UUID | None, limit: int
    ) -> list[asyncpg.Record]:
        as_partner = Role.HR_PARTNER in caller.roles
        today = await self._relations.today(person, datetime.now(UTC))
        return await self._rows.fetch(_SHARED, person, caller.person, as_partner, aspiration, before, limit, today)

    def _note(self, caller: Caller, relation: Relation, rows: Sequence[asyncpg.Record]) -> None:
        in_place_of = {"whoever_is_my_manager": relation.for_manager, "my_hr_partner": relation.for_hr_partner}
        shown = [
            Shown(
                "aspiration",
                row["aspiration"],
                row["person"],
                row["audience"],
                row["share"],
                stands_in_for=in_place_of.get(row["audience"]),
            )
            for row in rows
        ]
        self._audit.note(caller, shown)

    async def _views(self, rows: Sequence[asyncpg.Record]) -> list[AspirationView]:
        today = datetime.now(UTC).date()
        documents = [
            {
                **row,
                "stale": is_stale(row["confirmed_on"], today),
                "content": orjson.loads(row["content"]),
                **({"shares": orjson.loads(row["shares"])} if "shares" in row else {}),
            }
            for row in map(dict, rows)
        ]
        return [AspirationView.model_validate(document) for document in await self._sealer.clear(documents)]
