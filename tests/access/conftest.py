"""A world for each service, made when it is first asked for, and kept for the tests of a module: its connections are
others' afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.access.world import World
from tests.access.worlds import world

WorldOf = Callable[[str], Awaitable[World]]


@pytest.fixture(scope="module")
async def world_of(database_url: str) -> AsyncIterator[WorldOf]:
    made: dict[str, World] = {}
    async with AsyncExitStack() as stack:

        async def world_of(service: str) -> World:
            if service not in made:
                made[service] = await stack.enter_async_context(world(database_url, service))
            return made[service]

        yield world_of
