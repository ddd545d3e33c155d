"""What a read asks of relations, always as of now: fragments for the read's own SQL, an indexed look-up each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, get_args
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

import asyncpg

from shared.auth.callers import Caller, Role
from shared.contracts.profiles import Capacity, Measure
from shared.refusals import NotAllowed, NotFound, Unavailable
from shared.relations.model import fold_alias
from shared.zones import zone_of


class Rows(Protocol):
    """What asks the database: a pool that never waits without a deadline."""

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]: ...


class Fresh(Protocol):
    """How current this service's relations are."""

    async def age(self) -> float | None:
        """Seconds since the time as of which the model is complete; None: never."""


STALE_AFTER = 60.0
"""Seconds: with older relations nobody reads what is somebody else's."""


class RelationsStale(Unavailable, code="relations-stale"):
    """Who may read what others wrote is not known well enough at this moment; your own data still works."""


# Aliases begin with r: a caller's own must not be caught within a fragment.


def is_manager(person: str, caller: str) -> str:
    """SQL: `caller` manages `person` now (both SQL expressions)."""
    return (
        f"exists (select from managers rm where rm.person = {person} and rm.manager = {caller}"
        " and rm.from_at <= now() and rm.to_at > now())"
    )


def is_hr_partner(person: str, caller: str) -> str:
    """SQL: `caller` is HR partner now for the unit that `person` belongs to, or belonged to last; never for oneself."""
    return f"(({caller}) <> ({person}) and {partners_unit(unit_of(person), caller)})"


def unit_of(person: str) -> str:
    """SQL: the unit that `person` belongs to now, or belonged to last."""
    return (
        f"(select rb.unit from belongings rb where rb.person = {person} and rb.from_at <= now()"
        " order by rb.from_at desc limit 1)"
    )


def legal_entity_of(person: str) -> str:
    """SQL: the legal entity that `person` belongs to now, or belonged to last."""
    return (
        f"(select rb.legal_entity from belongings rb where rb.person = {person} and rb.from_at <= now()"
        " order by rb.from_at desc limit 1)"
    )


def is_switched_on(measure: Measure, person: str) -> str:
    """SQL: the legal entity of `person` has this measure turned on now."""
    return (
        f"exists (select from switches rs where rs.legal_entity = {legal_entity_of(person)}"
        f" and rs.measure = '{measure}' and rs.is_on)"
    )


def reads_as(capacity: Capacity, person: str, caller: str) -> str:
    """SQL: `caller` is manager or HR partner of `person` now, or stands in for who is: for reads alone."""
    itself = is_manager(person, caller) if capacity == "manager" else is_hr_partner(person, caller)
    return f"({itself} or {stands_in_for(capacity, person, caller)} is not null)"


def stands_in_for(capacity: Capacity, person: str, caller: str) -> str:
    """SQL: the manager or HR partner of `person` for whom `caller` stands in now; null: nobody."""
    return (
        f"(select rd.delegator from delegations rd where rd.delegate = {caller} and {_stands_in(capacity, person)}"
        " order by rd.delegator limit 1)"
    )


def _stands_in(capacity: Capacity, person: str) -> str:
    """SQL: this delegation (`rd`) holds now, for what its delegator is to `person`; for nobody of oneself.

    What a delegator is by delegation, or because an employee without a manager chose them, they do not hand on.
    """
    relation = {
        "manager": f"rd.delegator = (select rm.manager from managers rm where rm.person = {person}"
        " and rm.kind = 'manager' and rm.from_at <= now() and rm.to_at > now())",
        "hr_partner": is_hr_partner(person, "rd.delegator"),
    }
    return (
        f"'{capacity}' = any (rd.capacities) and rd.from_at <= now() and rd.to_at > now()"
        f" and rd.delegate <> {person} and {relation[capacity]} and not {has_left('rd.delegate')}"
    )


def partners_unit(unit: str, caller: str) -> str:
    """SQL: `caller` is HR partner now for `unit` or one above it, and has not left."""
    return (
        "(exists (select from unit_paths rp join hr_partners rh on rh.unit = rp.ancestor"
        f" where rp.unit = {unit} and rh.partner = {caller} and rh.from_on <= current_date"
        " and (rh.to_on is null or rh.to_on > current_date) and rp.from_on <= current_date"
        f" and (rp.to_on is null or rp.to_on > current_date)) and not {has_left(caller)})"
    )


def leads_unit(unit: str, caller: str) -> str:
    """SQL: `caller` leads `unit` or one above it now."""
    return (
        "exists (select from unit_paths rp join lateral (select rl.leader from unit_leaders rl"
        " where rl.unit = rp.ancestor and rl.effective_on <= current_date"
        " order by rl.effective_on desc, rl.seq desc limit 1) rled on true"
        f" where rp.unit = {unit} and rled.leader = {caller} and rp.from_on <= current_date"
        " and (rp.to_on is null or rp.to_on > current_date))"
    )


def decides_on(unit: str, owner: str, by_anyone: str) -> str:
    """SQL: who decides on the applications for what `owner` posted for `unit`, if anybody does now.

    Who posted it, while they are somebody who could, or where anyone offers such things; else who leads the unit.
    Nobody where that one has left, too.
    """
    leader = (
        f"(select rl.leader from unit_leaders rl where rl.unit = {unit} and rl.effective_on <= current_date"
        " order by rl.effective_on desc, rl.seq desc limit 1)"
    )
    decides = (
        f"case when {has_left(owner)} then case when not {by_anyone} then {leader} end"
        f" when {by_anyone} or {leads_unit(unit, owner)} or {partners_unit(unit, owner)} then {owner}"
        f" else {leader} end"
    )
    return (
        f"(select case when not {has_left('rfound.person')} then rfound.person end"
        f" from (select {decides} as person) as rfound)"
    )


def has_left(person: str) -> str:
    """SQL: `person` is known to have left by today, where they are."""
    return (
        "coalesce((select ree.kind = 'left' from employment_facts ree"
        f" where ree.person = {person} and ree.begins_at <= now()"
        " order by ree.effective_on + (ree.kind = 'left')::int desc, ree.seq desc limit 1), false)"
    )


def comes_back(person: str) -> str:
    """SQL: `person` has left, and it is known that they join again on a later day."""
    return (
        f"({has_left(person)} and coalesce((select rc.kind <> 'left' from employment_facts rc"
        f" where rc.person = {person}"
        " order by rc.effective_on + (rc.kind = 'left')::int desc, rc.seq desc limit 1), false))"
    )


def over_until(person: str) -> str:
    """SQL: the day up to which all that `person` shared is over; null: they never left.

    Of who is back the day before they came back, or their last day in, if that was later; of who has left each day.
    """
    return (
        f"(case when {has_left(person)} then 'infinity'::date else"
        " (select case when bool_or(rl.kind = 'left') then max(rl.effective_on - (rl.kind = 'rejoined')::int) end"
        " from employment_facts rl"
        f" where rl.person = {person} and rl.kind <> 'joined' and rl.begins_at <= now()) end)"
    )


def is_over(person: str, day: str) -> str:
    """SQL: what `person` shared on `day` is over, since they have left: it stays so when they come back."""
    return f"coalesce({day} <= {over_until(person)}, false)"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a caller is to a person now."""

    self: bool
    manager: bool
    hr_partner: bool
    interim: bool = False
    """A manager who only stands in, chosen by the person."""
    for_manager: UUID | None = None
    """The manager for whom they stand in, by delegation: it is for reads, and makes nobody the manager."""
    for_hr_partner: UUID | None = None
    """The same of an HR partner."""

    @property
    def reads(self) -> bool:
        """Whether they are somebody who reads what is shown to managers or HR partners."""
        stands_in = self.for_manager is not None or self.for_hr_partner is not None
        return self.manager or self.hr_partner or stands_in


@dataclass(frozen=True, slots=True)
class StandIn:
    """Who stands in for a manager or HR partner, and the last day on which they do."""

    delegate: UUID
    delegator: UUID
    until: date


_RELATION = f"""select {is_manager("$1", "$2")} as manager, {is_hr_partner("$1", "$2")} as hr_partner,
        {stands_in_for("manager", "$1", "$2")} as for_manager,
        {stands_in_for("hr_partner", "$1", "$2")} as for_hr_partner,
        exists (select from managers ri where ri.person = $1 and ri.manager = $2 and ri.kind = 'interim'
            and ri.from_at <= now() and ri.to_at > now()) as interim
    from (select $1::uuid, $2::uuid) as given"""

_MANAGER = """select manager, kind from managers
    where person = $1 and from_at <= now() and to_at > now() and manager is not null"""

_HR_PARTNERS = f"""select distinct rh.partner from unit_paths rp join hr_partners rh on rh.unit = rp.ancestor
    where rp.unit = {unit_of("$1")} and rh.partner <> $1 and rh.from_on <= current_date
      and (rh.to_on is null or rh.to_on > current_date) and rp.from_on <= current_date
      and (rp.to_on is null or rp.to_on > current_date) and not {has_left("rh.partner")} order by rh.partner"""

_STAND_INS = {
    capacity: f"""select rd.delegate, rd.delegator, rd.until from delegations rd
        where rd.delegator = any ($2) and {_stands_in(capacity, "$1::uuid")} order by rd.delegate, rd.delegator"""
    for capacity in get_args(Capacity)
}
_TIME_ZONE = """select time_zone from belongings where person = $1 and from_at <= now() order by from_at desc limit 1"""
_ZONES_KEPT = 100_000

_BY_ID_OR_ALIAS = """
    select person from employment_facts where person = $1
    union
    select person from aliases
    where value = $2 and source = any ($3) and from_on <= current_date and (to_on is null or to_on > current_date)"""


class Relations:
    """Reads of one service's own relations tables."""

    def __init__(self, rows: Rows, fresh: Fresh) -> None:
        self._rows = rows
        self._fresh = fresh
        self._nobody = uuid4()
        self._zones: dict[UUID, tuple[float, ZoneInfo]] = {}

    async def person(self, alias: str, sources: Sequence[str] = ("employee_number", "subject")) -> UUID:
        """The person of an id or alias as it stands in a path. Raises NotFound, also where two persons match."""
        found = await self.persons(alias, sources)
        if len(found) != 1:
            raise NotFound
        return found[0]

    async def persons(self, alias: str, sources: Sequence[str]) -> list[UUID]:
        """Every person whom an id or a valid alias of these sources names now."""
        rows = await self._rows.fetch(_BY_ID_OR_ALIAS, _as_uuid(alias), fold_alias(alias), list(sources))
        return [row["person"] for row in rows]

    async def between(self, person: UUID, caller: Caller) -> Relation:
        """What the caller is to the person. Raises RelationsStale unless it is the person themselves."""
        if caller.person is None:
            return Relation(self=False, manager=False, hr_partner=False)
        if caller.person == person:
            return Relation(self=True, manager=False, hr_partner=False)
        await self.require_fresh()
        row = (await self._rows.fetch(_RELATION, person, caller.person))[0]
        as_partner = Role.HR_PARTNER in caller.roles
        return Relation(
            self=False,
            manager=row["manager"],
            hr_partner=row["hr_partner"] and as_partner,
            interim=row["interim"],
            for_manager=None if row["manager"] else row["for_manager"],
            for_hr_partner=None if row["hr_partner"] or not as_partner else row["for_hr_partner"],
        )

    async def named(self, alias: str, caller: Caller) -> UUID:
        """The person of a path; who names themselves, without asking the database.

        Who is nobody has a stand-in, the same one for the same alias, of whom there is nothing: the read finds that out
        as it does of who is not the caller's, with the same answer after the same time.
        """
        if caller.person is not None and alias == str(caller.person):
            return caller.person
        try:
            return await self.person(alias)
        except NotFound:
            return uuid5(self._nobody, alias)

    async def oneself(self, alias: str, caller: Caller) -> UUID:
        """The person of a path who must be the caller; by their id, without asking the database. Raises NotFound."""
        if caller.person is None or (alias != str(caller.person) and await self.person(alias) != caller.person):
            raise NotFound
        return caller.person

    async def not_found(self) -> NotFound:
        """What is said of what is not there: nothing else than of what is not the caller's. Raises RelationsStale."""
        await self.require_fresh()
        return NotFound()

    async def today(self, person: UUID, at: datetime) -> date:
        """The calendar date at the person's place (kept for a minute), UTC where there is none."""
        kept = self._zones.get(person)
        if kept is None or kept[0] < at.timestamp():
            rows = await self._rows.fetch(_TIME_ZONE, person)
            kept = (at.timestamp() + 60.0, zone_of(rows[0]["time_zone"] if rows else "UTC"))
            if len(self._zones) >= _ZONES_KEPT:
                self._zones.clear()
            self._zones[person] = kept
        return at.astimezone(kept[1]).date()

    async def manager(self, person: UUID) -> UUID | None:
        """The person's manager now, or who stands in; None: a vacancy."""
        rows = await self._rows.fetch(_MANAGER, person)
        return rows[0]["manager"] if rows else None

    async def hr_partners(self, person: UUID) -> list[UUID]:
        """Everybody who is HR partner for the person now."""
        return [row["partner"] for row in await self._rows.fetch(_HR_PARTNERS, person)]

    async def stand_ins(self, capacity: Capacity, person: UUID, delegators: Sequence[UUID]) -> list[StandIn]:
        """Who stands in now for these managers or HR partners of the person."""
        rows = await self._rows.fetch(_STAND_INS[capacity], person, list(delegators))
        return [StandIn(**row) for row in rows]

    async def vacant(self, person: UUID) -> bool:
        """Whether the person has no manager now but who stands in."""
        rows = await self._rows.fetch(_MANAGER, person)
        return not rows or rows[0]["kind"] == "interim"

    async def leads(self, unit: UUID, caller: UUID) -> bool:
        """Whether the caller leads the unit or one above it, now."""
        return bool((await self._rows.fetch(f"select {leads_unit('$1', '$2')} as yes", unit, caller))[0]["yes"])

    async def partners(self, unit: UUID, caller: UUID) -> bool:
        """Whether the caller is HR partner for the unit, now."""
        return bool((await self._rows.fetch(f"select {partners_unit('$1', '$2')} as yes", unit, caller))[0]["yes"])

    async def left(self, person: UUID) -> bool:
        """Whether the person has left by today."""
        return bool((await self._rows.fetch(f"select {has_left('$1')} as yes", person))[0]["yes"])

    async def comes_back(self, person: UUID) -> bool:
        """Whether the person has left, and is known to join again."""
        return bool((await self._rows.fetch(f"select {comes_back('$1')} as yes", person))[0]["yes"])

    async def require_present(self, person: UUID) -> None:
        """Raises NotAllowed for who has left."""
        if await self.left(person):
            raise NotAllowed("Who has left can do this no more.")

    async def over_until(self, person: UUID) -> date | None:
        """The day up to which what the person shared is over; date.max: they have left; None: they never did."""
        found: date | None = (await self._rows.fetch(f"select {over_until('$1')} as day", person))[0]["day"]
        return found

    async def is_over(self, person: UUID, day: date) -> bool:
        """Whether what the person shared on a day is over, since they have left."""
        found = await self._rows.fetch(f"select {is_over('$1', '$2::date')} as yes", person, day)
        return bool(found[0]["yes"])

    async def check(self) -> str | None:
        """For readiness: why others' records cannot be read now."""
        age = await self._fresh.age()
        if age is None:
            return "it is not known yet how current relations are"
        return f"relations are {age:.0f} s old" if age > STALE_AFTER else None

    async def require_fresh(self) -> None:
        """Raises RelationsStale when relations are older than STALE_AFTER."""
        age = await self._fresh.age()
        if age is None or age > STALE_AFTER:
            raise RelationsStale(retry_after=5)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
