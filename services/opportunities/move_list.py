"""Moves as they are read by whom they concern: the person, who manages them now, HR, and who receives them."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, assert_never
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.opportunities.move import Agreed, Completed, Move, Released
from services.opportunities.opportunity_list import Told, told
from services.opportunities.standing import leads_itself, owner_of
from shared.auth.callers import Caller, Role
from shared.contracts.event import Event
from shared.contracts.opportunities import MoveAgreed, MoveCompleted, MoveKind, MoveReleased
from shared.erasure.forgetting import Mark
from shared.http import Page
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import Relations, Rows, has_left, is_hr_partner, is_manager, partners_unit

MoveStatus = Literal["agreed", "released", "completed"]


class MoveView(BaseModel):
    """A move. `arrived_on` is a claim until HR reports the change of place."""

    move_case: UUID
    application: UUID
    opportunity: UUID
    person: UUID
    kind: MoveKind
    from_unit: UUID | None
    to_unit: UUID
    status: MoveStatus
    agreed_on: date
    release_on: date | None
    released_by: UUID | None
    arrived_on: date | None


def view(state: Move) -> MoveView:
    """A move from its stream."""
    match state:
        case Agreed():
            status, dates = "agreed", {}
        case Released():
            status, dates = "released", {"release_on": state.release_on, "released_by": state.released_by}
        case Completed():
            status = "completed"
            dates = {
                "release_on": state.release_on,
                "released_by": state.released_by,
                "arrived_on": state.arrived_on,
            }
        case _:
            assert_never(state)
    case = state.case
    nothing: dict[str, Any] = dict.fromkeys(("release_on", "released_by", "arrived_on"))
    return MoveView.model_validate(
        {
            "move_case": case.move,
            "application": case.application,
            "opportunity": case.opportunity,
            "person": case.person,
            "kind": case.kind,
            "from_unit": case.from_unit,
            "to_unit": case.to_unit,
            "status": status,
            "agreed_on": case.effective_on,
            **nothing,
            **dates,
        }
    )


_TYPES = frozenset(event.type for event in (MoveAgreed, MoveReleased, MoveCompleted))


class Moves:
    """The read model `moves`."""

    name = "moves"
    services = ("opportunities",)
    types = _TYPES
    tables = (Path(__file__).parent / "moves.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        return told(batch, _TYPES)

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for one in batch:
            await _apply(connection, one.event, one.position)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """A move is no word: it goes with the person."""
        if mark.scope == "words":
            return {}
        return {"move cases": ("delete from moves where person = $1", (mark.person,))}


async def _apply(connection: asyncpg.Connection, event: Event, position: int) -> None:
    match event:
        case MoveAgreed():
            await connection.execute(
                """insert into moves (move, position, application, opportunity, person, kind, from_unit, to_unit,
                       status, agreed_on)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, 'agreed', $9) on conflict do nothing""",
                event.move,
                position,
                event.application,
                event.opportunity,
                event.person,
                event.kind,
                event.from_unit,
                event.to_unit,
                event.effective_on,
            )
        case MoveReleased():
            await connection.execute(
                "update moves set status = 'released', release_on = $2, released_by = $3 where move = $1",
                event.move,
                event.release_on,
                event.released_by,
            )
        case MoveCompleted():
            await connection.execute(
                "update moves set status = 'completed', arrived_on = $2 where move = $1", event.move, event.effective_on
            )
        case _:
            pass


# Who else than the poster owns it leads its unit: that is asked by itself.
_OWNS = f"(o.owner = $1 and {owner_of('o')} = $1)"

# Whom a move concerns ($1, who acts as HR partner if $2), as api_move_cases has it: the moves of one person ($5) …
_OF_PERSON = f"""
    select m.* from moves m left join opportunities o using (opportunity)
    where m.person = $5 and ($3::bigint is null or m.position < $3) and ($6::text is null or m.status = $6)
      and (m.person = $1 or not {has_left("$1::uuid")} and (
          {is_manager("m.person", "$1::uuid")} or {_OWNS} or {leads_itself("m.to_unit", "$1::uuid")}
          or ($2 and ({is_hr_partner("m.person", "$1::uuid")} or {partners_unit("m.to_unit", "$1::uuid")}))))
    order by m.position desc limit $4"""

# … and all moves: from whom and what the caller has to do with to the moves, since asking each move costs seconds.
_OF_ALL = f"""
    with led as (
        select l.unit from (
            select distinct on (unit) unit, leader from unit_leaders
            where unit in (select unit from unit_leaders where leader = $1) and effective_on <= current_date
            order by unit, effective_on desc, seq desc) l
        where l.leader = $1
    ), partnered as (
        select p.unit from unit_paths p join hr_partners h on h.unit = p.ancestor
        where $2 and h.partner = $1 and h.from_on <= current_date and (h.to_on is null or h.to_on > current_date)
          and p.from_on <= current_date and (p.to_on is null or p.to_on > current_date)
    ), population as (
        select b.person from (
            select distinct on (person) person, unit from belongings
            where person in (select b.person from belongings b join partnered using (unit)) and from_at <= now()
            order by person, from_at desc) b
        join partnered using (unit)
    ), concerned as (
        select position from moves where person = $1
        union
        select m.position from moves m where not {has_left("$1::uuid")} and (
            m.person in (select person from managers where manager = $1 and from_at <= now() and to_at > now())
            or m.opportunity in (select o.opportunity from opportunities o where {_OWNS})
            or m.to_unit in (select unit from led)
            or m.to_unit in (select unit from partnered)
            or m.person in (select person from population))
    )
    select m.* from moves m join concerned using (position)
    where ($3::bigint is null or m.position < $3) and ($5::uuid is null or m.person = $5)
      and ($6::text is null or m.status = $6)
    order by m.position desc limit $4"""


class MoveList:
    """Reads of the model, for whom each move concerns."""

    def __init__(self, rows: Rows, relations: Relations) -> None:
        self._rows = rows
        self._relations = relations

    async def page(
        self,
        caller: Caller,
        person: UUID | None,
        status: MoveStatus | None,
        cursor: tuple[str | int | None, ...] | None,
        limit: int,
    ) -> Page[MoveView]:
        """Newest agreement first; of one person where one is given. Raises RelationsStale unless it is oneself."""
        if person is None or person != caller.person:
            await self._relations.require_fresh()
        before = cursor[0] if cursor else None
        as_partner = Role.HR_PARTNER in caller.roles
        query = _OF_ALL if person is None else _OF_PERSON
        rows = await self._rows.fetch(query, caller.person, as_partner, before, limit + 1, person, status)
        items = [MoveView.model_validate({**row, "move_case": row["move"]}) for row in map(dict, rows[:limit])]
        return Page(items, (rows[limit - 1]["position"],) if len(rows) > limit else None)
