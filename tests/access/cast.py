"""Everybody whom the matrix knows, around one employee: in the relations of whichever service is on stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from shared.access import Who
from shared.auth.callers import ON_BEHALF, Scope
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.contracts.profiles import Capacity, Name
from tests.api.stage import LONG_AGO, Stage, switched

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)

NAME = "CANARY-name"
"""Of the employee."""

_ROLES = {
    Who.HR_PARTNER: "hr_partner",
    Who.HR_STAND_IN: "hr_partner",
    Who.OTHER_HR_PARTNER: "hr_partner",
    Who.HR_ANALYST: "hr_analyst",
    Who.ADMIN: "admin",
}
_SERVICES = (Who.SERVICE, Who.ACTING)

LEGAL_ENTITY, ANOTHER = "FR01", "DE01"
"""Everybody belongs to the first, but the HR partner of other units."""

SWITCHED = switched("audit_by_reader", on=True, legal_entity=LEGAL_ENTITY)


@dataclass(frozen=True)
class Cast:
    """The employee works in `team`, which the former manager led until yesterday; `data` is led by who owns the
    opportunity, and was by who posted it. Both are parts of `company`, whose HR partner is theirs. The employee is one
    for `team`: of others. Their manager of now and their HR partner are away, and each has somebody who stands in."""

    stage: Stage
    company: UUID
    team: UUID
    data: UUID
    elsewhere: UUID
    people: Mapping[Who, UUID]

    @property
    def employee(self) -> UUID:
        return self.people[Who.SELF]

    def token(self, who: Who) -> str:
        """An Authorization header. A service account has every scope that there is."""
        match who:
            case Who.SERVICE:
                return " ".join(["Bearer service", *sorted(set(Scope) - ON_BEHALF)])
            case Who.ACTING:
                return " ".join([f"Bearer {self.employee}@portal", *sorted(ON_BEHALF)])
            case _:
                return f"Bearer {self.people[who]} {_ROLES.get(who, '')}"

    def as_hr_partner(self) -> str:
        """The employee, with a token that says that they act as HR partner: for the unit that they belong to."""
        return f"Bearer {self.employee} hr_partner"

    async def comes_to_now(self) -> None:
        """There is another manager, and who leaves has left."""
        manager, gone = self.people[Who.MANAGER], self.people[Who.LEFT]
        await self.stage.tell(profiles.UnitLeaderAppointed(unit=self.team, leader=manager, effective_on=YESTERDAY))
        await self.stage.leaves(gone, YESTERDAY - timedelta(days=1))


async def cast(stage: Stage, employee: UUID | None = None) -> Cast:
    """The former manager is still the manager, and nobody has left. An employee who is given was hired by the API
    already."""
    company, team, data, elsewhere = (uuid4() for _ in range(4))
    people = {who: uuid4() for who in Who if who not in _SERVICES}
    units = dict.fromkeys(people, company) | {
        Who.SELF: team,
        Who.COLLEAGUE: team,
        **dict.fromkeys((Who.LEADER, Who.FORMER_LEADER, Who.PARTNER), data),
        **dict.fromkeys((Who.STAND_IN, Who.HR_STAND_IN, Who.OTHER_HR_PARTNER), elsewhere),
    }
    if employee is not None:
        people[Who.SELF] = employee
    parents = {company: None, team: company, data: company, elsewhere: None}
    told: list[Event] = [
        profiles.UnitEstablished(unit=unit, code=str(unit), name="Unit", parent=parent, effective_on=LONG_AGO)
        for unit, parent in parents.items()
    ]
    leaders = ((team, Who.FORMER_MANAGER), (data, Who.LEADER))
    told += [
        profiles.UnitLeaderAppointed(unit=unit, leader=people[leader], effective_on=LONG_AGO)
        for unit, leader in leaders
    ]
    partners = ((company, Who.HR_PARTNER), (elsewhere, Who.OTHER_HR_PARTNER), (team, Who.SELF))
    told += [
        profiles.HrPartnerAssigned(unit=unit, partner=people[partner], effective_on=LONG_AGO)
        for unit, partner in partners
    ]
    for who, person in people.items():
        if person != employee:
            legal_entity = ANOTHER if who is Who.OTHER_HR_PARTNER else LEGAL_ENTITY
            told += hired(person, units[who], NAME if who is Who.SELF else who.name.title(), legal_entity)
    told += [
        away(people[Who.MANAGER], people[Who.STAND_IN], "manager"),
        away(people[Who.HR_PARTNER], people[Who.HR_STAND_IN], "hr_partner"),
    ]
    if employee is not None:
        told.append(placed(employee, team))
    await stage.tell_at_once(*told)
    return Cast(stage, company, team, data, elsewhere, people)


def hired(person: UUID, unit: UUID, name: str, legal_entity: str = LEGAL_ENTITY) -> list[Event]:
    return [
        profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO),
        profiles.PersonDescribed(person=person, name=Name(given="Ana", family=name), language="en"),
        placed(person, unit, legal_entity),
    ]


def away(delegator: UUID, delegate: UUID, capacity: Capacity) -> profiles.DelegationGiven:
    return profiles.DelegationGiven(
        delegation=uuid4(),
        delegator=delegator,
        delegate=delegate,
        capacities=(capacity,),
        effective_on=YESTERDAY,
        until=TODAY + timedelta(days=1),
    )


def placed(person: UUID, unit: UUID, legal_entity: str = LEGAL_ENTITY) -> profiles.PlaceTaken:
    return profiles.PlaceTaken(
        person=person,
        fact=uuid4(),
        effective_on=LONG_AGO,
        position="P1",
        unit=unit,
        title="Engineer",
        legal_entity=legal_entity,
        country="FR",
        time_zone="UTC",
    )
