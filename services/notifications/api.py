"""Routes of notifications: everybody reads their own alone, and says how they want to be told."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications import preferences
from services.notifications.inbox import InboxList, NotificationView
from services.notifications.notification import DECIDER, ReadNotification
from services.notifications.recipients import Recipients
from services.notifications.tellings import KINDS, Kind
from shared.access import matrix
from shared.contracts.profiles import Language
from shared.http import Alias, Body, Call, Found, Listing, Page, Routes
from shared.relations.reads import Relations
from shared.streams import Receipt, Streams


class InboxQuery(Listing):
    """Which of your messages."""

    unread: bool = False


class PreferencesBody(Body):
    """All of your preferences. Without a language: the one that HR reported. What is muted is told nowhere."""

    language: Language | None = None
    email: bool = True
    muted: Annotated[tuple[Kind, ...], Field(max_length=len(KINDS))] = ()


class PreferencesView(BaseModel):
    """How you are told. `spoken` is the language that is spoken to you; `kinds` are what can be muted."""

    language: Language | None
    spoken: Language
    email: bool
    muted: list[str]
    kinds: list[str]


def add_routes(
    routes: Routes, streams: Streams, relations: Relations, recipients: Recipients, inbox: InboxList
) -> None:
    """Adds all routes of this service."""

    @routes.get("/v1/people/{person}/notifications", access=matrix.NOTIFICATIONS)
    async def list_notifications(call: Call[None, InboxQuery], person: Alias) -> Page[NotificationView]:
        """Your messages in your language, newest first; or those alone that you have not read."""
        reader = await relations.oneself(person, call.caller)
        return await inbox.page(reader, call.cursor, call.query.limit, unread=call.query.unread)

    @routes.post("/v1/notifications/{notification}/read", access=matrix.NOTIFICATIONS)
    async def read_notification(call: Call, notification: UUID) -> Receipt:
        """Say that you have read a message."""
        return await streams.execute(DECIDER, notification, ReadNotification(call.person), call.origin)

    @routes.get("/v1/people/{person}/notification-preferences", access=matrix.NOTIFICATIONS)
    async def read_notification_preferences(call: Call, person: Alias) -> Found[PreferencesView]:
        """How you want to be told."""
        wishes, version = await recipients.wishes(await relations.oneself(person, call.caller))
        view = PreferencesView(
            language=wishes.chosen,
            spoken=wishes.language,
            email=wishes.email,
            muted=sorted(wishes.muted),
            kinds=list(KINDS),
        )
        return Found(view, version)

    @routes.put(
        "/v1/people/{person}/notification-preferences",
        access=matrix.NOTIFICATIONS,
        example={"language": "fr", "email": False, "muted": ["commitment_kept"]},
    )
    async def set_notification_preferences(call: Call[PreferencesBody], person: Alias) -> Receipt:
        """Say how you want to be told; what is left out goes back to its default."""
        owner = await relations.oneself(person, call.caller)
        command = preferences.SetPreferences(
            person=owner, language=call.body.language, email=call.body.email, muted=call.body.muted
        )
        return await streams.execute(preferences.DECIDER, preferences.preferences_id(owner), command, call.origin)
