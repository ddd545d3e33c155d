"""Routes of sharing: those of every kind, below the path of the thing that is shared."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from pydantic import Field
from uuid_utils.compat import uuid7

from shared.audit.named import NamedReader
from shared.contracts.profiles import AudienceKind
from shared.http import Alias, Body, Call, Day, Line, Listing, Page, Routes, Text
from shared.refusals import Invalid, NotFound, Unacceptable
from shared.relations.named import PersonNotKnown, colleague_named
from shared.relations.reads import Relations
from shared.sharing.reads import AudienceView, Sharings
from shared.sharing.rules import (
    AlreadyShared,
    ChangeSharing,
    Item,
    Kind,
    NobodyToShareWith,
    NoOpenApplication,
    SharedWithOneself,
    ShareItem,
    SharingInThePast,
    SharingNotActive,
    TooManySharings,
    WithdrawSharing,
)
from shared.streams import Receipt, Streams


class ShareBody(Body):
    """For whom: `my_manager` (the manager now, while they are; the default), `person` (named in `reader`),
    `whoever_is_my_manager` or `my_hr_partner` (a relation, whoever has it), or `opportunity_leader` (who decides on
    your application for the `opportunity`, while it is open)."""

    audience: AudienceKind = "my_manager"
    reader: Annotated[Line | None, Field(description="With audience `person` alone: their id or employee number.")] = (
        None
    )
    opportunity: Annotated[UUID | None, Field(description="With audience `opportunity_leader` alone.")] = None
    purpose: Text | None = None
    until: Annotated[Day | None, Field(description="The last day on which they may read it.")] = None
    later_editions: Annotated[bool, Field(description="Whether they also read what you write later.")] = False


class ChangeSharingBody(Body):
    """Which sharing, and how it is from now on: both are said anew, so that neither changes by being left out."""

    share: UUID
    until: Annotated[Day | None, Field(description="The last day on which they may read it; null: no last day.")]
    later_editions: Annotated[bool, Field(description="Whether they also read what you write later.")]


class WithdrawBody(Body):
    """Which sharing ends."""

    share: UUID


@dataclass(frozen=True, slots=True)
class ShareReceipt(Receipt):
    """`share` is what withdraw-sharing asks for."""

    share: UUID


_SHARE = "01a2c3d4-0000-7000-8000-000000000002"
_SHARED = {"id": "01a2c3d4-0000-7000-8000-000000000001", "version": 2, "after": "profiles:7:123", "share": _SHARE}


def add_sharing(routes: Routes, streams: Streams, relations: Relations, sharings: Sharings) -> None:
    """Adds the routes by which a kind is shared, and its owner reads who can see it and who has seen it."""
    _add_commands(routes, streams, relations, sharings)
    _add_reads(routes, streams, relations, sharings)


def _path(kind: Kind[Any]) -> str:
    return f"/v1/people/{{person}}/{kind.collection}/{{{kind.item}}}"


def _add_commands(routes: Routes, streams: Streams, relations: Relations, sharings: Sharings) -> None:
    kind = sharings.kind

    @routes.post(
        f"{_path(kind)}/share",
        access=kind.sharing,
        refuses=(
            PersonNotKnown,
            NobodyToShareWith,
            SharedWithOneself,
            SharingInThePast,
            NoOpenApplication,
            AlreadyShared,
            TooManySharings,
            *kind.refuses,
        ),
        example={"audience": "my_manager", "purpose": "For our talk in May"},
        example_answer=_SHARED,
        operation=f"share_{kind.name}",
    )
    async def share(call: Call[ShareBody], person: Alias, item: UUID) -> ShareReceipt:
        """Let an audience read it as it is now; what they read of an earlier edition ends with that."""
        owner, share = await relations.oneself(person, call.caller), _share_id(call, item)

        async def attempt() -> Receipt:
            await relations.require_present(owner)
            command = ShareItem(
                owner,
                share=share,
                audience=call.body.audience,
                reader=await _reader(call.body, owner),
                purpose=call.body.purpose,
                until=call.body.until,
                later_editions=call.body.later_editions,
                on=await relations.today(owner, call.at),
                submission=await _submission(call.body, owner),
                over_until=await relations.over_until(owner),
            )
            return await streams.execute(kind.decider, item, command, call.origin)

        receipt = await streams.once(attempt, call.origin)
        return ShareReceipt(receipt.id, receipt.version, receipt.after, share)

    @routes.post(
        f"{_path(kind)}/change-sharing",
        access=kind.sharing,
        refuses=(SharingNotActive, SharingInThePast),
        example={"share": _SHARE, "until": "2027-11-30", "later_editions": True},
        operation=f"change_sharing_of_{kind.name}",
    )
    async def change_sharing(call: Call[ChangeSharingBody], person: Alias, item: UUID) -> Receipt:
        """Say anew until when an audience reads, and whether it reads later editions."""
        owner, body = await relations.oneself(person, call.caller), call.body
        today = await relations.today(owner, call.at)
        over_until = await relations.over_until(owner)
        command = ChangeSharing(owner, body.share, body.until, body.later_editions, today, over_until)
        return await streams.execute(kind.decider, item, command, call.origin)

    @routes.post(
        f"{_path(kind)}/withdraw-sharing",
        access=kind.sharing,
        refuses=(SharingNotActive,),
        example={"share": _SHARE},
        operation=f"withdraw_sharing_of_{kind.name}",
    )
    async def withdraw_sharing(call: Call[WithdrawBody], person: Alias, item: UUID) -> Receipt:
        """Take back what an audience could read."""
        owner = await relations.oneself(person, call.caller)
        command = WithdrawSharing(owner, call.body.share, await relations.today(owner, call.at))
        return await streams.execute(kind.decider, item, command, call.origin)

    async def _reader(body: ShareBody, owner: UUID) -> UUID | None:
        if (body.reader is None) == (body.audience == "person"):
            detail = "is required with audience person" if body.reader is None else "goes with audience person alone"
            raise Unacceptable(invalid=(Invalid("#/reader", detail),))
        if body.reader is not None:
            return await colleague_named(relations, body.reader, "#/reader")
        return await relations.manager(owner) if body.audience == "my_manager" else None

    async def _submission(body: ShareBody, owner: UUID) -> UUID | None:
        if (body.opportunity is None) == (body.audience == "opportunity_leader"):
            audience = "opportunity_leader"
            detail = (
                f"is required with audience {audience}" if body.opportunity is None else f"goes with {audience} alone"
            )
            raise Unacceptable(invalid=(Invalid("#/opportunity", detail),))
        return None if body.opportunity is None else await sharings.submission(owner, body.opportunity)


def _add_reads(routes: Routes, streams: Streams, relations: Relations, sharings: Sharings) -> None:
    kind = sharings.kind

    @routes.get(f"{_path(kind)}/audience", access=kind.audience, operation=f"list_audience_of_{kind.name}")
    async def list_audience(call: Call, person: Alias, item: UUID) -> Page[AudienceView]:
        """Who can read it now, and why."""
        owner = await relations.oneself(person, call.caller)
        found = await _own(owner, item)
        return Page(await sharings.audience(found, await relations.today(owner, call.at)))

    @routes.get(f"{_path(kind)}/readers", access=kind.audience, operation=f"list_readers_of_{kind.name}")
    async def list_readers(call: Call[None, Listing], person: Alias, item: UUID) -> Page[NamedReader]:
        """Who has read it in this service, latest first; whom you no longer let read it among them.

        What a reader saw of it in your timeline is told with that. A read shows within a second.
        """
        owner = await relations.oneself(person, call.caller)
        await _own(owner, item)
        return await sharings.readers(owner, item, call.cursor, call.query.limit)

    async def _own(owner: UUID, item: UUID) -> Item:
        state, _ = await streams.state(kind.decider, item)
        found = kind.found(state)
        if found is None or found.person != owner:
            raise NotFound
        return found


def _share_id(call: Call[ShareBody], item: UUID) -> UUID:
    """Follows from the Idempotency-Key where there is one: the answer to a repeated command names the same share."""
    return uuid7() if call.key is None else uuid5(item, call.key.key.hex())
