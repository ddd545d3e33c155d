"""Routes of the directory: who may look whom up."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.profiles.api_people import Code, Email
from services.profiles.people_list import MOST_LOOKED_UP, Match, PeopleList, PersonView, Wanted
from shared.access import matrix
from shared.auth.callers import Role, Scope
from shared.http import Alias, Body, Call, Listing, Page, Routes
from shared.http.fields import Moment
from shared.http.routes import Grant
from shared.refusals import Invalid, Unacceptable
from shared.relations.reads import Relations

_READERS: tuple[Grant, ...] = ("person", Role.ADMIN, Scope.PEOPLE_READ)


class PeopleQuery(Listing):
    """Filters of the list; each narrows it."""

    unit: Annotated[UUID | None, Field(description="In this unit or below it.")] = None
    manager: Annotated[UUID | None, Field(description="Managed by this person now.")] = None
    status: Literal["active", "leave", "left", "future"] | None = None
    changed_since: Annotated[Moment | None, Field(description="With a `changed_at` of then or later.")] = None


class LookupBody(Body):
    """Up to 200 in all."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=200)] = ()
    employee_numbers: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    emails: Annotated[tuple[Email, ...], Field(max_length=200)] = ()


def add_routes(routes: Routes, relations: Relations, people: PeopleList) -> None:
    """Adds the routes of the directory."""

    @routes.get("/v1/people", access=matrix.READ_PERSON, allow=_READERS)
    async def list_people(call: Call[None, PeopleQuery]) -> Page[PersonView]:
        """People: all of them for a service account, your population for an HR partner, else yourself and your team."""
        query = call.query
        wanted = Wanted(query.unit, query.manager, query.status, query.changed_since)
        return await people.page(call.caller, wanted, call.cursor, query.limit)

    @routes.post(
        "/v1/people/lookup",
        access=matrix.READ_PERSON,
        allow=_READERS,
        status=200,
        reads=True,
        example={"employee_numbers": ["E1001", "E1002"], "emails": ["amina.diallo@example.org"]},
    )
    async def look_up_people(call: Call[LookupBody]) -> list[Match]:
        """Find people by id, employee number or e-mail address; who is not yours to see is not found."""
        if len(call.body.ids) + len(call.body.employee_numbers) + len(call.body.emails) > MOST_LOOKED_UP:
            raise Unacceptable(invalid=(Invalid("#", f"must name at most {MOST_LOOKED_UP} in all"),))
        return await people.look_up(call.caller, call.body.ids, call.body.employee_numbers, call.body.emails)

    @routes.get("/v1/people/{person}", access=matrix.READ_PERSON, allow=_READERS)
    async def read_person(call: Call, person: Alias) -> PersonView:
        """One person: yourself, who you manage, or who belongs to your population."""
        return await people.one(call.caller, await relations.named(person, call.caller))
