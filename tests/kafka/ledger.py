"""A model that shows everything that happened to it, and can be made to fail."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson

from shared.kafka.model import Statement
from shared.kafka.records import Heard

TYPE = "profiles.thing_happened.v1"

Row = tuple[str, int, int, str, int]

_INSERT = """
    insert into ledger (service, partition, position, subject, n)
    select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::int[])"""
# A body of {"n": 0} divides by nothing: the poison that only the database finds.
_COUNT = """
    insert into counters (subject, total)
    select subject, sum(n / n) from unnest($1::text[], $2::int[]) as c (subject, n) group by 1 order by 1
    on conflict (subject) do update set total = counters.total + excluded.total"""


class Ledger:
    """One row for each event applied, without any uniqueness, and a counter for each subject."""

    services: tuple[str, ...] = ("profiles",)
    types = frozenset({TYPE})
    tables = """
        create table ledger (at bigserial, service text, partition int, position bigint, subject text, n int);
        create table counters (subject text primary key, total bigint not null)"""

    def __init__(self, name: str = "ledger", *, delay: float = 0) -> None:
        self.name = name
        self.delay = delay
        self.writes = 0

    def prepare(self, batch: Sequence[Heard]) -> list[Row]:
        rows = []
        for heard in batch:
            body: dict[str, Any] = orjson.loads(heard.body)
            if body.get("poison") == "prepare":
                raise ValueError("an event that cannot be read")
            rows.append((heard.service, heard.partition, heard.position, str(heard.subject), body.get("n", 0)))
        return rows

    async def write(self, connection: asyncpg.Connection, prepared: list[Row]) -> None:
        self.writes += 1
        for statement, arguments in _statements(prepared):
            await connection.execute(statement, *arguments)
        if self.delay:
            await asyncio.sleep(self.delay)


class AtOnceLedger(Ledger):
    """The same, whose writes can go in one statement with the checkpoints."""

    def statements(self, prepared: list[Row]) -> Sequence[Statement]:
        self.writes += 1
        return _statements(prepared)


def _statements(prepared: list[Row]) -> Sequence[Statement]:
    columns = [list(column) for column in zip(*prepared, strict=True)]
    return [(_INSERT, columns), (_COUNT, columns[3:])]


async def make_tables(connection: asyncpg.Connection, model: Ledger) -> None:
    await connection.execute(f"create schema {model.name}; set search_path = {model.name}; {model.tables}")
    await connection.execute("reset search_path")


async def applied(connection: asyncpg.Connection, name: str = "ledger") -> list[tuple[int, int]]:
    """Partition and position of everything that was applied, in the order in which it was."""
    rows = await connection.fetch(f"select partition, position from {name}.ledger order by at")
    return [(row[0], row[1]) for row in rows]


async def assert_exactly_once(connection: asyncpg.Connection, name: str = "ledger") -> None:
    """Every event that was to be published was applied once, and in the order of its partition."""
    seen = await applied(connection, name)
    stored = [row[0] for row in await connection.fetch("select position from events where not withheld order by 1")]
    assert sorted(position for _, position in seen) == stored
    for partition in {partition for partition, _ in seen}:
        order = [position for number, position in seen if number == partition]
        assert order == sorted(order), f"partition {partition}"
    assert await connection.fetchval(f"select sum(total) from {name}.counters") == len(stored)
