"""The events of notifications: what each person was told, and how they want to be told."""

from typing import Annotated, Literal

from shared.contracts import erasure
from shared.contracts.event import Event, Open, Private
from shared.contracts.fields import Item, Person
from shared.contracts.profiles import Language

Channel = Literal["inbox", "email"]


class NotificationSent(
    Event, name="notifications.notification_sent", version=1, subject="person", data_class="messages"
):
    """A person was told of a live event that concerns them, in their inbox and perhaps by mail."""

    notification: Item
    person: Person
    kind: Annotated[str, Open("which message of the catalogue; its words are made when it is read")]
    about: Item
    cause: Annotated[Item, Open("the event that it tells of, so that no event is told twice")]
    channels: Annotated[tuple[Channel, ...], Open("where it was told")]
    language: Annotated[Language, Open("the language it was written in")]
    details: Private[dict[str, str]] | None = None


class NotificationRead(
    Event, name="notifications.notification_read", version=1, subject="person", data_class="messages"
):
    """The person opened a notification of theirs."""

    notification: Item
    person: Person


class PreferencesSet(Event, name="notifications.preferences_set", version=1, subject="person", data_class="messages"):
    """A person said in which language and where they want to be told."""

    person: Person
    language: Private[Language] | None = None
    email: Private[bool]
    muted: Private[tuple[str, ...]]


class ErasureMarked(erasure.ErasureMarked, name="notifications.erasure_marked", version=1, subject="about"):
    """From here on, what a person said of themselves to this service before is erased."""


class ErasureReported(erasure.ErasureReported, name="notifications.erasure_reported", version=1, subject="person"):
    """This service has cleaned its own stores of what an erasure took."""


EVENTS: tuple[type[Event], ...] = (
    NotificationSent,
    NotificationRead,
    PreferencesSet,
    ErasureMarked,
    ErasureReported,
)
