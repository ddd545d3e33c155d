"""Renews what the rules make of the facts: managers, belongings and the paths up from each unit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg

from shared.relations.facts import (
    EmploymentFact,
    InterimFact,
    ManagerFact,
    Organisation,
    PersonFacts,
    PlaceFact,
    UnitFacts,
    as_of,
)
from shared.relations.managers import Belonging, Managed, belongings, managers
from shared.zones import zone_of

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)

# People whose manager may follow from these units: who ever had a place in them or below them.
_BELOW = """
    with recursive below (unit) as (
        select unnest($1::uuid[])
        union
        select p.unit from unit_parents p join below b on p.parent = b.unit
    )
    select distinct person from place_facts where unit in (select unit from below)"""

# People whose manager may be one of these: in units that they ever led, or assigned to them.
_UNDER = """
    with recursive below (unit) as (
        select unit from unit_leaders where leader = any ($1)
        union
        select p.unit from unit_parents p join below b on p.parent = b.unit
    )
    select person from place_facts where unit in (select unit from below)
    union
    select person from manager_facts where manager = any ($1)
    union
    select person from interim_facts where partner = any ($1)"""

_CHIEFS = """
    select leader as person from unit_leaders where leader is not null
    union select manager from manager_facts where manager is not null and line = 'solid'
    union select partner from interim_facts where partner is not null"""


async def chiefs_of(connection: asyncpg.Connection) -> set[UUID]:
    """Everybody whom a fact makes somebody's manager, or names as who stands in."""
    return {row["person"] for row in await connection.fetch(_CHIEFS)}


async def renew_people(
    connection: asyncpg.Connection,
    *,
    people: Collection[UUID],
    units: Collection[UUID],
    left: Collection[UUID],
    before: Collection[UUID],
) -> None:
    """Works out managers and belongings anew for those concerned; in the transaction that stored the facts.

    `before`: who was a chief until then, where the facts may have made somebody one no more.
    """
    concerned = set(people)
    if units:
        concerned.update(row["person"] for row in await connection.fetch(_BELOW, list(units)))
    if left:
        concerned.update(row["person"] for row in await connection.fetch(_UNDER, list(left)))
    if not concerned:
        return
    chiefs = await chiefs_of(connection) | set(before)
    if concerned & chiefs:
        # A chief who moves may close or open a circle of chiefs.
        concerned |= chiefs
    organisation = Organisation(await _units(connection), await _people(connection, concerned | chiefs))
    await _store(connection, concerned, organisation)
    if people:
        await _store_beginnings(connection, people, organisation)


async def renew_units(connection: asyncpg.Connection) -> None:
    """Works out the paths up from each unit anew: they are few."""
    units = await _units(connection)
    rows = [(unit, *path) for unit in units for path in _paths(unit, units)]
    await connection.execute("delete from unit_paths")
    await connection.execute(
        """insert into unit_paths (unit, ancestor, from_on, to_on)
           select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::date[])""",
        *(_columns(rows) or ([], [], [], [])),
    )


def _paths(unit: UUID, units: dict[UUID, UnitFacts]) -> Iterable[tuple[UUID, date, date | None]]:
    """Each unit above (itself first) with the days over which it is."""
    days = {day for one in units.values() for day, _ in one.parents} | {date.min}
    spans: dict[UUID, list[tuple[date, date | None]]] = defaultdict(list)
    ordered = sorted(days)
    for index, day in enumerate(ordered):
        following = ordered[index + 1] if index + 1 < len(ordered) else None
        above: UUID | None = unit
        seen: set[UUID] = set()
        while above is not None and above not in seen:
            seen.add(above)
            last = spans[above][-1] if spans[above] else None
            if last and last[1] == day:
                spans[above][-1] = (last[0], following)
            else:
                spans[above].append((day, following))
            above = as_of(units[above].parents, day) if above in units else None
    return ((ancestor, *span) for ancestor, found in spans.items() for span in found)


async def _units(connection: asyncpg.Connection) -> dict[UUID, UnitFacts]:
    leaders: dict[UUID, list[tuple[date, UUID | None]]] = defaultdict(list)
    parents: dict[UUID, list[tuple[date, UUID | None]]] = defaultdict(list)
    for row in await connection.fetch("select * from unit_leaders order by effective_on, seq"):
        leaders[row["unit"]].append((row["effective_on"], row["leader"]))
    for row in await connection.fetch("select * from unit_parents order by effective_on, seq"):
        parents[row["unit"]].append((row["effective_on"], row["parent"]))
    return {unit: UnitFacts(tuple(leaders[unit]), tuple(parents[unit])) for unit in {*leaders, *parents}}


async def _people(connection: asyncpg.Connection, people: Collection[UUID]) -> dict[UUID, PersonFacts]:
    wanted = list(people)
    employment: dict[UUID, list[EmploymentFact]] = defaultdict(list)
    places: dict[UUID, list[PlaceFact]] = defaultdict(list)
    explicit: dict[UUID, list[ManagerFact]] = defaultdict(list)
    interim: dict[UUID, list[InterimFact]] = defaultdict(list)
    for row in await connection.fetch("select * from employment_facts where person = any ($1)", wanted):
        employment[row["person"]].append(EmploymentFact(row["kind"], row["effective_on"], row["seq"]))
    for row in await connection.fetch("select * from place_facts where person = any ($1)", wanted):
        places[row["person"]].append(
            PlaceFact(
                row["kind"],
                row["position"],
                row["effective_on"],
                row["seq"],
                row["unit"],
                row["is_primary"],
                row["time_zone"],
                row["legal_entity"],
            )
        )
    for row in await connection.fetch("select * from manager_facts where person = any ($1) and line = 'solid'", wanted):
        explicit[row["person"]].append(ManagerFact(row["position"], row["effective_on"], row["seq"], row["manager"]))
    for row in await connection.fetch("select * from interim_facts where person = any ($1)", wanted):
        interim[row["person"]].append(InterimFact(row["effective_on"], row["seq"], row["partner"]))
    return {
        person: PersonFacts(
            tuple(employment[person]), tuple(places[person]), tuple(explicit[person]), tuple(interim[person])
        )
        for person in wanted
    }


async def _store(connection: asyncpg.Connection, people: Collection[UUID], organisation: Organisation) -> None:
    managed: list[tuple[object, ...]] = []
    belonging: list[tuple[object, ...]] = []
    for person in people:
        units = belongings(organisation.person(person))
        belonging.extend(
            (person, one.unit, one.time_zone, one.legal_entity, *span) for one, *span in instants(units, units)
        )
        managed.extend(
            (person, one.manager, one.kind, *span) for one, *span in instants(managers(person, organisation), units)
        )
    everyone = list(people)
    await connection.execute("delete from managers where person = any ($1)", everyone)
    await connection.execute("delete from belongings where person = any ($1)", everyone)
    if managed:
        await connection.execute(
            """insert into managers (person, manager, kind, from_at, to_at)
               select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])""",
            *_columns(managed),
        )
    if belonging:
        await connection.execute(
            """insert into belongings (person, unit, time_zone, legal_entity, from_at, to_at)
               select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[],
                   $6::timestamptz[])""",
            *_columns(belonging),
        )


async def _store_beginnings(
    connection: asyncpg.Connection, people: Collection[UUID], organisation: Organisation
) -> None:
    """The instant from which each fact of these people makes a difference: its day begins where the person is then.

    Of a delegation also the one at which it ends.
    """
    units = {person: belongings(organisation.person(person)) for person in people}
    employment = [
        (
            row["fact"],
            _instant(row["effective_on"] + timedelta(days=row["kind"] == "left"), _zone(held, row["effective_on"])),
        )
        for row in await connection.fetch("select * from employment_facts where person = any ($1)", list(people))
        for held in (units[row["person"]],)
    ]
    places: list[tuple[object, ...]] = []
    zones: dict[tuple[UUID, str], str] = {}
    for row in await connection.fetch(_PLACES_IN_ORDER, list(people)):
        place = row["person"], row["position"]
        if row["kind"] != "ended":
            zones[place] = row["time_zone"]
        places.append((row["fact"], _instant(row["effective_on"], zones.get(place, row["time_zone"]))))
    for table, rows in (("employment_facts", employment), ("place_facts", places)):
        if rows:
            await connection.execute(_BEGIN.format(table=table), *_columns(rows))
    for row in await connection.fetch("select * from delegations where delegator = any ($1)", list(people)):
        held, ends = units[row["delegator"]], row["ended_on"] or row["until"] + timedelta(days=1)
        span = [_instant(day, _zone(held, day)) for day in (row["from_on"], ends)]
        await connection.execute(_SPAN, row["delegation"], *span)


_SPAN = "update delegations set from_at = $2, to_at = $3 where delegation = $1"
_PLACES_IN_ORDER = "select * from place_facts where person = any ($1) order by effective_on, seq"
_BEGIN = """update {table} f set begins_at = given.begins_at
    from unnest($1::uuid[], $2::timestamptz[]) as given (fact, begins_at)
    where f.fact = given.fact and f.begins_at is distinct from given.begins_at"""

_Dated = TypeVar("_Dated", Managed, Belonging)


def instants(dated: Sequence[_Dated], units: Sequence[Belonging]) -> Iterator[tuple[_Dated, datetime, datetime]]:
    """Each interval with its instants, newest first: a day begins where the place held on it is.

    What follows directly ends what was before, also where the time zone changes in between.
    """
    limit, following = _END, None
    for one in reversed(dated):
        begins = _instant(one.from_on, _zone(units, one.from_on))
        ends = limit
        if one.to_on is not None and one.to_on != following:
            ends = min(limit, _instant(one.to_on, _zone(units, one.to_on - timedelta(days=1))))
        if begins < ends:
            yield one, begins, ends
        limit, following = min(limit, begins), one.from_on


def _zone(units: Sequence[Belonging], on: date) -> str:
    """The time zone of the place held on a day, or held last, or first."""
    first = units[0].time_zone if units else "UTC"
    return next((one.time_zone for one in reversed(units) if one.from_on <= on), first)


def _instant(day: date, time_zone: str) -> datetime:
    if day == date.min:
        return _BEGINNING
    return datetime.combine(day, time(0), zone_of(time_zone))


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
