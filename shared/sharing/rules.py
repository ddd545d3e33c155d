"""The rules of sharing, the same for every kind of thing: pure, on what the thing's own stream says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar, assert_never
from uuid import UUID

from shared.access import Row
from shared.audit.entries import Kind as Record
from shared.contracts.event import Event, Private
from shared.contracts.profiles import AudienceKind
from shared.refusals import Invalid, Refusal, Unacceptable
from shared.streams import Decider

State = TypeVar("State")


class SharingNotActive(Refusal, code="sharing-not-active"):
    """Nothing is shared under this id: it was withdrawn before, or ended when you left."""


class SharingInThePast(Unacceptable, code="sharing-in-the-past"):
    """Sharing ends on a day to come."""


class SharedWithOneself(Unacceptable, code="shared-with-oneself"):
    """You read what is yours anyway."""


class NobodyToShareWith(Refusal, code="nobody-to-share-with"):
    """There is no manager to share this with now: name a person, or whoever becomes your manager."""


class NoOpenApplication(Refusal, code="no-open-application"):
    """There is no open application of yours for this opportunity, which you could send this with."""


class AlreadyShared(Refusal, code="already-shared"):
    """They can read this edition already: change that sharing, or withdraw it first."""


MOST_SHARINGS = 100


class TooManySharings(Refusal, code="too-many-sharings"):
    """This is shared a hundred times already: withdraw what nobody needs any more."""


@dataclass(frozen=True, slots=True)
class ShareItem:
    """`reader` is the person an audience of one means: the manager now, or whom the employee named; `submission` the
    application with which it goes to who leads an opportunity; `over_until` as in ChangeSharing."""

    person: UUID
    share: UUID
    audience: AudienceKind
    reader: UUID | None
    purpose: str | None
    until: date | None
    later_editions: bool
    on: date
    submission: UUID | None = None
    over_until: date | None = None


@dataclass(frozen=True, slots=True)
class ChangeSharing:
    """Audience and purpose are what a sharing is: for others there is another one.

    `over_until`: the day up to which all that the person shared is over, if they ever left.
    """

    person: UUID
    share: UUID
    until: date | None
    later_editions: bool
    on: date
    over_until: date | None = None


@dataclass(frozen=True, slots=True)
class WithdrawSharing:
    person: UUID
    share: UUID
    on: date


SharingCommand = ShareItem | ChangeSharing | WithdrawSharing


@dataclass(frozen=True, slots=True)
class Share:
    """A sharing that was not withdrawn, as it was told last."""

    share: UUID
    effective_on: date
    audience: AudienceKind
    reader: UUID | None
    edition: int
    later_editions: bool
    until: date | None
    purpose: Private[str] | None
    submission: UUID | None

    def is_for(self, command: ShareItem) -> bool:
        return (self.audience, self.reader, self.submission) == (command.audience, command.reader, command.submission)

    def lasts(self, on: date, over_until: date | None) -> bool:
        return (self.until is None or self.until >= on) and self.outlasts(over_until)

    def outlasts(self, over_until: date | None) -> bool:
        """Whether leaving has not ended it."""
        return over_until is None or self.effective_on > over_until


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a person's, in its newest edition: `content` are the fields of it that a sharing carries."""

    id: UUID
    person: UUID
    edition: int
    content: Mapping[str, object]
    shares: Mapping[UUID, Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[State]):
    """What can be shared: all that sharing has to know of it."""

    name: Record
    """As it is called in notes of reads."""
    collection: str
    """Where it is, below a person's path."""
    item: str
    """The field of its events with the thing's id, and the name of this in a path."""
    person: str
    """The field with whose it is."""
    content: tuple[str, ...]
    """The fields that its audience is shown."""
    shared: type[Event]
    changed: type[Event]
    withdrawn: type[Event]
    sharing: Row
    """Who shares it, changes that and takes it back."""
    audience: Row
    """Who reads who can see it, and who has seen it."""
    decider: Decider[Any, State]
    """Of its stream, which is the one with the thing's id. It takes SharingCommands."""
    found: Callable[[State], Item | None]
    """The thing, in a state of its stream in which there is one."""
    refuses: tuple[type[Refusal], ...] = ()
    """What its stream refuses besides when it is to be shared."""

    def decide(self, command: SharingCommand, item: Item) -> Sequence[Event]:
        match command:
            case ShareItem():
                return _share(self, command, item)
            case ChangeSharing():
                return _change(self, command, item)
            case WithdrawSharing():
                return _withdraw(self, command, item)
            case _:
                assert_never(command)

    def follow(self, shares: Mapping[UUID, Share], event: Any) -> Mapping[UUID, Share]:
        """The sharings after an event, whatever it is."""
        if event.type == self.shared.type:
            told = {name: getattr(event, name) for name in Share.__slots__}
            return {**shares, event.share: Share(**told)}
        if event.type == self.changed.type and event.share in shares:
            changed = replace(shares[event.share], until=event.until, later_editions=event.later_editions)
            return {**shares, event.share: changed}
        if event.type == self.withdrawn.type:
            return {name: share for name, share in shares.items() if name != event.share}
        return shares

    def anew(self, item: Item, on: date, over_until: date | None) -> Sequence[Event]:
        """There is a new edition: who was given later ones too is given it, with the words, since a reader's copy
        comes from a sharing. `over_until` as in ChangeSharing."""
        return [
            self.told(replace(share, edition=item.edition), item, on)
            for share in item.shares.values()
            if share.later_editions and share.lasts(on, over_until)
        ]

    def told(self, share: Share, item: Item, on: date) -> Event:
        return self.shared(
            **{name: getattr(share, name) for name in Share.__slots__ if name != "effective_on"},
            **{self.item: item.id, self.person: item.person, "effective_on": on},
            **item.content,
        )

    def about(self, event: type[Event], item: Item, share: UUID, on: date, **more: Any) -> Event:
        return event(**{self.item: item.id, self.person: item.person, "share": share, "effective_on": on}, **more)


def _share(kind: Kind[Any], command: ShareItem, item: Item) -> Sequence[Event]:
    """One sharing with an audience: that of a newer edition takes the place of the one before."""
    if command.reader == command.person:
        raise SharedWithOneself(invalid=(Invalid("#/reader", "must be somebody else"),))
    if command.audience == "my_manager" and command.reader is None:
        raise NobodyToShareWith
    if command.audience == "opportunity_leader" and command.submission is None:
        raise NoOpenApplication
    if command.until is not None and command.until < command.on:
        raise SharingInThePast(invalid=(Invalid("#/until", "must not be in the past"),))
    lasting = [share for share in item.shares.values() if share.lasts(command.on, command.over_until)]
    earlier = [share for share in lasting if share.is_for(command)]
    for share in earlier:
        if share.edition == item.edition:
            raise AlreadyShared(f"The sharing is {share.share}.")
    if len(lasting) - len(earlier) >= MOST_SHARINGS:
        raise TooManySharings  # a later edition is told to each of them, with the words, in one append
    share = Share(
        share=command.share,
        effective_on=command.on,
        audience=command.audience,
        reader=command.reader,
        edition=item.edition,
        later_editions=command.later_editions,
        until=command.until,
        purpose=command.purpose,
        submission=command.submission,
    )
    ended = [kind.about(kind.withdrawn, item, one.share, command.on) for one in earlier]
    return [*ended, kind.told(share, item, command.on)]


def _change(kind: Kind[Any], command: ChangeSharing, item: Item) -> Sequence[Event]:
    """Who is given later editions from now on is given the newest at once."""
    share = item.shares.get(command.share)
    if share is None or not share.lasts(command.on, command.over_until):
        raise SharingNotActive
    if command.until is not None and command.until < command.on:
        raise SharingInThePast(invalid=(Invalid("#/until", "must not be in the past"),))
    if (share.until, share.later_editions) == (command.until, command.later_editions):
        return []
    said = {"until": command.until, "later_editions": command.later_editions}
    changed = kind.about(kind.changed, item, share.share, command.on, **said)
    if not command.later_editions or share.edition == item.edition:
        return [changed]
    newest = replace(share, edition=item.edition, until=command.until, later_editions=True)
    return [changed, kind.told(newest, item, command.on)]


def _withdraw(kind: Kind[Any], command: WithdrawSharing, item: Item) -> Sequence[Event]:
    if command.share not in item.shares:
        raise SharingNotActive
    return [kind.about(kind.withdrawn, item, command.share, command.on)]
