"""Real servers for the tests: as given, else by Docker where it answers, else local ones. See tests/servers.py."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import hypothesis
import pytest

from tests.api.stage import drop_templates
from tests.servers import source

# How long an example takes says more of the machine than of the code: no test is a timed one.
hypothesis.settings.register_profile("careers", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("careers")


def pytest_report_header() -> list[str]:
    return [str(source("postgres")), str(source("kafka"))]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys last, however the others are shuffled: all services at once hold most of a server's connections."""
    items.sort(key=lambda item: "journeys" in item.path.parts)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """An administrator's URL of a real PostgreSQL."""
    with source("postgres").opened() as url:
        yield url
        asyncio.run(drop_templates())


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """Bootstrap servers of a real Kafka. It may be shared with others: give topics and groups names of their own."""
    with source("kafka").opened() as servers:
        yield servers


@pytest.fixture
async def fresh_database(database_url: str) -> AsyncIterator[str]:
    """The URL of a new empty database, dropped afterwards with whoever is still connected."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(database_url)
    try:
        await admin.execute(f'create database "{name}" template template0')
        yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
        await admin.execute(f'drop database "{name}" with (force)')
    finally:
        await admin.close()


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Printed with a failure; SEED repeats a run."""
    value = int(os.environ.get("SEED", uuid4().int % 1_000_000))
    sys.stdout.write(f"SEED={value}\n")
    return value
