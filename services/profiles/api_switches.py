"""Routes of switches: administrators turn measures of people's behaviour on and off, everybody reads their own."""

from services.profiles import switches as rules
from services.profiles.switches_list import SwitchesList, SwitchesView
from shared.access import matrix
from shared.auth.callers import Role
from shared.contracts.profiles import Measure
from shared.http import Alias, Body, Call, Line, Routes
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams


class SwitchBody(Body):
    """Which measure, and why: everybody in the legal entity reads it, so it names nobody."""

    measure: Measure
    reason: Line


def add_routes(routes: Routes, streams: Streams, relations: Relations, switches: SwitchesList) -> None:
    """Adds the routes of switches."""

    async def switch(call: Call[SwitchBody], legal_entity: str, *, on: bool) -> Receipt:
        await switches.require_known(legal_entity)
        command = rules.SwitchMeasure(legal_entity, call.body.measure, on, call.body.reason)
        return await streams.execute(rules.DECIDER, rules.legal_entity_id(legal_entity), command, call.origin)

    @routes.post(
        "/v1/legal-entities/{legal_entity}/turn-on",
        access=matrix.SWITCH_MEASURE,
        allow=Role.ADMIN,
        example={"measure": "hr_sees_conversations", "reason": "Agreed with the works council on 3 March 2027."},
    )
    async def turn_on_measure(call: Call[SwitchBody], legal_entity: str) -> Receipt:
        """Turn a measure of people's behaviour on in a legal entity, at once."""
        return await switch(call, legal_entity, on=True)

    @routes.post(
        "/v1/legal-entities/{legal_entity}/turn-off",
        access=matrix.SWITCH_MEASURE,
        allow=Role.ADMIN,
        example={"measure": "hr_sees_conversations", "reason": "The pilot is over."},
    )
    async def turn_off_measure(call: Call[SwitchBody], legal_entity: str) -> Receipt:
        """Turn a measure of people's behaviour off in a legal entity, at once."""
        return await switch(call, legal_entity, on=False)

    @routes.get("/v1/legal-entities/{legal_entity}/switches", access=matrix.READ_SWITCHES, allow=("person", Role.ADMIN))
    async def list_switches(call: Call, legal_entity: str) -> SwitchesView:
        """Which measures of people's behaviour are on in your legal entity, and why; administrators read it of each."""
        return await switches.find(legal_entity, call.caller)

    @routes.get("/v1/people/{person}/switches", access=matrix.READ_OWN_SWITCHES)
    async def read_own_switches(call: Call, person: Alias) -> SwitchesView:
        """Which measures of people's behaviour are on where you belong, and why."""
        return await switches.of(await relations.oneself(person, call.caller))
