"""People and units as HR's systems get them: from the relations tables, as of today where each person is."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from services.projections.outward import due
from services.projections.outward.source import Source
from shared.contracts import outward
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.relations.model import Facts, Relations

_FORGET = f"insert into due (kind, item, at) values ('person', $1, '-infinity') {due.SOON}"


class RelationsTold(Relations):
    """The relations of projections: they say besides whose official data may have changed."""

    tables = f"{Relations.tables}{due.table('person', 'unit')}"

    async def write(self, connection: asyncpg.Connection, facts: Facts) -> None:
        await super().write(connection, facts)
        await due.mark(connection, "person", facts.people | {event.person for event, _ in facts.aliases})
        await due.mark(connection, "unit", facts.units)
        if facts.rows.get("switches"):
            await due.mark(connection, "conversation", [due.EVERYTHING])

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        found = super().forget(mark)
        return {**found, "people told to HR's systems": (_FORGET, (mark.person,))} if found else found


class _People(Source):
    def told(self, row: Any) -> outward.Content:
        places = tuple(outward.Place.model_validate_json(orjson.dumps(one)) for one in orjson.loads(row["places"]))
        return super().told({**row, "places": places})


# A fact dated later makes its difference when its day begins where the place is (begins_at), an alias on its date.
PEOPLE = _People(
    kind="person",
    content=outward.Person,
    now="""
        select p.person as item, number.given as employee_number,
            greatest(latest.effective_on, (select max(f.effective_on) from place_facts f
                where f.person = p.person and f.begins_at <= now())) as effective_on,
            latest.kind is not null and not exists (select from public.erased e where e.person = p.person) as told,
            case when latest.kind = 'left' then 'left' else 'in' end as status, joined.effective_on as joined_on,
            case when latest.kind = 'left' then latest.effective_on end as left_on,
            coalesce(held.places, '[]') as places,
            least(
                (select min(e.begins_at) from employment_facts e where e.person = p.person and e.begins_at > now()),
                (select min(f.begins_at) from place_facts f where f.person = p.person and f.begins_at > now()),
                (select min(day)::timestamptz from aliases a, unnest(array[a.from_on, a.to_on]) as day
                    where a.person = p.person and day > current_date)) as next_at
        from unnest($1::uuid[]) as p (person)
        left join lateral (
            select e.kind, e.effective_on from employment_facts e
            where e.person = p.person and e.begins_at <= now()
            order by e.effective_on + (e.kind = 'left')::int desc, e.seq desc limit 1) latest on true
        left join lateral (
            select min(e.effective_on) as effective_on from employment_facts e
            where e.person = p.person and e.kind = 'joined' and e.begins_at <= now()) joined on true
        left join lateral (
            select a.given from aliases a where a.person = p.person and a.source = 'employee_number'
                and a.from_on <= current_date and (a.to_on is null or a.to_on > current_date)
            order by a.from_on desc limit 1) number on true
        left join lateral (
            select json_agg(json_build_object('position', f.position, 'unit', f.unit, 'title', f.title,
                'job_level', f.job_level, 'legal_entity', f.legal_entity, 'country', f.country,
                'primary', f.is_primary, 'status', f.status, 'since', f.effective_on)
                order by f.is_primary desc, f.position) as places
            from (select distinct on (f.position) f.* from place_facts f
                where f.person = p.person and f.begins_at <= now()
                order by f.position, f.effective_on desc, f.seq desc) f
            where f.kind <> 'ended' and latest.kind <> 'left') held on true""",
    every="select person from people",
)

UNITS = Source(
    kind="unit",
    content=outward.Unit,
    now="""
        select c.unit as item, c.code, c.legal_entity, named.name, parent.parent, leader.leader,
            greatest(named.effective_on, parent.effective_on, leader.effective_on) as effective_on,
            named.name is not null as told,
            (select min(day)::timestamptz from (
                select n.effective_on from unit_names n where n.unit = c.unit union all
                select n.effective_on from unit_parents n where n.unit = c.unit union all
                select n.effective_on from unit_leaders n where n.unit = c.unit) as dated (day)
                where day > current_date) as next_at
        from unit_codes c
        left join lateral (select f.name, f.effective_on from unit_names f
            where f.unit = c.unit and f.effective_on <= current_date
            order by f.effective_on desc, f.seq desc limit 1) named on true
        left join lateral (select f.parent, f.effective_on from unit_parents f
            where f.unit = c.unit and f.effective_on <= current_date
            order by f.effective_on desc, f.seq desc limit 1) parent on true
        left join lateral (select f.leader, f.effective_on from unit_leaders f
            where f.unit = c.unit and f.effective_on <= current_date
            order by f.effective_on desc, f.seq desc limit 1) leader on true
        where c.unit = any ($1)""",
    every="select unit from unit_codes",
)
