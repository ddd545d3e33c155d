"""Who may do what here, by who is whose now.

Decided here: posting takes the leader of the unit or of one above, or the unit's HR partner; mentoring and shadowing
are offered by anyone, from their own unit. Leaders and HR partners may also close and withdraw, as the owner may.
The owner is who posted it, as long as they could post it still; else, since people leave and move on, who leads its
unit itself now. They receive who moves there, and they alone read and decide on applications (docs/decisions/0008):
other leaders and HR partners do not read them, since an applicant's manager may be one. Mentoring and shadowing stay
with who posted it. Nobody decides on their own application, and who has left decides nothing.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from shared.auth.callers import Caller, Role
from shared.contracts.opportunities import OFFERED_BY_ANYONE, OpportunityKind, OpportunityPosted
from shared.refusals import NotAllowed, Refusal
from shared.relations.reads import (
    Relations,
    Rows,
    decides_on,
    has_left,
    leads_unit,
    partners_unit,
    unit_of,
)


class UnitNeeded(Refusal, code="unit-needed"):
    """You belong to no unit: only its leader or HR partner can post something for a unit."""


_NOBODY = uuid4()
OF_NOBODY = OpportunityPosted(
    opportunity=_NOBODY,
    kind="role",
    unit=_NOBODY,
    owner=_NOBODY,
    title="",
    description="",
    skills=(),
    effective_on=date.min,
)
"""Stands for a posting that is not there where somebody's standing is asked, so that the answer takes as long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller is to a unit now."""

    belongs: bool = False
    leads: bool = False
    """The unit itself."""
    leads_above: bool = False
    """The unit itself, or one above it."""
    partner: bool = False
    owns: bool = False
    """The posting that was asked about."""
    left: bool = False


def leads_itself(unit: str, caller: str) -> str:
    """SQL: `caller` leads `unit` itself now."""
    return (
        f"coalesce((select l.leader = {caller} from unit_leaders l where l.unit = {unit}"
        " and l.effective_on <= current_date order by l.effective_on desc, l.seq desc limit 1), false)"
    )


_BY_ANYONE = ", ".join(f"'{kind}'" for kind in sorted(OFFERED_BY_ANYONE))


def owner_of(row: str) -> str:
    """SQL: who owns the opportunity of this row now; null: nobody, until its unit has a leader again."""
    return decides_on(f"{row}.unit", f"{row}.owner", f"({row}.kind in ({_BY_ANYONE}))")


_STANDING = f"""
    select coalesce({unit_of("$2")} = $1, false) as belongs, {leads_itself("$1", "$2")} as leads,
           {leads_unit("$1", "$2")} as leads_above, {partners_unit("$1", "$2")} as partner, {has_left("$2")} as left,
           coalesce({decides_on("$1", "$3", "$4")} = $2, false) as owns
    from (select $1::uuid, $2::uuid, $3::uuid, $4::boolean) as given"""

_OWNER = f"""
    select {decides_on("posted.unit", "posted.owner", "posted.by_anyone")} as owner
    from (select $1::uuid as unit, $2::uuid as owner, $3::boolean as by_anyone) as posted"""

_HOME = f"select {unit_of('$1')} as unit from (select $1::uuid) as given"


class Standings:
    """Asks the relations that this service holds."""

    def __init__(self, rows: Rows, relations: Relations) -> None:
        self._rows = rows
        self._relations = relations

    async def home(self, person: UUID) -> UUID | None:
        """The unit that a person belongs to now, or belonged to last."""
        unit: UUID | None = (await self._rows.fetch(_HOME, person))[0]["unit"]
        return unit

    async def require_posting(self, kind: OpportunityKind, unit: UUID | None, caller: Caller) -> UUID:
        """The unit to post for. Raises NotAllowed, UnitNeeded, RelationsStale."""
        if unit is None and kind in OFFERED_BY_ANYONE and caller.person is not None:
            unit = await self.home(caller.person)
        if unit is None:
            raise UnitNeeded
        standing = await self._of(unit, caller)
        anyone = kind in OFFERED_BY_ANYONE and standing.belongs
        if standing.left or not (anyone or standing.leads_above or standing.partner):
            raise NotAllowed("Only who leads the unit or one above it, or is its HR partner, can post this.")
        return unit

    async def require_steward(self, posting: OpportunityPosted, caller: Caller) -> None:
        """Raises NotAllowed for who may not close or withdraw a posting, RelationsStale."""
        standing = await self._of(posting.unit, caller, posting)
        if standing.left or not (standing.owns or standing.leads_above or standing.partner):
            raise NotAllowed("Only its owner, who leads its unit or one above it, or its HR partner can do this.")

    async def owner(self, posting: OpportunityPosted) -> UUID | None:
        """Who reads and decides on the applications now; None where nobody does until the unit has a leader again."""
        anyone = posting.kind in OFFERED_BY_ANYONE
        owner: UUID | None = (await self._rows.fetch(_OWNER, posting.unit, posting.owner, anyone))[0]["owner"]
        return owner

    async def decides(self, posting: OpportunityPosted, caller: Caller) -> bool:
        """Whether the caller reads and decides on others' applications for this. Raises RelationsStale."""
        if caller.person is None:
            return False
        if caller.person != posting.owner:
            await self._relations.require_fresh()
        return await self.owner(posting) == caller.person

    async def welcomes(self, posting: OpportunityPosted, caller: Caller) -> bool:
        """Whether the caller receives who moves to where it was posted: its owner, the unit's leader or HR partner."""
        standing = await self._of(posting.unit, caller, posting)
        return not standing.left and (standing.owns or standing.leads or standing.partner)

    async def _of(self, unit: UUID, caller: Caller, posting: OpportunityPosted | None = None) -> Standing:
        if caller.person is None:
            return Standing()
        owner, anyone = (None, False) if posting is None else (posting.owner, posting.kind in OFFERED_BY_ANYONE)
        if caller.person != owner:
            await self._relations.require_fresh()
        row = (await self._rows.fetch(_STANDING, unit, caller.person, owner, anyone))[0]
        return Standing(
            belongs=row["belongs"],
            leads=row["leads"],
            leads_above=row["leads_above"],
            partner=row["partner"] and Role.HR_PARTNER in caller.roles,
            owns=posting is not None and row["owns"],
            left=row["left"],
        )
