"""Who is told of something, and how, as of the moment when it is told: relations, names, addresses, preferences."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from services.notifications import preferences
from services.notifications.messages import as_language
from services.notifications.tellings import Whom
from shared.contracts.profiles import Language
from shared.relations.names import Names
from shared.relations.reads import Relations, Rows, decides_on, unit_of
from shared.sealing.sealer import Sealer
from shared.streams import Streams
from shared.zones import zone_of

# Whose manager somebody ($2) has become around a day ($3): who reported to them before is told nothing new.
_BECAME = """m.manager = $2 and m.kind = 'manager' and m.from_at <= now() and m.to_at > now()
    and m.from_at >= $3::date - interval '1 day'"""
_MANAGED = f"select m.person from managers m where m.person = $1 and {_BECAME}"
_TEAM = f"""
    select distinct m.person from managers m
    join belongings b on b.person = m.person and b.from_at <= now() and b.to_at > now()
    join unit_paths p on p.unit = b.unit and p.ancestor = $1
        and p.from_on <= current_date and (p.to_on is null or p.to_on > current_date)
    where {_BECAME}"""
_HR_PARTNERS = f"""
    select distinct h.partner as person from unit_paths p join hr_partners h on h.unit = p.ancestor
    where p.unit = {unit_of("$1")} and h.partner <> $1
      and h.from_on <= current_date and (h.to_on is null or h.to_on > current_date)
      and p.from_on <= current_date and (p.to_on is null or p.to_on > current_date)"""
_OWNER = f"select {decides_on('t.unit', 't.owner', 't.by_anyone')} as person from titles t where t.opportunity = $1"
_APPLICANTS = "select distinct person from parties where opportunity = $1 and open"
_ADDRESS = """
    select value from aliases where person = $1 and source = 'email'
      and from_on <= current_date and (to_on is null or to_on > current_date) order by from_on desc, value limit 1"""
_LANGUAGE = "select language from people where person = $1"
_TITLES = """
    select opportunity as id, title from titles where opportunity = any ($1)
    union all select unit, name from units where unit = any ($1)"""
_ZONE = "select time_zone from belongings where person = $1 and from_at <= now() order by from_at desc limit 1"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person is told. `chosen` is the language of their own choice, `language` the one that is spoken to them."""

    language: Language
    chosen: Language | None
    email: bool
    muted: frozenset[str]


class Recipients:
    """Asks this service's own tables and streams."""

    def __init__(self, rows: Rows, relations: Relations, streams: Streams, sealer: Sealer) -> None:
        self._rows = rows
        self._relations = relations
        self._streams = streams
        self._sealer = sealer
        self._names = Names(rows, sealer)

    async def of(self, whom: Whom, target: UUID, who: UUID | None, day: date | None) -> list[UUID] | None:
        """Whom a telling means now; None where it is not known yet."""
        match whom:
            case "person":
                return [target]
            case "manager":
                manager = await self._relations.manager(target)
                return [manager] if manager is not None else []
            case "hr_partners":
                rows = await self._rows.fetch(_HR_PARTNERS, target)
            case "managed":
                rows = await self._rows.fetch(_MANAGED, target, who, day)
            case "team":
                rows = await self._rows.fetch(_TEAM, target, who, day)
            case "owner":
                return await self._owner(target)
            case "applicants":
                rows = await self._rows.fetch(_APPLICANTS, target)
            case _:
                assert_never(whom)
        return [row["person"] for row in rows]

    async def _owner(self, opportunity: UUID) -> list[UUID] | None:
        rows = await self._rows.fetch(_OWNER, opportunity)
        return [row["person"] for row in rows if row["person"] is not None] if rows else None

    async def wishes(self, person: UUID) -> tuple[Wishes, int]:
        """A person's preferences and the version of their stream. What was erased is as if never
        said, but no mail is sent to who may have turned them off."""
        state, version = await self._streams.state(preferences.DECIDER, preferences.preferences_id(person))
        rows = await self._rows.fetch(_LANGUAGE, person)
        reported = orjson.loads(rows[0]["language"]) if rows and rows[0]["language"] else None
        clear: dict[str, Any] = await self._sealer.clear(
            {"chosen": state.language, "email": state.email, "muted": state.muted, "reported": reported}
        )
        chosen = as_language(clear["chosen"]) if clear["chosen"] is not None else None
        return (
            Wishes(
                language=chosen or as_language(clear["reported"]),
                chosen=chosen,
                email=clear["email"] is True,
                muted=frozenset(clear["muted"] or ()),
            ),
            version,
        )

    async def address(self, person: UUID) -> str | None:
        """Where their mail goes."""
        rows = await self._rows.fetch(_ADDRESS, person)
        return rows[0]["value"] if rows else None

    async def zone(self, person: UUID) -> ZoneInfo:
        """The time zone of their place; UTC without one."""
        rows = await self._rows.fetch(_ZONE, person)
        return zone_of(rows[0]["time_zone"] if rows else "UTC")

    async def known(self, ids: Collection[str]) -> Mapping[str, str]:
        """Names of people, titles of opportunities, names of units, by id, as far as they are known and not erased."""
        wanted = [UUID(one) for one in ids]
        if not wanted:
            return {}
        names = await self._names.of(wanted)
        titles = await self._rows.fetch(_TITLES, wanted)
        return {
            **{str(person): name for person, name in names.items()},
            **{str(row["id"]): row["title"] for row in titles},
        }
