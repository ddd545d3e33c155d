"""Records of notifications: one message to the employee."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from services.notifications.notification import DECIDER, TellPerson, notification_id
from shared.access import Who
from shared.streams import Origin
from tests.access.cast import cast
from tests.access.world import Try, World
from tests.api.stage import Stage


class Notifications(World):
    async def told(self) -> UUID:
        person, cause = self.cast.employee, uuid4()
        manager = str(self.cast.people[Who.MANAGER])
        message = notification_id(cause, person)
        command = TellPerson(message, person, "manager_changed", person, cause, ("inbox",), "en", {"who": manager})
        await self.stage.parts.streams.execute(DECIDER, message, command, Origin("service:notifications"))
        await self.stage.pump()
        return message

    # What is sent

    async def list_notifications(self) -> Sequence[Try]:
        return [Try(self.ids, shows=str(await self.told()))]

    async def read_notification(self) -> Sequence[Try]:
        return [Try({"notification": await self.told()})]


async def notifications_world(stage: Stage) -> Notifications:
    made = Notifications(await cast(stage))
    await made.cast.comes_to_now()
    return made
