"""How current each model is, found out by the worker: a relay's mark counts when all that it names is applied."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.clients import SECONDS, discard, started
from shared.kafka.cluster import Cluster
from shared.kafka.model import AnyModel, is_transient
from shared.postgres import connect

log = structlog.get_logger()

PENDING = 64  # marks of a service that wait to be reached
AGAIN = 0.1  # seconds between looks at those that are not reached

# The checkpoints are read from the table, since other replicas apply other partitions.
_REACH = """
    insert into freshness (model, service, position, as_of)
    select distinct on (m.model, m.service) m.model, m.service, m.position, m.as_of
    from unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[])
        as m (model, service, position, as_of, positions)
    where not exists (
        select from json_each_text(m.positions::json) as p (partition, position)
        left join checkpoints c
            on c.model = m.model and c.service = m.service and c.partition = p.partition::int
        where coalesce(c.position, 0) < p.position::bigint)
    order by m.model, m.service, m.as_of desc
    on conflict (model, service) do update
        set position = greatest(freshness.position, excluded.position), as_of = excluded.as_of
        where freshness.as_of is null or freshness.as_of < excluded.as_of
    returning model, service, as_of"""
# From now on it counts that nobody knows: a model is as fresh as the service of which least is known.
_EXPECT = """
    insert into freshness (model, service, position)
    select model, service, 0 from unnest($1::text[], $2::text[]) as m (model, service) on conflict do nothing"""


class Mark(NamedTuple):
    """What a relay said: everything recorded by `as_of` is published, the last in each partition at `positions`."""

    service: str
    position: int
    as_of: datetime
    positions: str


class Marks:
    """Keeps the table `freshness` for the models of a worker."""

    def __init__(self, database_url: str, cluster: Cluster, models: Sequence[AnyModel]) -> None:
        self._url = database_url
        self._cluster = cluster
        self._pending: dict[tuple[str, str], list[Mark]] = {
            (model.name, service): [] for model in models for service in model.services
        }
        self._trouble: str | None = "has not started"

    def problems(self) -> list[str]:
        return [f"marks: {self._trouble}"] if self._trouble else []

    async def run(self) -> None:
        """Reads marks until it is cancelled. Raises only what no retry can mend."""
        while True:
            try:
                await self._follow()
            except Exception as failed:
                if not is_transient(failed):
                    raise
                self._trouble = type(failed).__name__
                log.warning("marks_failed", error=self._trouble)
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._cluster.bootstrap_servers,
            client_id=self._cluster.instance,
            auto_offset_reset="earliest",
            request_timeout_ms=int(SECONDS * 1000),
            **self._cluster.security,
        )
        async with started(consumer, discard):
            connection = await connect(self._url, name="marks")
            try:
                await connection.execute(_EXPECT, *(list(column) for column in zip(*self._pending, strict=True)))
                consumer.assign([TopicPartition(self._cluster.marks, 0)])
                while True:
                    waits = any(self._pending.values())
                    found = await consumer.getmany(timeout_ms=int(AGAIN * 1000) if waits else 2_000)
                    for records in found.values():
                        for record in records:
                            self._take(record.value)
                    await self._reach(connection)
                    self._trouble = None
            finally:
                connection.terminate()

    def _take(self, value: bytes | None) -> None:
        try:
            said = orjson.loads(value or b"")
            as_of = datetime.fromisoformat(said["time"])
            mark = Mark(said["service"], int(said["position"]), as_of, orjson.dumps(said["positions"]).decode())
        except (ValueError, KeyError, TypeError):
            log.warning("mark_unreadable")
            return
        for (_, service), marks in self._pending.items():
            if service == mark.service:
                marks.append(mark)
                if len(marks) > PENDING:  # the oldest is the next to be reached, the newest says how far there is to go
                    marks[:] = [*marks[:-1:2], marks[-1]]

    async def _reach(self, connection: asyncpg.Connection) -> None:
        asked = [(model, *mark) for (model, _), marks in self._pending.items() for mark in marks]
        if not asked:
            return
        columns = [list(column) for column in zip(*asked, strict=True)]
        reached: Any = await connection.fetch(_REACH, *columns, timeout=10)
        for model, service, as_of in reached:
            marks = self._pending[model, service]
            marks[:] = [mark for mark in marks if mark.as_of > as_of]
