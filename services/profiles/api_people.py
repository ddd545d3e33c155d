"""Routes of people: what HR reports of them, one fact at a time."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import AfterValidator, Field
from uuid_utils.compat import uuid7

from services.profiles import person as rules
from services.profiles.identity import Identity
from shared.access import matrix
from shared.auth.callers import Role, Scope
from shared.contracts.profiles import ChangeReason, Language, Name
from shared.http import Alias, Body, Call, Day, Line, Routes, Text
from shared.refusals import Worded
from shared.relations.named import PersonNotKnown, ReportedOfOneself, colleague_named, superior_named
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams
from shared.zones import is_zone


def _known(zone: str) -> str:
    if not is_zone(zone):
        raise Worded("must be a time zone such as Europe/Paris")
    return zone


Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Zone = Annotated[
    str,
    Field(
        max_length=60,
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
        description="A name of the IANA time zone database.",
        examples=["Europe/Paris"],
    ),
    AfterValidator(_known),
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]

_HR = (Role.ADMIN, Scope.IMPORTS_WRITE)
_PLACE = {
    "position": "P-17",
    "unit": "6f1f0c52-6a5d-5c5e-9d6f-2f0c1f6f2a11",
    "title": "Engineer",
    "job_level": 6,
    "legal_entity": "FR01",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "fte": 0.8,
    "reason": "hire",
    "effective_on": "2024-03-01",
}


class PersonBody(Body):
    """Somebody new, by HR's own number."""

    employee_number: Code
    email: Email | None = None
    given_name: Line
    family_name: Line
    language: Language = "en"
    joined_on: Day


class DescriptionBody(Body):
    given_name: Line
    family_name: Line
    language: Language


class PlaceBody(Body):
    """A place as it is from the day on. `corrects` names a place taken or changed, told before, that this replaces."""

    position: Code
    unit: UUID
    title: Line
    legal_entity: Code
    country: Country
    time_zone: Zone
    job_level: Annotated[int | None, Field(ge=0, le=100)] = None
    fte: Annotated[float | None, Field(gt=0, le=1)] = None
    primary: bool = True
    status: Literal["active", "leave"] = "active"
    reason: ChangeReason | None = None
    effective_on: Day
    corrects: UUID | None = None

    def details(self) -> rules.PlaceDetails:
        return rules.PlaceDetails(**self.model_dump(exclude={"effective_on", "corrects"}))


class PlaceEndBody(Body):
    """`effective_on` is the first day without the place."""

    position: Code
    effective_on: Day
    corrects: UUID | None = None


class ManagerBody(Body):
    """No manager takes an explicit assignment back: then the unit's leader is the manager."""

    position: Code
    manager: Annotated[Line | None, Field(description="Their id or employee number.")] = None
    line: Literal["solid", "dotted"] = "solid"
    effective_on: Day
    corrects: UUID | None = None


class InterimBody(Body):
    partner: Annotated[Line | None, Field(description="Their id or employee number; none takes it back.")] = None


class LeaveBody(Body):
    """`left_on` is the last day in."""

    left_on: Day
    reason: Text | None = None
    corrects: UUID | None = None


class RejoinBody(Body):
    joined_on: Day
    corrects: UUID | None = None


class FactBody(Body):
    fact: UUID


class AliasBody(Body):
    source: Literal["employee_number", "email", "subject"]
    value: Line
    effective_on: Day


def add_routes(routes: Routes, streams: Streams, relations: Relations, identity: Identity) -> None:
    """Adds the routes of people."""

    async def execute(call: Call[Any, Any], command: rules.PersonCommand) -> Receipt:
        return await streams.execute(rules.DECIDER, command.person, command, call.origin)

    @routes.post(
        "/v1/people",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        creates=True,
        refuses=(rules.AlreadyJoined,),
        example={
            "employee_number": "E1001",
            "email": "amina.diallo@example.org",
            "given_name": "Amina",
            "family_name": "Diallo",
            "language": "fr",
            "joined_on": "2024-03-01",
        },
    )
    async def join(call: Call[PersonBody]) -> Receipt:
        """Report that somebody joined. Their id is random; HR's number finds them."""
        body = call.body
        aliases: list[tuple[Any, str]] = [("employee_number", body.employee_number)]
        if body.email is not None:
            aliases.append(("email", body.email))
        command = rules.Join(
            person=uuid4(),
            fact=uuid7(),
            effective_on=body.joined_on,
            name=Name(given=body.given_name, family=body.family_name),
            language=body.language,
            aliases=tuple(aliases),
        )
        return await identity.join(command, rules.decide(command, rules.Nobody()), call.origin)

    @routes.post(
        "/v1/people/{person}/describe",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        example={"given_name": "Amina", "family_name": "Diallo-Berg", "language": "fr"},
    )
    async def describe(call: Call[DescriptionBody], person: Alias) -> Receipt:
        """Report a person's name or language."""
        name = Name(given=call.body.given_name, family=call.body.family_name)
        return await execute(call, rules.Describe(await relations.person(person), name, call.body.language))

    @routes.post(
        "/v1/people/{person}/add-alias",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.AliasTaken,),
        example={"source": "subject", "value": "amina.diallo", "effective_on": "2024-03-01"},
    )
    async def add_alias(call: Call[AliasBody], person: Alias) -> Receipt:
        """Report another system's name for a person."""
        body = call.body
        command = rules.AddAlias(await relations.person(person), body.source, body.value, body.effective_on)
        return await identity.add_alias(command, call.origin)

    @routes.post(
        "/v1/people/{person}/remove-alias",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        example={"source": "subject", "value": "amina.diallo", "effective_on": "2026-09-01"},
    )
    async def remove_alias(call: Call[AliasBody], person: Alias) -> Receipt:
        """Report that a name of another system is not valid any more from a day on."""
        body = call.body
        command = rules.RemoveAlias(await relations.person(person), body.source, body.value, body.effective_on)
        return await identity.remove_alias(command, call.origin)

    @routes.post(
        "/v1/people/{person}/take-place",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.NotEmployed, rules.PositionHeld, rules.FactUnknown),
        example=_PLACE,
    )
    async def take_place(call: Call[PlaceBody], person: Alias) -> Receipt:
        """Report that a person holds a place from a day on."""
        body, who = call.body, await relations.person(person)
        return await execute(
            call,
            rules.TakePlace(
                who, body.corrects or uuid7(), body.effective_on, body.details(), body.corrects is not None
            ),
        )

    @routes.post(
        "/v1/people/{person}/change-place",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.NotEmployed, rules.PositionNotHeld, rules.FactUnknown),
        example={
            **_PLACE,
            "title": "Senior Engineer",
            "job_level": 7,
            "reason": "promotion",
            "effective_on": "2026-04-01",
        },
    )
    async def change_place(call: Call[PlaceBody], person: Alias) -> Receipt:
        """Report that a place's unit, title, level or status differs from a day on."""
        body, who = call.body, await relations.person(person)
        return await execute(
            call,
            rules.ChangePlace(
                who, body.corrects or uuid7(), body.effective_on, body.details(), body.corrects is not None
            ),
        )

    @routes.post(
        "/v1/people/{person}/end-place",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.PositionNotHeld, rules.FactUnknown),
        example={"position": "P-17", "effective_on": "2026-09-01"},
    )
    async def end_place(call: Call[PlaceEndBody], person: Alias) -> Receipt:
        """Report the first day on which a person no longer holds a place."""
        body, who = call.body, await relations.person(person)
        return await execute(
            call,
            rules.EndPlace(who, body.corrects or uuid7(), body.effective_on, body.position, body.corrects is not None),
        )

    @routes.post(
        "/v1/people/{person}/assign-manager",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(PersonNotKnown, ReportedOfOneself, rules.PositionNotHeld, rules.OwnManager, rules.FactUnknown),
        example={"position": "P-17", "manager": "E1002", "line": "dotted", "effective_on": "2026-04-01"},
    )
    async def assign_manager(call: Call[ManagerBody], person: Alias) -> Receipt:
        """Name the explicit manager of a place."""
        body, who = call.body, await relations.person(person)
        named = body.manager
        manager = None if named is None else await superior_named(relations, named, "#/manager", call.caller)
        return await execute(
            call,
            rules.AssignManager(
                who,
                body.corrects or uuid7(),
                body.effective_on,
                body.position,
                manager,
                body.line,
                body.corrects is not None,
            ),
        )

    @routes.post(
        "/v1/people/{person}/name-interim-partner",
        access=matrix.NAME_INTERIM_PARTNER,
        refuses=(PersonNotKnown, rules.ManagerPresent, rules.OwnManager, rules.NotEmployed),
        example={"partner": "E1002"},
    )
    async def name_interim_partner(call: Call[InterimBody], person: Alias) -> Receipt:
        """While you have no manager: say who stands in, until you have one."""
        who, named = await relations.oneself(person, call.caller), call.body.partner
        partner = None if named is None else await colleague_named(relations, named, "#/partner")
        today = await relations.today(who, call.at)
        return await execute(call, rules.NameInterimPartner(who, today, partner, await relations.vacant(who)))

    @routes.post(
        "/v1/people/{person}/leave",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.NotEmployed, rules.FactUnknown),
        example={"left_on": "2026-08-31", "reason": "moved abroad"},
    )
    async def leave(call: Call[LeaveBody], person: Alias) -> Receipt:
        """Report a person's last day."""
        body, who = call.body, await relations.person(person)
        return await execute(
            call, rules.Leave(who, body.corrects or uuid7(), body.left_on, body.reason, body.corrects is not None)
        )

    @routes.post(
        "/v1/people/{person}/rejoin",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.AlreadyJoined, rules.FactUnknown),
        example={"joined_on": "2027-02-01"},
    )
    async def rejoin(call: Call[RejoinBody], person: Alias) -> Receipt:
        """Report that a person who had left joined again."""
        body, who = call.body, await relations.person(person)
        return await execute(
            call, rules.Rejoin(who, body.corrects or uuid7(), body.joined_on, body.corrects is not None)
        )

    @routes.post(
        "/v1/people/{person}/withdraw-fact",
        access=matrix.REPORT_PERSON,
        allow=_HR,
        refuses=(rules.FactUnknown,),
        example={"fact": "01a2c3d4-0000-7000-8000-000000000003"},
    )
    async def withdraw_fact(call: Call[FactBody], person: Alias) -> Receipt:
        """Take back a fact that HR had reported."""
        return await execute(call, rules.WithdrawFact(await relations.person(person), call.body.fact))
