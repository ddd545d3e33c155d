"""What waits in the services' databases: events recorded but not published, and events parked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.careers.services import SERVICES

DEADLINE = 5.0  # seconds for one answer
LATE = 10.0  # seconds that an event may take to be published

# The oldest event after the relay's mark tells how late it is; more than some are not worth counting.
UNPUBLISHED = """
    select count(*) as events, coalesce(extract(epoch from clock_timestamp() - min(recorded_at)), 0)::float as seconds
    from (
        select recorded_at from events
        where position > (select position from relay) and not withheld order by position limit 10000
    ) as waiting
"""
# Those held back behind another are no fault of their own.
PARKED = "select model, count(*) as events, min(reason) as reason from parked where behind is null group by model"


async def sentences(admin_url: str, prefix: str) -> AsyncIterator[str]:
    """What waits too long, in each service's database. Raises OSError, TimeoutError or asyncpg's errors."""
    for service in SERVICES:
        url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{prefix}{service}"))
        try:
            async with _connected(url) as database:
                async for sentence in _of(database, service):
                    yield sentence
        except asyncpg.InvalidCatalogNameError:
            yield f"The database {prefix}{service} is not there: `make up` or `careers databases prepare` makes it."


async def _of(database: asyncpg.Connection, service: str) -> AsyncIterator[str]:
    if await _has(database, "events", "relay"):
        waiting = await database.fetchrow(UNPUBLISHED)
        if waiting is not None and waiting["seconds"] > LATE:
            yield (
                f"{_events(waiting['events'])} recorded by {service} but not published, the oldest for "
                f"{waiting['seconds']:.0f} s: is the {service} worker up, and Kafka?"
            )
    if await _has(database, "parked"):
        for row in await database.fetch(PARKED):
            yield (
                f"{_events(row['events'])} parked before {row['model']} of {service} ({row['reason']}): "
                "mend the cause, then retry what is parked."
            )


def _events(count: int) -> str:
    return "1 event is" if count == 1 else f"{count} events are"


async def _has(database: asyncpg.Connection, *tables: str) -> bool:
    """Not yet, before the service's first migration."""
    found = [await database.fetchval("select to_regclass($1) is not null", table) for table in tables]
    return all(found)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=DEADLINE, command_timeout=DEADLINE)
    try:
        yield connection
    finally:
        await connection.close(timeout=DEADLINE)
