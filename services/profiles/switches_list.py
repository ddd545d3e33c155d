"""The switches of a legal entity as people read them: what each measure shows of them, whether it is on, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import get_args
from uuid import UUID

from pydantic import BaseModel

from shared.auth.callers import Caller, Role
from shared.contracts.profiles import Measure
from shared.refusals import NotFound
from shared.relations.reads import Rows, legal_entity_of

SHOWS: Mapping[Measure, str] = {
    "hr_sees_conversations": "HR partners see that a career conversation was held with you, on which day and of what"
    " kind, those from before it was turned on too; never a word of it.",
    "audit_by_reader": "Administrators list, for a case with a number, which records of others you have read, on which"
    " days and why you could, also before it was turned on; never a word of them.",
}


class SwitchView(BaseModel):
    """A measure of people's behaviour. `reason` and `changed_at` are of the last change, be it of the reason
    alone; null where there was none."""

    measure: Measure
    shows: str
    on: bool
    reason: str | None
    changed_at: datetime | None


class SwitchesView(BaseModel):
    """The switches of a legal entity, each off unless it was turned on."""

    legal_entity: str
    switches: list[SwitchView]


_SWITCHES = 'select measure, is_on as "on", reason, changed_at from switches where legal_entity = $1'
_OF = f"select {legal_entity_of('$1')} as legal_entity"
_KNOWN = """select exists (select from place_facts where legal_entity = $1)
    or exists (select from unit_codes where legal_entity = $1) as yes"""


class SwitchesList:
    """Reads of the switches in relations."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def of(self, person: UUID) -> SwitchesView:
        """Of the legal entity that the person belongs to. Raises NotFound where there is none."""
        legal_entity = await self._legal_entity(person)
        if legal_entity is None:
            raise NotFound
        return await self._view(legal_entity)

    async def find(self, legal_entity: str, caller: Caller) -> SwitchesView:
        """For its people and for administrators. Raises NotFound."""
        if Role.ADMIN in caller.roles:
            await self.require_known(legal_entity)
        elif caller.person is None or await self._legal_entity(caller.person) != legal_entity:
            raise NotFound
        return await self._view(legal_entity)

    async def require_known(self, legal_entity: str) -> None:
        """Raises NotFound for a code of which HR has told nothing."""
        if not (await self._rows.fetch(_KNOWN, legal_entity))[0]["yes"]:
            raise NotFound

    async def _legal_entity(self, person: UUID) -> str | None:
        found: str | None = (await self._rows.fetch(_OF, person))[0]["legal_entity"]
        return found

    async def _view(self, legal_entity: str) -> SwitchesView:
        told = {row["measure"]: dict(row) for row in await self._rows.fetch(_SWITCHES, legal_entity)}
        off = {"on": False, "reason": None, "changed_at": None}
        return SwitchesView(
            legal_entity=legal_entity,
            switches=[
                SwitchView.model_validate({**off, **told.get(measure, {}), "measure": measure, "shows": SHOWS[measure]})
                for measure in get_args(Measure)
            ],
        )
