"""With whom an employee may be asked to talk: who is whose manager or HR partner now.

An employee calls a conversation with their manager, their HR partner or anybody else who has not left. A manager
proposes one with themselves to who reports to them now, and nobody else proposes. What nobody is, or is not to this
employee, is refused alike: a request tells nothing about who exists.
"""

from uuid import UUID

from shared.auth.callers import Caller
from shared.contracts.conversations import PartnerRole
from shared.refusals import Invalid, NotAllowed, NotFound, Refusal, Unacceptable
from shared.relations.reads import Relations, Rows, is_hr_partner


class NoManagerNow(Refusal, code="no-manager-now"):
    """There is no manager to ask now: name an interim partner in your profile, or ask somebody else."""


class PartnerNotAvailable(Unacceptable, code="partner-not-available"):
    """This person cannot be asked in this role."""


class ProposalNotYours(NotAllowed, code="proposal-not-yours"):
    """As their manager you propose a conversation with yourself, in the role of the manager: leave the partner out."""


_IS_HR_PARTNER = f"select {is_hr_partner('$1', '$2')} as yes from (select $1::uuid, $2::uuid) as given"


class Partners:
    """Asks the relations that this service holds."""

    def __init__(self, rows: Rows, relations: Relations) -> None:
        self._rows = rows
        self._relations = relations

    async def for_employee(self, employee: UUID, role: PartnerRole, named: str | None) -> UUID:
        """Whom the employee means. Raises NoManagerNow, PartnerNotAvailable."""
        if await self._relations.left(employee):
            raise NotAllowed("Who has left can do this no more.")
        if role == "manager":
            return await self._manager(employee, named)
        if named is None:
            raise PartnerNotAvailable(invalid=(Invalid("#/partner", "is required unless you ask your manager"),))
        partner = await self._person(named)
        if await self._relations.left(partner) or (
            role == "hr_partner" and not await self._partners(employee, partner)
        ):
            raise _not_available()
        return partner

    async def for_manager(self, employee: UUID, role: PartnerRole, named: str | None, caller: Caller) -> UUID:
        """The caller, as the employee's manager now. Raises NotFound, ProposalNotYours, RelationsStale."""
        relation = await self._relations.between(employee, caller)
        if not relation.manager or caller.person is None:
            raise NotFound
        if role != "manager" or named not in (None, str(caller.person)):
            raise ProposalNotYours
        return caller.person

    async def _manager(self, employee: UUID, named: str | None) -> UUID:
        manager = await self._relations.manager(employee)
        if manager is None:
            raise NoManagerNow
        if named not in (None, str(manager)) and await self._person(named) != manager:
            raise _not_available()
        return manager

    async def _person(self, named: str) -> UUID:
        try:
            return await self._relations.person(named)
        except NotFound:
            raise _not_available() from None

    async def _partners(self, employee: UUID, partner: UUID) -> bool:
        return bool((await self._rows.fetch(_IS_HR_PARTNER, employee, partner))[0]["yes"])


def _not_available() -> PartnerNotAvailable:
    return PartnerNotAvailable(invalid=(Invalid("#/partner", "is nobody whom you can ask in this role"),))
