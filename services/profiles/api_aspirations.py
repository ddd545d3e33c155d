"""Routes of aspirations: written by their owner alone, read by whom the owner lets."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID, uuid5

from pydantic import Field
from uuid_utils.compat import uuid7

from services.profiles import aspiration as rules
from services.profiles.aspirations_list import AspirationsList, AspirationView, AudienceView
from services.profiles.named import PersonNotKnown, colleague_named
from shared.access import matrix
from shared.audit import Reader
from shared.contracts.profiles import Aspiration, Certainty, Grain
from shared.http import Alias, Body, Call, Day, Line, Listing, Page, Routes, Text
from shared.http.calls import Found
from shared.refusals import Invalid, NotFound, Unacceptable
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


class ShareBody(Body):
    """For whom: `my_manager` (the manager now, while they are; the default), `person` (named in `reader`),
    `whoever_is_my_manager` or `my_hr_partner` (a relation, whoever has it)."""

    audience: Literal["my_manager", "person", "whoever_is_my_manager", "my_hr_partner"] = "my_manager"
    reader: Annotated[Line | None, Field(description="With audience `person` alone: their id or employee number.")] = (
        None
    )
    purpose: Text | None = None
    until: Annotated[Day | None, Field(description="The last day on which they may read it.")] = None
    later_editions: Annotated[bool, Field(description="Whether they also read what you write later.")] = False


class ChangeSharingBody(Body):
    """Which sharing, and how it is from now on: all of it is said anew."""

    share: UUID
    until: Annotated[Day | None, Field(description="The last day on which they may read it; null: no last day.")] = None
    later_editions: Annotated[bool, Field(description="Whether they also read what you write later.")] = False


class WithdrawBody(Body):
    """Which sharing ends."""

    share: UUID


@dataclass(frozen=True, slots=True)
class ShareReceipt(Receipt):
    """`share` is what withdraw-sharing asks for."""

    share: UUID


_EXAMPLE = {
    "grain": "skill",
    "certainty": "likely",
    "text": "I want to lead conversations with customers, not only answer tickets.",
    "skills": ["customer communication"],
}


_SHARE = "01a2c3d4-0000-7000-8000-000000000002"
_SHARED = {"id": "01a2c3d4-0000-7000-8000-000000000001", "version": 2, "after": "profiles:7:123", "share": _SHARE}


def add_routes(routes: Routes, streams: Streams, relations: Relations, aspirations: AspirationsList) -> None:
    """Adds the routes of aspirations."""
    _add_writing(routes, streams, relations)
    _add_sharing(routes, streams, relations)
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
        command = rules.ReviseAspiration(owner, call.body.content(), today, await relations.left_on(owner))
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)

    @routes.post("/v1/people/{person}/aspirations/{aspiration}/confirm", access=matrix.WRITE_ASPIRATION)
    async def confirm_aspiration(call: Call, person: Alias, aspiration: UUID) -> Receipt:
        """Say that an aspiration still holds."""
        owner = await relations.oneself(person, call.caller)
        command = rules.ConfirmAspiration(owner, await relations.today(owner, call.at))
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)


def _add_sharing(routes: Routes, streams: Streams, relations: Relations) -> None:
    @routes.post(
        "/v1/people/{person}/aspirations/{aspiration}/share",
        access=matrix.WRITE_ASPIRATION,
        refuses=(
            PersonNotKnown,
            rules.NobodyToShareWith,
            rules.SharedWithOneself,
            rules.SharingInThePast,
            rules.TooManySharings,
        ),
        example={"audience": "my_manager", "purpose": "For our talk in May"},
        example_answer=_SHARED,
    )
    async def share_aspiration(call: Call[ShareBody], person: Alias, aspiration: UUID) -> ShareReceipt:
        """Let an audience read an aspiration as it is now."""
        owner, share = await relations.oneself(person, call.caller), _share_id(call, aspiration)

        async def attempt() -> Receipt:
            command = rules.ShareAspiration(
                owner,
                share=share,
                audience=call.body.audience,
                reader=await _reader(call.body, owner),
                purpose=call.body.purpose,
                until=call.body.until,
                later_editions=call.body.later_editions,
                on=await relations.today(owner, call.at),
            )
            return await streams.execute(rules.DECIDER, aspiration, command, call.origin)

        receipt = await streams.once(attempt, call.origin)
        return ShareReceipt(receipt.id, receipt.version, receipt.after, share)

    @routes.post(
        "/v1/people/{person}/aspirations/{aspiration}/change-sharing",
        access=matrix.WRITE_ASPIRATION,
        refuses=(rules.SharingNotActive, rules.SharingInThePast),
        example={"share": _SHARE, "later_editions": True},
    )
    async def change_sharing(call: Call[ChangeSharingBody], person: Alias, aspiration: UUID) -> Receipt:
        """Say anew until when an audience reads, and whether it reads later editions."""
        owner, body = await relations.oneself(person, call.caller), call.body
        today = await relations.today(owner, call.at)
        left_on = await relations.left_on(owner)
        command = rules.ChangeSharing(owner, body.share, body.until, body.later_editions, today, left_on)
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)

    @routes.post(
        "/v1/people/{person}/aspirations/{aspiration}/withdraw-sharing",
        access=matrix.WRITE_ASPIRATION,
        refuses=(rules.SharingNotActive,),
        example={"share": _SHARE},
    )
    async def withdraw_sharing(call: Call[WithdrawBody], person: Alias, aspiration: UUID) -> Receipt:
        """Take back what an audience could read."""
        owner = await relations.oneself(person, call.caller)
        command = rules.WithdrawSharing(owner, call.body.share, await relations.today(owner, call.at))
        return await streams.execute(rules.DECIDER, aspiration, command, call.origin)

    async def _reader(body: ShareBody, owner: UUID) -> UUID | None:
        if (body.reader is None) == (body.audience == "person"):
            detail = "is required with audience person" if body.reader is None else "goes with audience person alone"
            raise Unacceptable(invalid=(Invalid("#/reader", detail),))
        if body.reader is not None:
            return await colleague_named(relations, body.reader, "#/reader")
        return await relations.manager(owner) if body.audience == "my_manager" else None


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
        state, version = await _own(owner, aspiration)
        return Found(await aspirations.own(state, await relations.today(owner, call.at)), version)

    @routes.get("/v1/people/{person}/aspirations/{aspiration}/audience", access=matrix.READ_ASPIRATION_AUDIENCE)
    async def list_audience(call: Call, person: Alias, aspiration: UUID) -> Page[AudienceView]:
        """Who can read your aspiration now, and why."""
        owner = await relations.oneself(person, call.caller)
        state, _ = await _own(owner, aspiration)
        return Page(await aspirations.audience(state, await relations.today(owner, call.at)))

    @routes.get("/v1/people/{person}/aspirations/{aspiration}/readers", access=matrix.READ_ASPIRATION_AUDIENCE)
    async def list_readers(call: Call[None, Listing], person: Alias, aspiration: UUID) -> Page[Reader]:
        """Who has read your aspiration in this service, latest first; whom you no longer let read it among them.

        What a reader saw of it in your timeline is told with that. A read shows within a second.
        """
        owner = await relations.oneself(person, call.caller)
        await _own(owner, aspiration)
        return await aspirations.readers(owner, aspiration, call.cursor, call.query.limit)

    async def _own(owner: UUID, aspiration: UUID) -> tuple[rules.Written, int]:
        state, version = await streams.state(rules.DECIDER, aspiration)
        if isinstance(state, rules.Unwritten) or state.person != owner:
            raise NotFound
        return state, version


def _share_id(call: Call[ShareBody], aspiration: UUID) -> UUID:
    """Follows from the Idempotency-Key where there is one: the answer to a repeated command names the same share."""
    return uuid7() if call.key is None else uuid5(aspiration, call.key.key.hex())
