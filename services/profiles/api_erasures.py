"""Routes of erasure: asked for, followed to its receipt; and of the hold that forbids it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

from services.profiles import erasure as rules
from shared.access import matrix
from shared.auth.callers import Caller, Role
from shared.contracts.erasure import SERVICES, Done, Scope
from shared.contracts.profiles import ErasureGround
from shared.http import Alias, Body, Call, Page, Routes, Text
from shared.http.calls import Found
from shared.http.routes import Grant
from shared.refusals import Invalid, NotAllowed, NotFound, Unacceptable
from shared.relations.reads import Relations
from shared.sealing.sealer import Sealer
from shared.streams import Receipt, Streams

_EITHER: tuple[Grant, ...] = ("person", Role.ADMIN)


class ErasureBody(Body):
    """`words`: what the person wrote or said of themselves, everywhere; their employment goes on. `person`: all that
    leads to somebody who has left. An administrator gives the ground; of your own words it is that you asked."""

    scope: Scope
    ground: ErasureGround | None = None


class HoldBody(Body):
    reason: Text


@dataclass(frozen=True, slots=True)
class ErasureReceipt(Receipt):
    """With the person's id: it leads to the receipt of who is erased, when their other names do no more."""

    person: UUID


class PlaceView(BaseModel):
    """One place of a service: how much was found there, and what became of it.

    `unreadable`: sealed with keys that are destroyed; it stays where it stands, and nobody can read it any more.
    """

    place: str
    found: int
    done: Done


class ServiceView(BaseModel):
    service: str
    cleaned: bool
    places: list[PlaceView]


class ErasureView(BaseModel):
    """An erasure's receipt. Until it is `complete` it says how far it is."""

    erasure: UUID
    person: UUID
    scope: Scope
    ground: ErasureGround
    asked_by: UUID | None = Field(description="Who asked: the person themselves, or an administrator.")
    asked_on: date
    state: Literal["asked", "keys_destroyed", "cleaning", "complete"]
    complete_on: date | None
    keys_destroyed: int | None
    backups_end_on: date | None = Field(description="The day on which the last backup ends that may hold a key.")
    services: list[ServiceView]


class HoldView(BaseModel):
    """Why nothing of the person may be erased for now."""

    placed_on: date
    reason: str | None


def add_routes(routes: Routes, streams: Streams, relations: Relations, sealer: Sealer) -> None:
    """Adds the routes of erasure and hold."""
    _add_commands(routes, streams, relations)
    _add_reads(routes, streams, relations, sealer)


def _add_commands(routes: Routes, streams: Streams, relations: Relations) -> None:
    @routes.post(
        "/v1/people/{person}/erasures",
        access=matrix.REQUEST_ERASURE,
        allow=_EITHER,
        creates=True,
        refuses=(rules.ErasureUnderWay, rules.OnLegalHold, rules.StillEmployed),
        example={"scope": "words", "ground": "asked_by_the_person"},
    )
    async def request_erasure(call: Call[ErasureBody], person: Alias) -> ErasureReceipt:
        """Erase your words, or, as administrator, somebody's words or all that leads to who has left.

        It cannot be taken back. The receipt says how far it is, and in the end what was found where. Whose words were
        erased by somebody else is told so.
        """
        whom = await _person(relations, person, call.caller)
        command = rules.RequestErasure(
            erasure=uuid7() if call.key is None else uuid5(whom, call.key.key.hex()),
            person=whom,
            scope=call.body.scope,
            ground=_ground(call.body, own=call.caller.person == whom),
            asked_by=call.caller.person,
            employed=not await relations.left(whom),
            on=await relations.today(whom, call.at),
        )
        receipt = await streams.execute(rules.DECIDER, rules.record_id(whom), command, call.origin)
        return ErasureReceipt(command.erasure, receipt.version, receipt.after, whom)

    @routes.post(
        "/v1/people/{person}/place-hold",
        access=matrix.CHANGE_HOLD,
        allow=Role.ADMIN,
        refuses=(rules.ErasureUnderWay, rules.HoldInPlace),
        example={"reason": "Labour court of Lyon, case 24/0113: records are to be kept until it is decided."},
    )
    async def place_hold(call: Call[HoldBody], person: Alias) -> Receipt:
        """Forbid by law that anything of a person be erased. They can read why."""
        whom = await relations.person(person)
        command = rules.PlaceHold(whom, call.body.reason, await relations.today(whom, call.at))
        return await streams.execute(rules.DECIDER, rules.record_id(whom), command, call.origin)

    @routes.post("/v1/people/{person}/lift-hold", access=matrix.CHANGE_HOLD, allow=Role.ADMIN)
    async def lift_hold(call: Call, person: Alias) -> Receipt:
        """Let what is held of a person be erased again."""
        whom = await relations.person(person)
        command = rules.LiftHold(whom, await relations.today(whom, call.at))
        return await streams.execute(rules.DECIDER, rules.record_id(whom), command, call.origin)


def _add_reads(routes: Routes, streams: Streams, relations: Relations, sealer: Sealer) -> None:
    @routes.get("/v1/people/{person}/erasures", access=matrix.READ_ERASURE, allow=_EITHER)
    async def list_erasures(call: Call, person: Alias) -> Page[ErasureView]:
        """The erasures of a person, newest first: your own, or as administrator anybody's."""
        record, _ = await _record(call.caller, person)
        return Page([_view(one) for one in reversed(list(record.erasures.values()))])

    @routes.get("/v1/people/{person}/erasures/{erasure}", access=matrix.READ_ERASURE, allow=_EITHER)
    async def read_erasure(call: Call, person: Alias, erasure: UUID) -> Found[ErasureView]:
        """How far an erasure is, and in the end its receipt."""
        record, version = await _record(call.caller, person)
        if erasure not in record.erasures:
            raise NotFound
        return Found(_view(record.erasures[erasure]), version)

    @routes.get("/v1/people/{person}/hold", access=matrix.READ_HOLD, allow=_EITHER)
    async def read_hold(call: Call, person: Alias) -> HoldView:
        """Why nothing of a person may be erased for now; not found where there is no hold."""
        record, _ = await _record(call.caller, person)
        if record.hold is None:
            raise NotFound
        clear = await sealer.clear({"reason": record.hold.reason})
        return HoldView(placed_on=record.hold.effective_on, reason=clear["reason"])

    async def _record(caller: Caller, person: str) -> tuple[rules.Record, int]:
        whom = await _person(relations, person, caller)
        return await streams.state(rules.DECIDER, rules.record_id(whom))


async def _person(relations: Relations, alias: str, caller: Caller) -> UUID:
    """Oneself; for an administrator anybody. Raises NotFound."""
    if Role.ADMIN in caller.roles:
        return await relations.person(alias)
    return await relations.oneself(alias, caller)


def _ground(body: ErasureBody, *, own: bool) -> ErasureGround:
    """Raises NotAllowed, Unacceptable."""
    if own:
        if body.scope != "words" or body.ground not in (None, "asked_by_the_person"):
            raise NotAllowed("Of yourself you erase your words; an administrator erases who has left.")
        return "asked_by_the_person"
    if body.ground is None:
        raise Unacceptable(invalid=(Invalid("#/ground", "must be given, where it is somebody else who asks"),))
    return body.ground


def _view(erasure: rules.Erasure) -> ErasureView:
    asked, keys = erasure.asked, erasure.keys
    done = erasure.complete_on is not None
    return ErasureView(
        erasure=asked.erasure,
        person=asked.person,
        scope=asked.scope,
        ground=asked.ground,
        asked_by=asked.asked_by,
        asked_on=asked.effective_on,
        state="complete" if done else "cleaning" if erasure.ordered else "keys_destroyed" if keys else "asked",
        complete_on=erasure.complete_on,
        keys_destroyed=None if keys is None else keys.keys,
        backups_end_on=None if keys is None else keys.backups_end_on,
        services=[
            ServiceView(
                service=service,
                cleaned=service in erasure.cleaned,
                places=[PlaceView(**one.model_dump()) for one in erasure.cleaned.get(service, ())],
            )
            for service in SERVICES
        ],
    )
