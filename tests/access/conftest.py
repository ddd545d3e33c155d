"""A world for each service, made when it is first asked for, and kept for all tests here."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.service import Settings
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

WorldOf = Callable[[str], Awaitable[World]]


@pytest.fixture(scope="session")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("access") / "secret"
    file.write_text(base64.b64encode(bytes(32)).decode())
    return file


@pytest.fixture(scope="session")
async def world_of(database_url: str, secret: Path) -> AsyncIterator[WorldOf]:
    made: dict[str, World] = {}
    async with AsyncExitStack() as stack:

        async def world_of(service: str) -> World:
            if service not in made:
                app = import_module(f"services.{service}.app")
                settings: type[Settings] = app.SERVICE.settings
                opened = await stack.enter_async_context(stage(database_url, app.SERVICE, settings, secret_file=secret))
                made[service] = await WORLDS[service](opened)
            return made[service]

        yield world_of
