"""Databases with a log, and stores on them: one suite runs on the real one and on its twin in memory."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.eventstore import EventStore
from shared.eventstore.memory import MemoryEventStore
from shared.eventstore.postgres import PostgresEventStore, migrations, open_store
from shared.postgres import connect, migrate
from tests.eventstore.wire import Wire


@pytest.fixture
async def log_url(fresh_database: str) -> str:
    """A database with an empty log."""
    connection = await connect(fresh_database)
    await migrate(connection, migrations())
    await connection.close()
    return fresh_database


@pytest.fixture(scope="module")
async def module_log_url(database_url: str) -> AsyncIterator[str]:
    """The same for all tests of a module."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(database_url)
    await admin.execute(f'create database "{name}" template template0')
    url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    connection = await connect(url)
    await migrate(connection, migrations())
    await connection.close()
    yield url
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


@pytest.fixture
async def aside(log_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own."""
    connection = await connect(log_url)
    yield connection
    await connection.close(timeout=5)


@pytest.fixture
async def another(log_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A second one."""
    connection = await connect(log_url)
    yield connection
    await connection.close(timeout=5)


@pytest.fixture
async def postgres(log_url: str) -> AsyncIterator[PostgresEventStore]:
    async with open_store(log_url) as store:
        yield store


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> EventStore:
    if request.param == "memory":
        return MemoryEventStore()
    found: PostgresEventStore = request.getfixturevalue("postgres")
    return found


@pytest.fixture
async def wire(log_url: str) -> AsyncIterator[Wire]:
    """The way to the database, which the test may cut, hold up or listen to."""
    async with Wire(log_url) as found:
        yield found
