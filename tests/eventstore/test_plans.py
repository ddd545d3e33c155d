"""Plans are made once, on a log that may be empty, and serve one of millions: none of them may read it all."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import asyncpg
import pytest

from shared.eventstore import appends, reads
from shared.eventstore.postgres import SETTINGS
from shared.eventstore.versions import Versions
from shared.postgres import connect
from tests.eventstore.given import append, change, command_key

READS_ALL = re.compile(r"Seq Scan on events|hashed SubPlan")
NAIVE = """select * from unnest($1::uuid[], $2::int[]) as n (stream, prior)
    where n.prior = 0 or exists (select from events e where e.stream = n.stream and e.version = n.prior)"""


@dataclass
class Planned:
    """A connection, and the plans of all that it executes."""

    connection: asyncpg.Connection
    plans: list[str] = field(default_factory=list)

    def hear(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        self.plans.append(str(message.message))


@pytest.fixture
async def planned(log_url: str) -> AsyncIterator[Planned]:
    connection = await connect(log_url, extra=SETTINGS)
    found = Planned(connection)
    connection.add_log_listener(found.hear)
    await connection.execute(
        """load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
           set client_min_messages = log"""
    )
    yield found
    connection.remove_log_listener(found.hear)
    await connection.close(timeout=5)


async def test_appends_read_no_more_than_they_need(planned: Planned) -> None:
    statements = await appends.prepare(Versions(), planned.connection)
    one = [uuid4(), 2, 1, uuid4(), "t", uuid4(), False, b"{}", "x", "live", None, b"key", b"print"]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await statements.one.fetchval(*one)
    await statements.one.fetchval(*one[:1], 1, 0, *one[3:])
    group = [append(change(events=2), key=command_key()), append(change(expected=3), key=command_key())]
    await statements.many.fetch(*appends.columns(group, Versions()))
    await statements.find.fetch([uuid4()], [1], [uuid4()])
    await statements.commands.fetch([b"key"])
    assert len([plan for plan in planned.plans if "events" in plan]) >= 8
    assert [plan for plan in planned.plans if READS_ALL.search(plan)] == []


async def test_reads_read_no_more_than_they_need(planned: Planned) -> None:
    statements = await reads.prepare(planned.connection)
    await statements.streams.fetch([uuid4()])
    await statements.commands.fetch([b"key"])
    await statements.tail.fetch(0, 10)
    assert len([plan for plan in planned.plans if "events" in plan]) == 3
    assert [plan for plan in planned.plans if READS_ALL.search(plan)] == []


async def test_planned_as_usual_on_an_empty_log_they_read_all_of_it(planned: Planned) -> None:
    await planned.connection.execute("set enable_seqscan = on")
    statement = await planned.connection.prepare(NAIVE)
    await statement.fetch([uuid4()], [1])
    assert [plan for plan in planned.plans if READS_ALL.search(plan)]
