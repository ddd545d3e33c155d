"""A notification: one person told of one event, once. Its id follows from both: telling again changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import NAMESPACE_URL, UUID, uuid5

from services.notifications.tellings import Kind
from shared.contracts.event import Event
from shared.contracts.notifications import Channel, NotificationRead, NotificationSent
from shared.contracts.profiles import Language
from shared.refusals import NotFound
from shared.streams import Decider

_NOTIFICATIONS = uuid5(NAMESPACE_URL, "urn:careers:notification")


def notification_id(cause: UUID, person: UUID) -> UUID:
    """The one notification of an event to a person."""
    return uuid5(_NOTIFICATIONS, f"{cause}:{person}")


@dataclass(frozen=True, slots=True)
class TellPerson:
    """`cause` is the event that it tells of, `about` the item."""

    notification: UUID
    person: UUID
    kind: Kind
    about: UUID
    cause: UUID
    channels: tuple[Channel, ...]
    language: Language
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadNotification:
    by: UUID


NotificationCommand = TellPerson | ReadNotification


@dataclass(frozen=True, slots=True)
class NotTold:
    """No event yet."""


@dataclass(frozen=True, slots=True)
class Told:
    notification: UUID
    person: UUID
    read: bool = False


def evolve(state: NotTold | Told, event: Event) -> NotTold | Told:
    match event:
        case NotificationSent():
            return Told(event.notification, event.person)
        case NotificationRead():
            return Told(event.notification, event.person, read=True)
        case _:
            return state


def decide(command: NotificationCommand, state: NotTold | Told) -> Sequence[Event]:
    match command:
        case TellPerson():
            return _tell(command, state)
        case ReadNotification():
            return _read(command, state)
        case _:
            assert_never(command)


DECIDER: Decider[NotificationCommand, NotTold | Told] = Decider(NotTold(), evolve, decide)


def _tell(command: TellPerson, state: NotTold | Told) -> Sequence[Event]:
    if isinstance(state, Told):
        return []
    return [
        NotificationSent(
            notification=command.notification,
            person=command.person,
            kind=command.kind,
            about=command.about,
            cause=command.cause,
            channels=command.channels,
            language=command.language,
            details=dict(command.details),
        )
    ]


def _read(command: ReadNotification, state: NotTold | Told) -> Sequence[Event]:
    if isinstance(state, NotTold) or state.person != command.by:
        raise NotFound
    if state.read:
        return []
    return [NotificationRead(notification=state.notification, person=state.person)]
