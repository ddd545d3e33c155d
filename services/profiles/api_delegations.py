"""Routes of delegations: managers and HR partners who are away say who stands in for them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.profiles import delegation as rules
from services.profiles.delegations_list import DelegationsList, DelegationView, StandInView
from shared.access import matrix
from shared.auth.callers import Role
from shared.contracts.profiles import Capacity
from shared.http import Alias, Body, Call, Day, Line, Listing, Page, Routes, Text
from shared.refusals import NotFound
from shared.relations.named import PersonNotKnown, colleague_named
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams


class DelegationBody(Body):
    """Who stands in for you, as what, from when (today where nothing is said) and until when. You alone read why."""

    delegate: Annotated[Line, Field(description="Their id or employee number.")]
    capacities: Annotated[tuple[Capacity, ...], Field(min_length=1, max_length=2)]
    effective_on: Day | None = None
    until: Annotated[Day, Field(description="The last day; within a year.")]
    reason: Text | None = None


def add_routes(routes: Routes, streams: Streams, relations: Relations, delegations: DelegationsList) -> None:
    """Adds the routes of delegations."""

    @routes.post(
        "/v1/people/{person}/delegations",
        access=matrix.GIVE_DELEGATION,
        creates="/v1/delegations",
        refuses=(PersonNotKnown, rules.DelegatedToOneself, rules.DelegationDatesWrong),
        example={"delegate": "E1002", "capacities": ["manager"], "until": "2027-04-30", "reason": "Parental leave"},
    )
    async def give_delegation(call: Call[DelegationBody], person: Alias) -> Receipt:
        """While you are away: say who stands in for you as manager or HR partner.

        They read what whoever is the manager, or the HR partner, reads of your people, under both names; nothing that
        was shared with you by name. HR partners need that role themselves. They do nothing in your place. What you are
        is asked at each read: as what you are not, or not yet, they read nothing.
        """
        delegator, body = await relations.oneself(person, call.caller), call.body
        today = await relations.today(delegator, call.at)
        command = rules.GiveDelegation(
            uuid7(),
            delegator,
            await colleague_named(relations, body.delegate, "#/delegate"),
            capacities=tuple(sorted(set(body.capacities))),
            effective_on=body.effective_on or today,
            until=body.until,
            reason=body.reason,
            today=today,
        )
        return await streams.create(rules.DECIDER, command.delegation, command, call.origin)

    @routes.post("/v1/delegations/{delegation}/end", access=matrix.END_DELEGATION, allow=("person", Role.ADMIN))
    async def end_delegation(call: Call, delegation: UUID) -> Receipt:
        """End a delegation that you gave, from today on; an administrator ends anybody's."""
        by = None if Role.ADMIN in call.caller.roles else call.person
        state, _ = await streams.state(rules.DECIDER, delegation)
        if isinstance(state, rules.NotGiven) or by not in (None, state.delegator):
            raise NotFound
        command = rules.EndDelegation(by, await relations.today(state.delegator, call.at))
        return await streams.execute(rules.DECIDER, delegation, command, call.origin)

    @routes.get("/v1/people/{person}/delegations", access=matrix.READ_DELEGATION, allow=("person", Role.ADMIN))
    async def list_delegations(call: Call[None, Listing], person: Alias) -> Page[DelegationView]:
        """For whom you stand in, and who stands in for you, newest first; administrators read anybody's."""
        anybody = Role.ADMIN in call.caller.roles
        whose = await (relations.person(person) if anybody else relations.oneself(person, call.caller))
        return await delegations.page(whose, call.caller, call.cursor, call.query.limit)

    @routes.get("/v1/delegations/{delegation}", access=matrix.READ_DELEGATION, allow=("person", Role.ADMIN))
    async def read_delegation(call: Call, delegation: UUID) -> DelegationView:
        """One delegation, for who gave it, who has it, and administrators."""
        return await delegations.one(delegation, call.caller)

    @routes.get("/v1/people/{person}/stand-ins", access=matrix.READ_STAND_INS)
    async def list_stand_ins(call: Call, person: Alias) -> Page[StandInView]:
        """Who stands in now for your manager and your HR partners, and until when."""
        return Page(await delegations.towards(await relations.oneself(person, call.caller)))
