"""Routes of units: who leads them and who is HR partner for them. HR's administrators and imports command them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.profiles import unit as rules
from services.profiles.people_list import PeopleList, UnitView
from shared.access import matrix
from shared.auth.callers import Role, Scope
from shared.http import Body, Call, Day, Line, Listing, Page, Routes
from shared.relations.named import PersonNotKnown, ReportedOfOneself, person_named, superior_named
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams

Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class UnitBody(Body):
    """`parent` is the id of the unit above."""

    code: Code
    name: Line
    parent: UUID | None = None
    legal_entity: Code | None = None
    effective_on: Day


class ChangedUnitBody(Body):
    name: Line
    parent: UUID | None = None
    effective_on: Day


class LeaderBody(Body):
    """No leader: the post is vacant."""

    leader: Annotated[Line | None, Field(description="Their id or employee number.")] = None
    effective_on: Day


class ReplacedBody(Body):
    by: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    effective_on: Day


class PartnerBody(Body):
    partner: Annotated[Line, Field(description="Their id or employee number.")]
    effective_on: Day


_HR = (Role.ADMIN, Scope.IMPORTS_WRITE)
_UNIT = "6f1f0c52-6a5d-5c5e-9d6f-2f0c1f6f2a11"


def add_routes(routes: Routes, streams: Streams, relations: Relations, people: PeopleList) -> None:
    """Adds the routes of units."""

    async def execute(call: Call[Any, Any], command: rules.UnitCommand) -> Receipt:
        return await streams.execute(rules.DECIDER, command.unit, command, call.origin)

    @routes.post(
        "/v1/units",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        creates=True,
        refuses=(rules.UnitExists, rules.UnitWithinItself),
        example={"code": "d005", "name": "Development", "effective_on": "2026-01-01"},
    )
    async def establish_unit(call: Call[UnitBody]) -> Receipt:
        """Report a unit. Its id follows from its code."""
        body = call.body
        return await execute(
            call,
            rules.EstablishUnit(
                rules.unit_id(body.code), body.code, body.name, body.parent, body.legal_entity, body.effective_on
            ),
        )

    @routes.post(
        "/v1/units/{unit}/change",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        refuses=(rules.UnitGone, rules.UnitWithinItself),
        example={"name": "Product Development", "parent": _UNIT, "effective_on": "2026-04-01"},
    )
    async def change_unit(call: Call[ChangedUnitBody], unit: UUID) -> Receipt:
        """Report another name or parent of a unit."""
        return await execute(call, rules.ChangeUnit(unit, call.body.name, call.body.parent, call.body.effective_on))

    @routes.post(
        "/v1/units/{unit}/appoint-leader",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        refuses=(PersonNotKnown, ReportedOfOneself, rules.UnitGone),
        example={"leader": "E1002", "effective_on": "2026-04-01"},
    )
    async def appoint_leader(call: Call[LeaderBody], unit: UUID) -> Receipt:
        """Report who leads a unit from a day on."""
        named = call.body.leader
        leader = None if named is None else await superior_named(relations, named, "#/leader", call.caller)
        return await execute(call, rules.AppointLeader(unit, leader, call.body.effective_on))

    @routes.post(
        "/v1/units/{unit}/replace",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        refuses=(rules.UnitGone, rules.UnitWithinItself),
        example={"by": [_UNIT], "effective_on": "2026-04-01"},
    )
    async def replace_unit(call: Call[ReplacedBody], unit: UUID) -> Receipt:
        """Report that a reorganisation replaced a unit by others."""
        return await execute(call, rules.ReplaceUnit(unit, tuple(call.body.by), call.body.effective_on))

    @routes.post(
        "/v1/units/{unit}/assign-hr-partner",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        refuses=(PersonNotKnown, ReportedOfOneself),
        example={"partner": "E1003", "effective_on": "2026-04-01"},
    )
    async def assign_hr_partner(call: Call[PartnerBody], unit: UUID) -> Receipt:
        """Make a person HR partner for a unit and those below it."""
        partner = await superior_named(relations, call.body.partner, "#/partner", call.caller)
        return await execute(call, rules.AssignHrPartner(unit, partner, call.body.effective_on))

    @routes.post(
        "/v1/units/{unit}/release-hr-partner",
        access=matrix.REPORT_UNIT,
        allow=_HR,
        refuses=(PersonNotKnown, rules.NotHrPartner),
        example={"partner": "E1003", "effective_on": "2026-09-01"},
    )
    async def release_hr_partner(call: Call[PartnerBody], unit: UUID) -> Receipt:
        """End a person's being HR partner for a unit; the day given is the first without them.

        An assignment that begins on that day or later is taken back.
        """
        partner = await person_named(relations, call.body.partner, "#/partner")
        return await execute(call, rules.ReleaseHrPartner(unit, partner, call.body.effective_on))

    @routes.get("/v1/units", access=matrix.READ_UNIT, allow=("person", Scope.PEOPLE_READ, Role.ADMIN))
    async def list_units(call: Call[None, Listing]) -> Page[UnitView]:
        """The units, by code."""
        return await people.units(call.cursor, call.query.limit)
