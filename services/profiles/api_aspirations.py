"""Routes of aspirations: written by their owner alone, read by whom the owner lets."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from services.profiles import aspiration as rules
from services.profiles.aspirations_list import AspirationsList, AspirationView
from shared.access import matrix
from shared.contracts.profiles import Aspiration, Certainty, Grain
from shared.http import Alias, Body, Call, Line, Listing, Page, Routes, Text
from shared.http.calls import Found
from shared.refusals import NotFound
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams


class AspirationBody(Body):
    """A direction, not a fixed path: a target role is optional. `skills` are ESCO URIs or plain words."""

    grain: Grain
    certainty: Certainty
    text: Text
    skills: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    target_role: Line | None = None

    def content(self) -> Aspiration:
        return Aspiration(
            grain=self.grain,
            certainty=self.certainty,
            text=self.text,
            skills=self.skills,
            target_role=self.target_role,
        )


_EXAMPLE = {
    "grain": "skill",
    "certainty": "likely",
    "text": "I want to lead conversations with customers, not only answer tickets.",
    "skills": ["customer communication"],
}


def add_routes(routes: Routes, streams: Streams, relations: Relations, aspirations: AspirationsList) -> None:
    """Adds the routes of aspirations."""
    _add_writing(routes, streams, relations)
    _add_reads(routes, streams, relations, aspirations)


def _add_writing(routes: Routes, streams: Streams, relations: Relations) -> None:
    @routes.post("/v1/people/{person}/aspirations", access=matrix.WRITE_ASPIRATION, creates=True, example=_EXAMPLE)
    async def record_aspiration(call: Call[AspirationBody], person: Alias) -> Receipt:
        """Write down an aspiration, for yourself alone."""
        owner = await relations.oneself(person, call.caller)
        today = await relations.today(owner, call.at)
        command = rules.RecordAspiration(uuid7(), owner, call.body.content(), today)
        return await streams.create(rules.DECIDER, command.aspiration, command, call.origin)

    @routes.post(
        "/v1/people/{person}/aspirations/{aspiration}/revise", access=matrix.WRITE_ASPIRATION, example=_EXAMPLE
    )
    async def revise_aspiration(call: Call[AspirationBody], person: Alias, aspiration: UUID) -> Receipt:
        """Write an aspiration anew; who was given only the earlier words goes on reading those."""
        owner = await relations.oneself(person, call.caller)
        today = await relations.today(owner, call.at)
        command = rules.ReviseAspiration(owner, call.body.content(), today, await relations.over_until(owner))
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)

    @routes.post("/v1/people/{person}/aspirations/{aspiration}/confirm", access=matrix.WRITE_ASPIRATION)
    async def confirm_aspiration(call: Call, person: Alias, aspiration: UUID) -> Receipt:
        """Say that an aspiration still holds."""
        owner = await relations.oneself(person, call.caller)
        command = rules.ConfirmAspiration(owner, await relations.today(owner, call.at))
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)


def _add_reads(routes: Routes, streams: Streams, relations: Relations, aspirations: AspirationsList) -> None:
    @routes.get("/v1/people/{person}/aspirations", access=matrix.READ_ASPIRATION)
    async def list_aspirations(call: Call[None, Listing], person: Alias) -> Page[AspirationView]:
        """Your aspirations, newest first; of somebody else, what they share with you now."""
        owner = await relations.named(person, call.caller)
        return await aspirations.page(owner, call.caller, call.cursor, call.query.limit)

    @routes.get("/v1/people/{person}/aspirations/{aspiration}", access=matrix.READ_ASPIRATION)
    async def read_aspiration(call: Call, person: Alias, aspiration: UUID) -> Found[AspirationView]:
        """One aspiration: the newest edition for its owner, the shared one for whom it is shared with."""
        owner = await relations.named(person, call.caller)
        if owner != call.caller.person:
            return Found(await aspirations.shared(owner, call.caller, aspiration), 1)
        state, version = await streams.state(rules.DECIDER, aspiration)
        if isinstance(state, rules.Unwritten) or state.person != owner:
            raise NotFound
        return Found(await aspirations.own(state, await relations.today(owner, call.at)), version)
