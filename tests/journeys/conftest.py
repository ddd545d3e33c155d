from collections.abc import Iterator

import pytest

from tests.journeys.house import House, opened


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, database_url: str, kafka_servers: str) -> Iterator[House]:
    """All services, up. Tests tell it of people and units of their own, so that they do not meet."""
    given = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": kafka_servers}
    with opened(tmp_path_factory.mktemp("house"), given) as running:
        yield running
