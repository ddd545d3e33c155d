"""Who reads what is shared, and why: judged as of now, in the read's own SQL; read by others, it is noted."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from shared.audit import Book, Shown, readers
from shared.audit.named import NamedReader, named
from shared.auth.callers import Caller, Role
from shared.contracts.profiles import AudienceKind
from shared.http import Page
from shared.refusals import NotFound, Unavailable
from shared.relations.names import Names
from shared.relations.reads import (
    STALE_AFTER,
    Fresh,
    Relation,
    Relations,
    Rows,
    has_left,
    is_manager,
    is_over,
    reads_as,
)
from shared.sealing.sealer import Sealer
from shared.sharing.openings import DECIDES, SUBMISSION, takes
from shared.sharing.rules import Item, Kind, Share


class SharingsStale(Unavailable, code="sharings-stale"):
    """What others share with you is not known well enough at this moment; your own data still works."""


async def require_fresh(fresh: Fresh) -> None:
    """Raises SharingsStale for a model older than STALE_AFTER: what was withdrawn meanwhile would still show."""
    age = await fresh.age()
    if age is None or age > STALE_AFTER:
        raise SharingsStale(retry_after=5)


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
    manager or HR partner is away has their id in `stands_in_for`, and reads it up to the day `stands_in_until`. Names
    are null where they were erased.
    """

    reader: UUID
    reader_name: str | None
    stands_in_for: UUID | None
    stands_in_for_name: str | None
    stands_in_until: date | None
    because: AudienceKind
    share: UUID
    edition: int
    later_editions: bool
    until: date | None
    purpose: str | None


def _shared(columns: str, joined: str) -> str:
    """SQL: of each thing of a kind ($8) that a person ($1) shares with a reader ($2, as HR partner if $3) on a day ($7,
    today where the person is), the newest edition.

    Nobody reads what somebody shared who has left since, and that stays so if they come back.
    """
    return f"""
    select distinct on (s.item) s.item, s.person, s.edition, s.content, s.share, s.audience{columns}
    from shares s {joined}
    where s.person = $1 and s.kind = $8 and (s.until is null or s.until >= $7)
      and not {is_over("s.person", "s.shared_on")}
      and ((s.audience = 'person' and s.reader = $2 and not {has_left("$2::uuid")})
        or (s.audience = 'my_manager' and s.reader = $2 and {is_manager("s.person", "$2::uuid")})
        or (s.audience = 'whoever_is_my_manager' and {reads_as("manager", "s.person", "$2::uuid")})
        or (s.audience = 'my_hr_partner' and $3 and {reads_as("hr_partner", "s.person", "$2::uuid")})
        or (s.audience = 'opportunity_leader' and {takes("s.submission", "s.person", "$2::uuid")}))
      and ($4::uuid is null or s.item = $4) and ($5::uuid is null or s.item < $5)
    order by s.item desc, s.edition desc limit $6"""


class Sharings:
    """Reads of one kind. Words are unsealed here, for a reader whom the query has let through."""

    def __init__(
        self,
        kind: Kind[Any],
        rows: Rows,
        relations: Relations,
        sealer: Sealer,
        audit: Book,
        *,
        fresh: Fresh,
        openings_fresh: Fresh,
        shown: Collection[str] = (),
        joined: str = "",
    ) -> None:
        """`fresh`: how current `Shares` is; `openings_fresh`: `Openings`. `shown`: columns of the kind's own table that
        are shown with what was shared; `joined` joins it to `s`."""
        self.kind = kind
        self._rows = rows
        self._relations = relations
        self._fresh, self._openings_fresh = fresh, openings_fresh
        self._sealer = sealer
        self._names = Names(rows, sealer)
        self._audit = audit
        self._query = _shared("".join(f", {column}" for column in shown), joined)

    async def page(
        self, person: UUID, caller: Caller, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[dict[str, Any]]:
        """What the person shares with the caller now, newest first: fields of the kind, in clear.

        Raises NotFound for somebody to whom the caller is nothing and who shares nothing; RelationsStale,
        SharingsStale.
        """
        before = UUID(str(cursor[0])) if cursor else None
        relation = await self._relations.between(person, caller)
        rows = await self._find(person, caller, None, before, limit + 1)
        if not rows and not relation.reads:
            raise NotFound
        items = await self._read(caller, relation, rows[:limit])
        return Page(items, (str(rows[limit - 1]["item"]),) if len(rows) > limit else None)

    async def one(self, person: UUID, caller: Caller, item: UUID) -> dict[str, Any]:
        """What the person shares of this item with the caller now. Raises NotFound, RelationsStale, SharingsStale."""
        relation = await self._relations.between(person, caller)
        rows = await self._find(person, caller, item, None, 1)
        if not rows:
            raise NotFound
        [found] = await self._read(caller, relation, rows)
        return found

    async def own(self, item: Item) -> list[ShareView]:
        """With whom its owner shares it, as they said it."""
        shares = await self._active(item)
        purposes = await self._sealer.clear([share.purpose for share in shares])
        return [
            ShareView(
                share=share.share,
                audience=share.audience,
                reader=share.reader,
                edition=share.edition,
                later_editions=share.later_editions,
                until=share.until,
                purpose=purpose,
            )
            for share, purpose in zip(shares, purposes, strict=True)
        ]

    async def audience(self, item: Item, today: date) -> list[AudienceView]:
        """Who can read it now, and why: by relations as they are, not as they were when it was shared."""
        manager = await self._relations.manager(item.person)
        managers = [manager] if manager is not None else []
        partners = await self._relations.hr_partners(item.person)
        stand_ins = {
            "whoever_is_my_manager": await self._relations.stand_ins("manager", item.person, managers),
            "my_hr_partner": await self._relations.stand_ins("hr_partner", item.person, partners),
        }
        shares = [share for share in await self._active(item) if share.until is None or share.until >= today]
        purposes = await self._sealer.clear([share.purpose for share in shares])
        found = [
            (share, purpose, reader, stands_in)
            for share, purpose in zip(shares, purposes, strict=True)
            for reader, stands_in in (
                *((reader, None) for reader in await self._readers(share, manager, partners)),
                *((one.delegate, one) for one in stand_ins.get(share.audience, ())),
            )
        ]
        delegators = {stands_in.delegator for _, _, _, stands_in in found if stands_in is not None}
        names = await self._names.of({reader for _, _, reader, _ in found} | delegators)
        return [
            AudienceView(
                reader=reader,
                reader_name=names.get(reader),
                stands_in_for=stands_in and stands_in.delegator,
                stands_in_for_name=stands_in and names.get(stands_in.delegator),
                stands_in_until=stands_in and stands_in.until,
                because=share.audience,
                share=share.share,
                edition=share.edition,
                later_editions=share.later_editions,
                until=share.until,
                purpose=purpose,
            )
            for share, purpose, reader, stands_in in found
        ]

    async def _active(self, item: Item) -> list[Share]:
        """The sharings that leaving has not ended."""
        over_until = await self._relations.over_until(item.person)
        return [share for share in item.shares.values() if share.outlasts(over_until)]

    async def _readers(self, share: Share, manager: UUID | None, partners: Sequence[UUID]) -> Sequence[UUID]:
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
            case "opportunity_leader":
                return [row["person"] for row in await self._rows.fetch(DECIDES, share.submission)]

    async def submission(self, person: UUID, opportunity: UUID) -> UUID | None:
        """Of the person's open application, as far as it is known here."""
        rows = await self._rows.fetch(SUBMISSION, person, opportunity)
        return rows[0]["submission"] if rows else None

    async def readers(
        self, person: UUID, item: UUID, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[NamedReader]:
        """Who has read it here, latest first."""
        found = await readers(self._rows, person, item, kind=self.kind.name, cursor=cursor, limit=limit)
        return await named(found, self._names)

    async def _find(
        self, person: UUID, caller: Caller, item: UUID | None, before: UUID | None, limit: int
    ) -> list[asyncpg.Record]:
        await require_fresh(self._fresh)
        as_partner = Role.HR_PARTNER in caller.roles
        today = await self._relations.today(person, datetime.now(UTC))
        asked = (person, caller.person, as_partner, item, before, limit, today, self.kind.name)
        rows = await self._rows.fetch(self._query, *asked)
        if any(row["audience"] == "opportunity_leader" for row in rows):
            await require_fresh(self._openings_fresh)
        return rows

    async def _read(self, caller: Caller, relation: Relation, rows: Sequence[asyncpg.Record]) -> list[dict[str, Any]]:
        sealed = [{**row, **orjson.loads(row.pop("content"))} for row in map(dict, rows)]
        clear: list[dict[str, Any]] = await self._sealer.clear(sealed)
        self._note(caller, relation, rows)
        return [{**one, self.kind.item: one["item"], self.kind.person: one["person"]} for one in clear]

    def _note(self, caller: Caller, relation: Relation, rows: Sequence[asyncpg.Record]) -> None:
        in_place_of = {"whoever_is_my_manager": relation.for_manager, "my_hr_partner": relation.for_hr_partner}
        shown = [
            Shown(
                self.kind.name,
                row["item"],
                row["person"],
                row["audience"],
                row["share"],
                stands_in_for=in_place_of.get(row["audience"]),
            )
            for row in rows
        ]
        self._audit.note(caller, shown)
