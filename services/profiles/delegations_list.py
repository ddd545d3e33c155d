"""Delegations as they are listed: for who gave one, who has it, and administrators."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from shared.auth.callers import Caller, Role
from shared.contracts.profiles import Capacity
from shared.http import Page
from shared.refusals import NotFound
from shared.relations.reads import Relations, Rows
from shared.sealing.sealer import Sealer


class DelegationView(BaseModel):
    """Who stands in for whom, and as what. `until` is the last day, `ended_on` the first without it where it ended
    before that. The reason is for who gave it alone.
    """

    delegation: UUID
    delegator: UUID
    delegate: UUID
    capacities: list[Capacity]
    effective_on: date
    until: date
    ended_on: date | None
    reason: str | None


class StandInView(BaseModel):
    """Who reads in place of your manager or HR partner, who is away: nothing that you shared with a person by name.

    `until` is the last day.
    """

    delegate: UUID
    delegator: UUID
    capacity: Capacity
    until: date


_FIELDS = "delegation, delegator, delegate, capacities, from_on as effective_on, until, ended_on, reason"
_OF = f"""
    select {_FIELDS} from delegations
    where (delegator = $1 or delegate = $1) and ($2::uuid is null or delegation < $2)
    order by delegation desc limit $3"""
_ONE = f"select {_FIELDS} from delegations where delegation = $1 and ($3 or delegator = $2 or delegate = $2)"


class DelegationsList:
    """Reads of the delegations in relations."""

    def __init__(self, rows: Rows, relations: Relations, sealer: Sealer) -> None:
        self._rows = rows
        self._relations = relations
        self._sealer = sealer

    async def page(
        self, person: UUID, caller: Caller, cursor: tuple[str | int | None, ...] | None, limit: int
    ) -> Page[DelegationView]:
        """Those that the person gave or has, newest first; who may ask is decided before."""
        before = UUID(str(cursor[0])) if cursor else None
        rows = await self._rows.fetch(_OF, person, before, limit + 1)
        items = await self._views(rows[:limit], caller)
        return Page(items, (str(items[-1].delegation),) if len(rows) > limit else None)

    async def one(self, delegation: UUID, caller: Caller) -> DelegationView:
        """For who gave it, who has it, and administrators. Raises NotFound."""
        rows = await self._rows.fetch(_ONE, delegation, caller.person, Role.ADMIN in caller.roles)
        if not rows:
            raise NotFound
        return (await self._views(rows, caller))[0]

    async def towards(self, person: UUID) -> list[StandInView]:
        """Who stands in now for the person's manager and HR partners."""
        manager = await self._relations.manager(person)
        delegators: Mapping[Capacity, list[UUID]] = {
            "manager": [manager] if manager is not None else [],
            "hr_partner": await self._relations.hr_partners(person),
        }
        return [
            StandInView(delegate=one.delegate, delegator=one.delegator, capacity=capacity, until=one.until)
            for capacity, whose in delegators.items()
            for one in await self._relations.stand_ins(capacity, person, whose)
        ]

    async def _views(self, rows: Sequence[asyncpg.Record], caller: Caller) -> list[DelegationView]:
        documents = [dict(row) for row in rows]
        for document in documents:
            told = document["reason"] is not None and document["delegator"] == caller.person
            document["reason"] = orjson.loads(document["reason"]) if told else None
        return [DelegationView.model_validate(document) for document in await self._sealer.clear(documents)]
