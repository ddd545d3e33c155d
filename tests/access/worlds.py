"""A world for each service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from tests.access.cast import SWITCHED
from tests.access.in_conversations import conversations_world
from tests.access.in_notifications import notifications_world
from tests.access.in_opportunities import opportunities_world
from tests.access.in_profiles import profiles_world
from tests.access.in_projections import projections_world
from tests.access.world import World
from tests.api.stage import stage

WORLDS: dict[str, Callable[[Any], Awaitable[World]]] = {
    "profiles": profiles_world,
    "conversations": conversations_world,
    "opportunities": opportunities_world,
    "notifications": notifications_world,
    "projections": projections_world,
}


@asynccontextmanager
async def world(server: str, service: str) -> AsyncIterator[World]:
    """On a database of its own. `server` is an administrator's URL."""
    app = import_module(f"services.{service}.app").SERVICE
    async with stage(server, app) as made:
        await made.tell(SWITCHED)
        yield await WORLDS[service](made)
