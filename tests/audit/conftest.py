from collections.abc import AsyncIterator

import pytest

from shared.audit import migrations
from shared.postgres import Pool, connect, migrate


@pytest.fixture
async def pool(fresh_database: str) -> AsyncIterator[Pool]:
    """Of a database with the audit's tables."""
    connection = await connect(fresh_database)
    await migrate(connection, migrations())
    await connection.close()
    made = await Pool(fresh_database, size=4).open()
    yield made
    await made.close()
