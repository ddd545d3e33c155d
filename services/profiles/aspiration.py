"""An aspiration: a direction that a person writes down for themselves, and lets others read if they choose to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID

from shared.contracts.event import Event, Private
from shared.contracts.profiles import (
    Aspiration as Content,
)
from shared.contracts.profiles import (
    AspirationConfirmed,
    AspirationRecorded,
    AspirationRevised,
    AspirationShared,
    AudienceKind,
    ItemErased,
    SharingChanged,
    SharingWithdrawn,
)
from shared.refusals import Invalid, NotFound, Refusal, Unacceptable
from shared.streams import Decider


class SharingNotActive(Refusal, code="sharing-not-active"):
    """Nothing is shared under this id: it was withdrawn before, or ended when you left."""


class SharingInThePast(Unacceptable, code="sharing-in-the-past"):
    """Sharing ends on a day to come."""


class SharedWithOneself(Unacceptable, code="shared-with-oneself"):
    """You read your own aspirations anyway."""


class NobodyToShareWith(Refusal, code="nobody-to-share-with"):
    """There is no manager to share this with now: name a person, or whoever becomes your manager."""


MOST_SHARINGS = 100


class TooManySharings(Refusal, code="too-many-sharings"):
    """This is shared a hundred times already: withdraw what nobody needs any more."""


@dataclass(frozen=True, slots=True)
class RecordAspiration:
    aspiration: UUID
    person: UUID
    content: Content
    on: date


@dataclass(frozen=True, slots=True)
class ReviseAspiration:
    """`left_on`: the person's last day in, when they left last, if they ever have: what was shared by then is over."""

    person: UUID
    content: Content
    on: date
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class ShareAspiration:
    """`reader` is the person an audience of one means: the manager now, or whom the employee named."""

    person: UUID
    share: UUID
    audience: AudienceKind
    reader: UUID | None
    purpose: str | None
    until: date | None
    later_editions: bool
    on: date


@dataclass(frozen=True, slots=True)
class ConfirmAspiration:
    person: UUID
    on: date


@dataclass(frozen=True, slots=True)
class WithdrawSharing:
    person: UUID
    share: UUID
    on: date


@dataclass(frozen=True, slots=True)
class ChangeSharing:
    """Audience and purpose are what a sharing is: for others, there is another. `left_on` as in ReviseAspiration."""

    person: UUID
    share: UUID
    until: date | None
    later_editions: bool
    on: date
    left_on: date | None = None


AspirationCommand = (
    RecordAspiration | ReviseAspiration | ShareAspiration | ConfirmAspiration | ChangeSharing | WithdrawSharing
)


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
    shares: Mapping[UUID, AspirationShared] = field(default_factory=dict)


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
        case AspirationShared():
            return replace(state, shares={**state.shares, event.share: event})
        case SharingChanged():
            return replace(state, shares=_changed(state.shares, event))
        case SharingWithdrawn():
            return replace(state, shares={name: one for name, one in state.shares.items() if name != event.share})
        case _:
            return state


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
    match command:
        case ReviseAspiration():
            return _revise(command, state)
        case ShareAspiration():
            return _share(command, state)
        case ConfirmAspiration():
            return _confirm(command, state)
        case ChangeSharing():
            return _change(command, state)
        case WithdrawSharing():
            return _withdraw(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[AspirationCommand, Unwritten | Written] = Decider(Unwritten(), evolve, decide)


def _revise(command: ReviseAspiration, state: Written) -> Sequence[Event]:
    """Who was given later editions too is given this one, with the words: a reader's copy comes from a sharing."""
    edition = state.edition + 1
    return [
        AspirationRevised(
            aspiration=state.aspiration,
            person=state.person,
            effective_on=command.on,
            edition=edition,
            content=command.content,
        ),
        *(
            _anew(share, edition, command.content, command.on)
            for share in state.shares.values()
            if share.later_editions and _lasts(share, command.on, command.left_on)
        ),
    ]


def _share(command: ShareAspiration, state: Written) -> Sequence[Event]:
    if command.reader == command.person:
        raise SharedWithOneself(invalid=(Invalid("#/reader", "must be somebody else"),))
    if command.audience == "my_manager" and command.reader is None:
        raise NobodyToShareWith
    if command.until is not None and command.until < command.on:
        raise SharingInThePast(invalid=(Invalid("#/until", "must not be in the past"),))
    if sum(_lasts(share, command.on, None) for share in state.shares.values()) >= MOST_SHARINGS:
        raise TooManySharings  # a later edition is told to each of them, with the words, in one append
    return [
        AspirationShared(
            aspiration=state.aspiration,
            person=state.person,
            share=command.share,
            effective_on=command.on,
            audience=command.audience,
            reader=command.reader,
            edition=state.edition,
            later_editions=command.later_editions,
            until=command.until,
            purpose=command.purpose,
            content=state.content,
        )
    ]


def _changed(shares: Mapping[UUID, AspirationShared], event: SharingChanged) -> Mapping[UUID, AspirationShared]:
    if event.share not in shares:
        return shares
    told = shares[event.share].model_copy(update={"until": event.until, "later_editions": event.later_editions})
    return {**shares, event.share: told}


def _change(command: ChangeSharing, state: Written) -> Sequence[Event]:
    """Who is given later editions from now on is given the newest at once."""
    share = state.shares.get(command.share)
    if share is None or not _lasts(share, command.on, command.left_on):
        raise SharingNotActive
    if command.until is not None and command.until < command.on:
        raise SharingInThePast(invalid=(Invalid("#/until", "must not be in the past"),))
    if (share.until, share.later_editions) == (command.until, command.later_editions):
        return []
    changed = SharingChanged(
        aspiration=state.aspiration,
        person=state.person,
        share=command.share,
        effective_on=command.on,
        until=command.until,
        later_editions=command.later_editions,
    )
    if not command.later_editions or share.edition == state.edition:
        return [changed]
    return [changed, _anew(_changed(state.shares, changed)[command.share], state.edition, state.content, command.on)]


def _lasts(share: AspirationShared, on: date, left_on: date | None) -> bool:
    return (share.until is None or share.until >= on) and (left_on is None or share.effective_on > left_on)


def _anew(share: AspirationShared, edition: int, content: Private[Content], on: date) -> AspirationShared:
    """The sharing, told with another edition."""
    return share.model_copy(update={"edition": edition, "content": content, "effective_on": on})


def _confirm(command: ConfirmAspiration, state: Written) -> Sequence[Event]:
    if state.confirmed_on >= command.on:
        return []
    return [AspirationConfirmed(aspiration=state.aspiration, person=state.person, effective_on=command.on)]


def _withdraw(command: WithdrawSharing, state: Written) -> Sequence[Event]:
    if command.share not in state.shares:
        raise SharingNotActive
    return [
        SharingWithdrawn(aspiration=state.aspiration, person=state.person, share=command.share, effective_on=command.on)
    ]
