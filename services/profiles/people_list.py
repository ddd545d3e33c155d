"""People and units as they are listed: from the relations tables, for those who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from shared.auth.callers import Caller, Role, Scope
from shared.http import Page
from shared.refusals import NotFound
from shared.relations.model import fold_alias
from shared.relations.reads import Relations, Rows, is_manager, reads_as
from shared.sealing.sealer import Sealer

MOST_LOOKED_UP = 200

Status = Literal["active", "leave", "left", "future"]


class PersonView(BaseModel):
    """A person today. `status`: active, on leave, left, or joining in the future. Names are null when erased.

    `changed_at`: when a fact of this person was recorded last; the newest one seen is the next `changed_since`. A day
    that comes, or a unit's new leader, changes what stands here without moving it.
    """

    person: UUID
    given_name: str | None
    family_name: str | None
    language: str | None
    employee_number: str | None
    email: str | None
    status: Status
    joined_on: date | None
    left_on: date | None
    position: str | None
    unit: UUID | None
    title: str | None
    job_level: int | None
    legal_entity: str | None
    country: str | None
    time_zone: str | None
    manager: UUID | None
    manager_kind: Literal["manager", "interim"] | None
    changed_at: datetime


class Match(BaseModel):
    """One answer to a look-up: which of the given values it belongs to, by its place in the list."""

    matched: Literal["ids", "employee_numbers", "emails"]
    index: int
    person: PersonView


class UnitView(BaseModel):
    """A unit today."""

    unit: UUID
    code: str
    name: str
    parent: UUID | None
    leader: UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of the list."""

    unit: UUID | None = None
    manager: UUID | None = None
    status: Status | None = None
    changed_since: datetime | None = None


# Everything of a person today. A fact dated later is seen by nobody before its day, except that a person is "future".
_PERSON = """
    select p.person, p.name, p.language, place.position, place.unit, place.title, place.job_level, place.legal_entity,
           place.country, place.time_zone, m.manager, m.kind as manager_kind, number.given as employee_number,
           mail.given as email, joined.effective_on as joined_on,
           p.changed_at, case when latest.kind = 'left' then latest.effective_on end as left_on,
           case when latest.kind is null then 'future' when latest.kind = 'left' then 'left'
                when place.status = 'leave' then 'leave' else 'active' end as status
    from people p
    left join lateral (
        select e.kind, e.effective_on from employment_facts e
        where e.person = p.person and e.begins_at <= now()
        order by e.effective_on + (e.kind = 'left')::int desc, e.seq desc limit 1) latest on true
    left join lateral (
        select min(e.effective_on) as effective_on from employment_facts e
        where e.person = p.person and e.kind = 'joined' and e.begins_at <= now()) joined on true
    left join lateral (
        select f.* from (
            select distinct on (f.position) f.* from place_facts f
            where f.person = p.person and f.begins_at <= now()
            order by f.position, f.effective_on desc, f.seq desc) f
        where f.kind <> 'ended' order by f.is_primary desc, f.position limit 1) place on true
    left join managers m on m.person = p.person and m.from_at <= now() and m.to_at > now() and m.manager is not null
    left join lateral (
        select a.given from aliases a where a.person = p.person and a.source = 'employee_number'
          and a.from_on <= current_date and (a.to_on is null or a.to_on > current_date)
        order by a.from_on desc limit 1) number on true
    left join lateral (
        select a.given from aliases a where a.person = p.person and a.source = 'email'
          and a.from_on <= current_date and (a.to_on is null or a.to_on > current_date)
        order by a.from_on desc limit 1) mail on true"""

# Whom the caller ($1) may see: everybody ($2), as HR partner ($3) their population, else themselves and their team;
# and those of whom they stand in for.
# Who is known by id alone, as a unit's leader of whom no file tells, has not been reported as a person yet.
_VISIBLE = f"""exists (select from employment_facts e where e.person = p.person)
    and ($2 or p.person = $1 or {reads_as("manager", "p.person", "$1::uuid")}
        or ($3 and {reads_as("hr_partner", "p.person", "$1::uuid")}))"""

_PAGE = f"""select * from ({_PERSON}
      where ($4::uuid is null or p.person > $4) and {_VISIBLE}
        and ($6::uuid is null or exists (
            select from belongings b join unit_paths u on u.unit = b.unit and u.ancestor = $6
            where b.person = p.person and b.from_at <= now() and b.to_at > now()
              and u.from_on <= current_date and (u.to_on is null or u.to_on > current_date)))
        and ($7::uuid is null or {is_manager("p.person", "$7::uuid")})
        and ($9::timestamptz is null or p.changed_at >= $9)) as listed
    where ($8::text is null or status = $8)
    order by person limit $5"""

_FOUND = f"{_PERSON} where p.person = any ($4) and {_VISIBLE}"

_ALIASES = """select source, value, person from aliases
    where from_on <= current_date and (to_on is null or to_on > current_date)
      and ((source = 'employee_number' and value = any ($1)) or (source = 'email' and value = any ($2)))"""

_UNITS = """
    select u.unit, u.code, u.name, parent.parent, leader.leader from units u
    left join lateral (select f.parent from unit_parents f where f.unit = u.unit and f.effective_on <= current_date
                       order by f.effective_on desc, f.seq desc limit 1) parent on true
    left join lateral (select f.leader from unit_leaders f where f.unit = u.unit and f.effective_on <= current_date
                       order by f.effective_on desc, f.seq desc limit 1) leader on true
    where $1::text is null or u.code > $1 order by u.code limit $2"""


class PeopleList:
    """Reads of people and units."""

    def __init__(self, rows: Rows, relations: Relations, sealer: Sealer) -> None:
        self._rows = rows
        self._relations = relations
        self._sealer = sealer

    async def page(
        self, caller: Caller, wanted: Wanted, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[PersonView]:
        """People whom the caller may see, by id. Raises RelationsStale."""
        after = UUID(str(cursor[0])) if cursor else None
        rows = await self._fetch(
            _PAGE, caller, after, limit + 1, wanted.unit, wanted.manager, wanted.status, wanted.changed_since
        )
        views = await self._views(rows[:limit])
        return Page(views, (str(views[-1].person),) if len(rows) > limit else None)

    async def one(self, caller: Caller, person: UUID) -> PersonView:
        """Raises NotFound, RelationsStale."""
        if caller.person == person:
            rows = await self._rows.fetch(_FOUND, person, False, False, [person])  # noqa: FBT003 (SQL parameters)
        else:
            rows = await self._fetch(_FOUND, caller, [person])
        if not rows:
            raise NotFound
        return (await self._views(rows))[0]

    async def look_up(
        self, caller: Caller, ids: Sequence[UUID], employee_numbers: Sequence[str], emails: Sequence[str]
    ) -> list[Match]:
        """Those of the given whom the caller may see, in the order given."""
        numbers, mails = [fold_alias(one) for one in employee_numbers], [fold_alias(one) for one in emails]
        by_alias = {
            (row["source"], row["value"]): row["person"] for row in await self._rows.fetch(_ALIASES, numbers, mails)
        }
        asked: list[tuple[Literal["ids", "employee_numbers", "emails"], int, UUID | None]] = [
            *(("ids", index, person) for index, person in enumerate(ids)),
            *(
                ("employee_numbers", index, by_alias.get(("employee_number", number)))
                for index, number in enumerate(numbers)
            ),
            *(("emails", index, by_alias.get(("email", mail))) for index, mail in enumerate(mails)),
        ]
        people = list({person for _, _, person in asked if person is not None})
        views = {view.person: view for view in await self._views(await self._fetch(_FOUND, caller, people))}
        return [
            Match(matched=kind, index=index, person=views[person])
            for kind, index, person in asked
            if person is not None and person in views
        ]

    async def units(self, cursor: tuple[str | int | None, ...] | None, limit: int) -> Page[UnitView]:
        """All units, by code."""
        rows = await self._rows.fetch(_UNITS, cursor[0] if cursor else None, limit + 1)
        views = [UnitView.model_validate(dict(row)) for row in rows[:limit]]
        return Page(views, (views[-1].code,) if len(rows) > limit else None)

    async def _fetch(self, query: str, caller: Caller, *more: object) -> list[asyncpg.Record]:
        everybody = Scope.PEOPLE_READ in caller.scopes or Role.ADMIN in caller.roles
        if not everybody:
            await self._relations.require_fresh()
        return await self._rows.fetch(query, caller.person, everybody, Role.HR_PARTNER in caller.roles, *more)

    async def _views(self, rows: Sequence[asyncpg.Record]) -> list[PersonView]:
        documents: list[dict[str, Any]] = [
            {
                **row,
                "name": orjson.loads(row["name"]) if row["name"] else None,
                "language": orjson.loads(row["language"]) if row["language"] else None,
            }
            for row in map(dict, rows)
        ]
        clear = await self._sealer.clear(documents)
        return [PersonView.model_validate(_named(document)) for document in clear]


def _named(document: dict[str, Any]) -> dict[str, Any]:
    name = document.pop("name") or {}
    return {**document, "given_name": name.get("given"), "family_name": name.get("family")}
