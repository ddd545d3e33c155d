"""The read model `moves`: HR's view of who moved where. The rules are in movement.py; here is how they are kept.

All that was told of a person is stored, the newest telling of each fact; at each arrival their moves are worked out
anew from all of it, and the rows that differ are replaced. So the order of arrival does not matter, and live and
rebuilt agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from uuid import UUID

import asyncpg

from services.projections.movement import WITHIN, Fact, Move, moves_of
from services.projections.outward import due
from shared.contracts import opportunities, profiles
from shared.contracts.event import Event
from shared.contracts.reading import read_event, versions
from shared.kafka.records import Heard
from shared.zones import zone_of

_TOLD: tuple[type[Event], ...] = (
    profiles.PersonJoined,
    profiles.PersonRejoined,
    profiles.PersonLeft,
    profiles.PlaceTaken,
    profiles.PlaceChanged,
    profiles.PlaceEnded,
    profiles.FactWithdrawn,
    profiles.UnitReplaced,
    opportunities.MoveCompleted,
)

# A batch with a reorganisation concerns people whom other workers may be working out: it waits for them, they for it.
_TOGETHER = "select pg_advisory_xact_lock_shared(hashtext('moves'))"
_ALONE = "select pg_advisory_xact_lock(hashtext('moves'))"
# HR's facts and claims about one person may come to two workers at once: the second waits here, then reads all of it.
_LOCK = """
    insert into movers (person) select unnest($1::uuid[]) on conflict (person) do update set person = excluded.person"""
_KEEP = """
    insert into move_facts (person, source, seq, kind, effective_on, position, unit, title, job_level, is_primary,
        time_zone, reason, from_unit)
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::date[], $6::text[], $7::uuid[],
        $8::text[], $9::int[], $10::boolean[], $11::text[], $12::text[], $13::uuid[])
    on conflict (person, source) do update set seq = excluded.seq, kind = excluded.kind,
        effective_on = excluded.effective_on, position = excluded.position, unit = excluded.unit,
        title = excluded.title, job_level = excluded.job_level, is_primary = excluded.is_primary,
        time_zone = excluded.time_zone, reason = excluded.reason, from_unit = excluded.from_unit
    where excluded.seq > move_facts.seq"""
_REPLACE = """
    insert into replacements (unit, replaced_by, effective_on) select * from unnest($1::uuid[], $2::uuid[], $3::date[])
    on conflict (unit, replaced_by)
    do update set effective_on = least(replacements.effective_on, excluded.effective_on)"""
_WENT_WITH = """
    select distinct m.person from moves m join unnest($1::uuid[], $2::uuid[]) as r (unit, replaced_by)
        on m.from_unit = r.unit and m.to_unit = r.replaced_by"""
_FORGET = """
    delete from moves m using unnest($1::uuid[], $2::uuid[]) as gone (person, id)
    where m.person = gone.person and m.id = gone.id"""
_STORE = """
    insert into moves (person, id, kind, effective_on, begins_at, ends_at, from_unit, to_unit, from_title, to_title,
        from_level, to_level, confirmed, claim)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::timestamptz[], $6::timestamptz[],
        $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::int[], $12::int[], $13::boolean[], $14::uuid[])"""

Row = tuple[object, ...]


@dataclass(slots=True)
class Batch:
    """What was told, by person and source, and which units replaced which."""

    facts: dict[tuple[UUID, UUID], Fact] = field(default_factory=dict)
    replaced: dict[tuple[UUID, UUID], date] = field(default_factory=dict)


class Moves:
    """A Model of the kernel's consumer. `within`: days between a claim and the fact of HR's that confirms it."""

    name = "moves"
    services = ("profiles", "opportunities")
    types = frozenset(old for event in _TOLD for old in versions(event.type))
    kept = types
    """Official moves stay counted, under a random id that leads to nobody."""
    tables = (Path(__file__).parent / "moves.sql").read_text() + due.table("move")

    def __init__(self, within: int = WITHIN) -> None:
        self._within = within

    def prepare(self, batch: Sequence[Heard]) -> Batch:
        found = Batch()
        for heard in batch:
            event = read_event(heard.type, heard.body)
            if isinstance(event, profiles.UnitReplaced):
                for unit in event.by:
                    on = found.replaced.get((event.unit, unit), event.effective_on)
                    found.replaced[event.unit, unit] = min(on, event.effective_on)
            elif isinstance(event, Event) and (fact := fact_of(event, heard.position)) is not None:
                found.facts[heard.subject, fact.source] = fact
        return found

    async def write(self, connection: asyncpg.Connection, batch: Batch) -> None:
        people = {person for person, _ in batch.facts}
        await connection.execute(_ALONE if batch.replaced else _TOGETHER)
        if batch.facts:
            await connection.execute(_LOCK, sorted(people))
            rows = [_fact_row(person, fact) for (person, _), fact in sorted(batch.facts.items())]
            await connection.execute(_KEEP, *_columns(rows))
        if batch.replaced:
            rows = [(*units, on) for units, on in sorted(batch.replaced.items())]
            units, by, days = _columns(rows)
            await connection.execute(_REPLACE, units, by, days)
            people |= {row["person"] for row in await connection.fetch(_WENT_WITH, units, by)}
        if people:
            await self._renew(connection, sorted(people))

    async def _renew(self, connection: asyncpg.Connection, people: Sequence[UUID]) -> None:
        facts: dict[UUID, list[Fact]] = defaultdict(list)
        for row in await connection.fetch("select * from move_facts where person = any ($1)", people):
            facts[row["person"]].append(Fact(*list(row.values())[1:]))
        replaced: dict[UUID, list[tuple[UUID, date]]] = defaultdict(list)
        for row in await connection.fetch("select unit, replaced_by, effective_on from replacements"):
            replaced[row["unit"]].append((row["replaced_by"], row["effective_on"]))
        stored = {tuple(row) for row in await connection.fetch("select * from moves where person = any ($1)", people)}
        wanted = {
            _move_row(person, move)
            for person in people
            for move in moves_of(facts[person], replaced, within=self._within)
        }
        if gone := sorted(row[:2] for row in stored - wanted):
            await connection.execute(_FORGET, *_columns(gone))
        if fresh := sorted(wanted - stored, key=lambda row: row[:2]):
            await connection.execute(_STORE, *_columns(fresh))
        await due.mark(connection, "move", [UUID(str(row[1])) for row in stored ^ wanted])


def fact_of(event: Event, seq: int) -> Fact | None:
    """What an event tells of a person's moves, if anything."""
    match event:
        case profiles.PersonJoined():
            return Fact(event.fact, seq, "joined", event.effective_on)
        case profiles.PersonRejoined():
            return Fact(event.fact, seq, "rejoined", event.effective_on)
        case profiles.PersonLeft():
            return Fact(event.fact, seq, "left", event.effective_on)
        case profiles.PlaceTaken() | profiles.PlaceChanged():
            return Fact(
                event.fact,
                seq,
                "held",
                event.effective_on,
                position=event.position,
                unit=event.unit,
                title=event.title,
                level=event.job_level,
                primary=event.primary,
                time_zone=event.time_zone,
                reason=event.reason,
            )
        case profiles.PlaceEnded():
            return Fact(event.fact, seq, "ended", event.effective_on, position=event.position)
        case profiles.FactWithdrawn():
            return Fact(event.fact, seq, "withdrawn", date.max)
        case opportunities.MoveCompleted():
            return Fact(
                event.move,
                seq,
                "claimed",
                event.effective_on,
                unit=event.to_unit,
                reason=event.kind,
                from_unit=event.from_unit,
            )
        case _:
            return None


def _fact_row(person: UUID, fact: Fact) -> Row:
    """In the order of the table's columns, which is that of Fact's fields."""
    return (person, *astuple(fact))


def _move_row(person: UUID, move: Move) -> Row:
    return (
        person,
        move.id,
        move.kind,
        move.effective_on,
        _instant(move.effective_on, move.time_zone),
        _instant(move.until or date.max, move.time_zone),
        move.from_unit,
        move.to_unit,
        move.from_title,
        move.to_title,
        move.from_level,
        move.to_level,
        move.confirmed,
        move.claim,
    )


def _instant(day: date, time_zone: str) -> datetime:
    """When a day begins in a time zone. The first and last days there are begin nowhere else."""
    return datetime.combine(day, time(0), zone_of(time_zone if date.min < day < date.max else "UTC"))


def _columns(rows: Iterable[Row]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
