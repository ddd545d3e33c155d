from collections.abc import Iterator

import pytest

from tests.journeys.house import House, opened


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, database_url: str, kafka_servers: str) -> Iterator[House]:
    """All services, up. Tests tell it of people and units of their own, so that they do not meet."""
    with opened(tmp_path_factory.mktemp("house"), database_url, kafka_servers) as running:
        yield running
