"""An aspiration: a direction that a person writes down for themselves, and lets others read if they choose to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.access import matrix
from shared.contracts.event import Event, Private
from shared.contracts.profiles import (
    Aspiration as Content,
)
from shared.contracts.profiles import (
    AspirationConfirmed,
    AspirationRecorded,
    AspirationRevised,
    AspirationShared,
    ItemErased,
    SharingChanged,
    SharingWithdrawn,
)
from shared.refusals import NotFound
from shared.sharing import Item, Kind, Share, SharingCommand
from shared.streams import Decider


@dataclass(frozen=True, slots=True)
class RecordAspiration:
    aspiration: UUID
    person: UUID
    content: Content
    on: date


@dataclass(frozen=True, slots=True)
class ReviseAspiration:
    """`over_until`: the day up to which all that the person shared is over, if they ever left."""

    person: UUID
    content: Content
    on: date
    over_until: date | None = None


@dataclass(frozen=True, slots=True)
class ConfirmAspiration:
    person: UUID
    on: date


AspirationCommand = RecordAspiration | ReviseAspiration | ConfirmAspiration | SharingCommand


@dataclass(frozen=True, slots=True)
class Unwritten:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Written:
    """`content` is the newest edition; `shares` those not withdrawn."""

    aspiration: UUID
    person: UUID
    content: Private[Content]
    edition: int
    confirmed_on: date
    """When it was last written or said to hold."""
    shares: Mapping[UUID, Share] = field(default_factory=dict)


def evolve(state: Unwritten | Written, event: Event) -> Unwritten | Written:
    if isinstance(event, ItemErased):
        return Unwritten()
    if isinstance(event, AspirationRecorded):
        return Written(event.aspiration, event.person, event.content, 1, event.effective_on)
    if isinstance(state, Unwritten):
        return state
    match event:
        case AspirationRevised():
            return replace(state, content=event.content, edition=event.edition, confirmed_on=event.effective_on)
        case AspirationConfirmed():
            return replace(state, confirmed_on=event.effective_on)
        case _:
            return replace(state, shares=SHARING.follow(state.shares, event))


def decide(command: AspirationCommand, state: Unwritten | Written) -> Sequence[Event]:
    if isinstance(command, RecordAspiration):
        return [
            AspirationRecorded(
                aspiration=command.aspiration,
                person=command.person,
                effective_on=command.on,
                content=command.content,
            )
        ]
    if isinstance(state, Unwritten) or state.person != command.person:
        raise NotFound
    if isinstance(command, SharingCommand):
        return SHARING.decide(command, shareable(state))
    match command:
        case ReviseAspiration():
            return _revise(command, state)
        case ConfirmAspiration():
            return _confirm(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[AspirationCommand, Unwritten | Written] = Decider(Unwritten(), evolve, decide)


def shareable(state: Written) -> Item:
    """The aspiration as sharing takes it."""
    return Item(state.aspiration, state.person, state.edition, {"content": state.content}, state.shares)


SHARING = Kind(
    name="aspiration",
    collection="aspirations",
    item="aspiration",
    person="person",
    content=("content",),
    shared=AspirationShared,
    changed=SharingChanged,
    withdrawn=SharingWithdrawn,
    sharing=matrix.WRITE_ASPIRATION,
    audience=matrix.READ_ASPIRATION_AUDIENCE,
    decider=DECIDER,
    found=lambda state: shareable(state) if isinstance(state, Written) else None,
)


def _revise(command: ReviseAspiration, state: Written) -> Sequence[Event]:
    newest = replace(state, edition=state.edition + 1, content=command.content)
    return [
        AspirationRevised(
            aspiration=state.aspiration,
            person=state.person,
            effective_on=command.on,
            edition=newest.edition,
            content=command.content,
        ),
        *SHARING.anew(shareable(newest), command.on, command.over_until),
    ]


def _confirm(command: ConfirmAspiration, state: Written) -> Sequence[Event]:
    if state.confirmed_on >= command.on:
        return []
    return [AspirationConfirmed(aspiration=state.aspiration, person=state.person, effective_on=command.on)]
