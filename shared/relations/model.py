"""The read model `relations`: facts are stored as they come, then what the rules make of them is renewed.

One writer at a time: a person's manager follows from facts of several keys, which several workers may bring.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson

from shared.contracts import profiles
from shared.contracts.event import Event, Sealed
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.derived import chiefs_of, renew_people, renew_units
from shared.sealing.sealer import UNAVAILABLE, Sealer

_ONE_WRITER = "select pg_advisory_xact_lock(hashtext('relations'))"

Row = tuple[object, ...]


@dataclass(slots=True)
class Facts:
    """A batch, by table: key → row, so that the last telling of a fact wins; and whom it may concern."""

    rows: dict[str, dict[Row, Row]] = field(default_factory=dict)
    withdrawn: set[UUID] = field(default_factory=set)
    aliases: list[tuple[profiles.AliasAdded | profiles.AliasRemoved, int]] = field(default_factory=list)
    partners: list[profiles.HrPartnerAssigned | profiles.HrPartnerReleased] = field(default_factory=list)
    people: set[UUID] = field(default_factory=set)
    units: set[UUID] = field(default_factory=set)
    left: set[UUID] = field(default_factory=set)

    def put(self, table: str, key: Row, row: Row) -> None:
        self.rows.setdefault(table, {})[key] = row

    def tell(self, table: str, fact: UUID, row: Row) -> None:
        """A fact of a person: told after it was withdrawn, it stands."""
        self.withdrawn.discard(fact)
        self.put(table, (fact,), row)

    def withdraw(self, fact: UUID) -> None:
        """Takes back a fact told before, in this batch or an earlier one."""
        self.withdrawn.add(fact)
        for table in ("employment", "places", "managers"):
            self.rows.get(table, {}).pop((fact,), None)


class Relations:
    """A Model of the kernel's consumer. `sealer` unseals aliases once, on apply: they must be found by value."""

    name = "relations"
    services = ("profiles",)
    kept = frozenset(
        event.type
        for event in (profiles.PersonJoined, profiles.PersonLeft, profiles.PersonRejoined, profiles.FactWithdrawn)
    )
    """That somebody who was erased had left must stay known: they lead and manage nobody."""
    tables = (Path(__file__).parent / "tables.sql").read_text()

    @property
    def types(self) -> frozenset[str]:
        return _TAKES

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def prepare(self, batch: Sequence[Heard]) -> Facts:
        facts = Facts()
        for heard in batch:
            event = read_event(heard.type, heard.body)
            if isinstance(event, Event):
                _take(facts, event, heard.position)
                if isinstance(event, profiles.MeasureSwitched):
                    switch = (event.legal_entity, event.measure)
                    facts.put("switches", switch, (*switch, event.on, event.reason, heard.recorded_at))
                if event.subject_field == "person":
                    facts.put("people", (event.subject,), (event.subject, heard.recorded_at))
        return facts

    async def write(self, connection: asyncpg.Connection, facts: Facts) -> None:
        if not (facts.rows or facts.withdrawn or facts.aliases or facts.partners):
            return
        await connection.execute(_ONE_WRITER)
        before = await chiefs_of(connection) if facts.withdrawn or facts.rows.get("managers") else set()
        for table, statement in _UPSERTS.items():
            if rows := facts.rows.get(table):
                await connection.executemany(statement, [rows[key] for key in sorted(rows, key=str)])
        for statement in _WITHDRAWALS if facts.withdrawn else ():
            await connection.execute(statement, list(facts.withdrawn))
        for told in facts.partners:  # in their order: a release ends what was assigned before it, not after
            for statement in (_ASSIGN,) if isinstance(told, profiles.HrPartnerAssigned) else (_TAKE_BACK, _RELEASE):
                await connection.execute(statement, told.unit, told.partner, told.effective_on)
        await self._write_aliases(connection, facts)
        if facts.units:
            await renew_units(connection)
        await renew_people(connection, people=facts.people, units=facts.units, left=facts.left, before=before)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        if mark.service != "profiles" or mark.scope != "person":
            return {}
        return {
            place: (f"delete from {table} where {person} = $1", (mark.person,))
            for place, (table, person) in _OF_A_PERSON.items()
        }

    async def _write_aliases(self, connection: asyncpg.Connection, facts: Facts) -> None:
        sealed = [event.value for event, _ in facts.aliases if isinstance(event.value, Sealed)]
        clear = await self._sealer.unseal(sealed)
        for event, _ in facts.aliases:
            value = clear.get(event.value, UNAVAILABLE) if isinstance(event.value, Sealed) else event.value
            if value is UNAVAILABLE:
                continue
            row = (event.source, fold_alias(value), event.person, event.effective_on)
            if isinstance(event, profiles.AliasAdded):
                await connection.execute(_ADD_ALIAS, *row, value.strip())
            else:
                await connection.execute(_REMOVE_ALIAS, *row)


def fold_alias(value: str) -> str:
    """How aliases are compared: without outer space, without case.

    What is no ASCII and folds to it stays: who is called `smith` elsewhere, with a long s, is not `smith` here.
    """
    return "".join(map(_folded, value.strip()))


def _folded(character: str) -> str:
    folded = character.casefold()
    return folded if character.isascii() or not folded.isascii() else character


_OF_A_PERSON = {
    "directory": ("people", "person"),
    "aliases": ("aliases", "person"),
    "places": ("place_facts", "person"),
    "explicit managers": ("manager_facts", "person"),
    "interim partners": ("interim_facts", "person"),
    "managers by day": ("managers", "person"),
    "units by day": ("belongings", "person"),
    "delegations": ("delegations", "delegator"),
}


_UPSERTS: Mapping[str, str] = {
    "people": """insert into people (person, changed_at) values ($1, $2)
        on conflict (person) do update set changed_at = greatest(people.changed_at, excluded.changed_at)""",
    "described": """insert into people (person, name, language, changed_at) values ($1, $2, $3, '-infinity')
        on conflict (person) do update set name = excluded.name, language = excluded.language""",
    "employment": """insert into employment_facts (fact, person, kind, effective_on, seq) values ($1, $2, $3, $4, $5)
        on conflict (fact) do update set kind = excluded.kind, effective_on = excluded.effective_on,
            seq = excluded.seq
        where employment_facts.person = excluded.person""",
    "places": """insert into place_facts (fact, person, position, kind, effective_on, seq, unit, title, job_level,
            legal_entity, country, time_zone, is_primary, status)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (fact) do update set position = excluded.position, kind = excluded.kind,
            effective_on = excluded.effective_on, seq = excluded.seq, unit = excluded.unit, title = excluded.title,
            job_level = excluded.job_level, legal_entity = excluded.legal_entity, country = excluded.country,
            time_zone = excluded.time_zone, is_primary = excluded.is_primary, status = excluded.status
        where place_facts.person = excluded.person""",
    "managers": """insert into manager_facts (fact, person, position, line, manager, effective_on, seq)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (fact) do update set position = excluded.position, line = excluded.line,
            manager = excluded.manager, effective_on = excluded.effective_on, seq = excluded.seq
        where manager_facts.person = excluded.person""",
    "interim": """insert into interim_facts (person, seq, effective_on, partner) values ($1, $2, $3, $4)
        on conflict do nothing""",
    "delegations": """insert into delegations (delegation, delegator, delegate, capacities, from_on, until, reason)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing""",
    "ended_delegations": "update delegations set ended_on = $2 where delegation = $1",
    "unit_codes": """insert into unit_codes (unit, code, legal_entity) values ($1, $2, $3)
        on conflict (unit) do update set legal_entity = coalesce(excluded.legal_entity, unit_codes.legal_entity)""",
    "unit_names": """insert into unit_names (unit, seq, effective_on, name) values ($1, $2, $3, $4)
        on conflict do nothing""",
    "parents": """insert into unit_parents (unit, seq, effective_on, parent) values ($1, $2, $3, $4)
        on conflict do nothing""",
    "switches": """insert into switches (legal_entity, measure, is_on, reason, changed_at) values ($1, $2, $3, $4, $5)
        on conflict (legal_entity, measure) do update set is_on = excluded.is_on, reason = excluded.reason,
            changed_at = excluded.changed_at""",
    "leaders": """insert into unit_leaders (unit, seq, effective_on, leader) values ($1, $2, $3, $4)
        on conflict do nothing""",
}
_WITHDRAWALS = (
    "delete from employment_facts where fact = any ($1)",
    "delete from place_facts where fact = any ($1)",
    "delete from manager_facts where fact = any ($1)",
)
_ASSIGN = """insert into hr_partners (unit, partner, from_on) values ($1, $2, $3)
    on conflict (unit, partner, from_on) do update set to_on = null"""
_TAKE_BACK = "delete from hr_partners where unit = $1 and partner = $2 and from_on >= $3"
_RELEASE = """update hr_partners set to_on = $3
    where unit = $1 and partner = $2 and from_on < $3 and (to_on is null or to_on > $3)"""
_ADD_ALIAS = """insert into aliases (source, value, person, from_on, given) values ($1, $2, $3, $4, $5)
    on conflict (source, value, person) do update set to_on = null, given = excluded.given"""
_REMOVE_ALIAS = "update aliases set to_on = $4 where source = $1 and value = $2 and person = $3"


def _take(facts: Facts, event: Event, seq: int) -> None:
    """One event into the batch's rows."""
    match event:
        case profiles.PersonDescribed():
            facts.put("described", (event.person,), (event.person, _stored(event.name), _stored(event.language)))
        case profiles.AliasAdded() | profiles.AliasRemoved():
            facts.aliases.append((event, seq))
        case profiles.PersonJoined() | profiles.PersonRejoined() | profiles.PersonLeft():
            kind = {profiles.PersonJoined: "joined", profiles.PersonRejoined: "rejoined"}.get(type(event), "left")
            facts.tell("employment", event.fact, (event.fact, event.person, kind, event.effective_on, seq))
            facts.people.add(event.person)
            if kind != "joined":
                facts.left.add(event.person)
        case profiles.PlaceTaken() | profiles.PlaceChanged():
            kind = "taken" if isinstance(event, profiles.PlaceTaken) else "changed"
            facts.tell("places", event.fact, _place(event, kind, seq))
            facts.people.add(event.person)
        case profiles.PlaceEnded():
            ended = (event.fact, event.person, event.position, "ended", event.effective_on, seq)
            facts.tell("places", event.fact, (*ended, None, None, None, None, None, "UTC", False, None))
            facts.people.add(event.person)
        case profiles.ManagerAssigned():
            row = (event.fact, event.person, event.position, event.line, event.manager, event.effective_on, seq)
            facts.tell("managers", event.fact, row)
            facts.people.add(event.person)
        case profiles.InterimPartnerNamed():
            facts.put("interim", (event.person, seq), (event.person, seq, event.effective_on, event.partner))
            facts.people.add(event.person)
        case profiles.DelegationGiven():
            facts.put("delegations", (event.delegation,), _delegation(event))
            facts.people.add(event.delegator)
        case profiles.DelegationEnded():
            facts.put("ended_delegations", (event.delegation,), (event.delegation, event.effective_on))
            facts.people.add(event.delegator)
        case profiles.FactWithdrawn():
            facts.withdraw(event.fact)
            facts.people.add(event.person)
            facts.left.add(event.person)
        case _:
            _take_unit(facts, event, seq)


def _take_unit(facts: Facts, event: Event, seq: int) -> None:
    match event:
        case profiles.UnitEstablished():
            facts.put("unit_codes", (event.unit,), (event.unit, event.code, event.legal_entity))
            facts.put("unit_names", (event.unit, seq), (event.unit, seq, event.effective_on, event.name))
            facts.put("parents", (event.unit, seq), (event.unit, seq, event.effective_on, event.parent))
            facts.units.add(event.unit)
        case profiles.UnitChanged():
            facts.put("unit_names", (event.unit, seq), (event.unit, seq, event.effective_on, event.name))
            facts.put("parents", (event.unit, seq), (event.unit, seq, event.effective_on, event.parent))
            facts.units.add(event.unit)
        case profiles.UnitLeaderAppointed():
            facts.put("leaders", (event.unit, seq), (event.unit, seq, event.effective_on, event.leader))
            facts.units.add(event.unit)
        case profiles.HrPartnerAssigned() | profiles.HrPartnerReleased():
            facts.partners.append(event)
        case _:
            pass


def _place(event: profiles.PlaceTaken | profiles.PlaceChanged, kind: str, seq: int) -> Row:
    return (
        event.fact,
        event.person,
        event.position,
        kind,
        event.effective_on,
        seq,
        event.unit,
        event.title,
        event.job_level,
        event.legal_entity,
        event.country,
        event.time_zone,
        event.primary,
        event.status,
    )


def _delegation(event: profiles.DelegationGiven) -> Row:
    return (
        event.delegation,
        event.delegator,
        event.delegate,
        list(event.capacities),
        event.effective_on,
        event.until,
        _stored(event.reason),
    )


def _stored(value: object) -> bytes | None:
    return None if value is None else orjson.dumps(value)


def _types(contracts: Iterable[type[Event]]) -> frozenset[str]:
    return frozenset(contract.type for contract in contracts)


# HR's facts, who stands in, and switches. Named one by one: each of a person moves their `changed_at`, which others
# read, so that what people write of themselves must never be among them.
_TAKES = _types(
    (
        profiles.PersonJoined,
        profiles.PersonDescribed,
        profiles.AliasAdded,
        profiles.AliasRemoved,
        profiles.PersonLeft,
        profiles.PersonRejoined,
        profiles.PlaceTaken,
        profiles.PlaceChanged,
        profiles.PlaceEnded,
        profiles.ManagerAssigned,
        profiles.InterimPartnerNamed,
        profiles.FactWithdrawn,
        profiles.DelegationGiven,
        profiles.DelegationEnded,
        profiles.UnitEstablished,
        profiles.UnitChanged,
        profiles.UnitLeaderAppointed,
        profiles.HrPartnerAssigned,
        profiles.HrPartnerReleased,
        profiles.MeasureSwitched,
    )
)
