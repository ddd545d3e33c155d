"""Items to their topics, in the order of their positions, by one leader; marked once Kafka has acknowledged them.

After any failure it sends again from the mark: the same revision of an item is the same record, whoever sends it. Only
the newest revision of an item is kept here, so one that was followed at once by another may never be sent: who keeps
the highest of each item is right all the same.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, NoReturn

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.projections.outward.due import CHANNEL
from services.projections.outward.keeping import SCHEMAS, keep
from services.projections.outward.records import headers, value
from shared.kafka.cluster import Cluster
from shared.kafka.producer import producer
from shared.kafka.tasks import signalled
from shared.postgres import connect

PAGE = 2_000
POLL = 1.0
"""Seconds: the net below NOTIFY, and how exactly a day begins."""

BURIED_AFTER = 86_400.0
"""Seconds between the retraction of what was erased and its tombstone: a consumer that is away for less hears both."""

_LOCK = 0x6F757477617264
_PENDING = """
    select topic, item, type, revision, position, recorded_at, effective_on, content from outward_items
    where position > (select published from outward_state) order by position limit $1"""
_PUBLISHED = "update outward_state set published = $1 where published < $1"
_TO_BURY = """
    select topic, item from outward_items where erased and recorded_at < now() - make_interval(secs => $1)
        and position <= (select published from outward_state) limit $2"""
_BURIED = """
    update outward_items o set erased = false from unnest($1::text[], $2::uuid[]) as gone (topic, item)
    where o.topic = gone.topic and o.item = gone.item and o.content is null"""

_TROUBLE = (KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

log = structlog.get_logger()


class Publishing:
    """The keeper and what it has to say, in one replica: a task of the worker."""

    def __init__(
        self, database_url: str, cluster: Cluster, *, deadline: float = 10, buried_after: float = BURIED_AFTER
    ):
        """`deadline`: seconds in which Kafka must acknowledge what was sent; then the producer is replaced."""
        self._url = database_url
        self._cluster = cluster
        self._deadline = deadline
        self._buried_after = buried_after
        self._trouble: str | None = "has not started"

    def problems(self) -> list[str]:
        """Why nothing is told; empty when all is well, or when another replica leads."""
        return [f"outward: {self._trouble}"] if self._trouble else []

    async def run(self) -> NoReturn:
        """Leads whenever it can. Raises only what no retry can mend."""
        failures = 0
        while True:
            try:
                await self._stand()
            except _TROUBLE as failed:
                failures = 1 if self._trouble is None else failures + 1
                self._trouble = type(failed).__name__
                log.warning("outward_failed", error=self._trouble, attempt=failures)
            await asyncio.sleep(min(2.0, 0.05 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0))  # noqa: S311

    async def _stand(self) -> None:
        """Waits to lead, then leads until something fails."""
        connection = await connect(
            self._url, deadline=30, search_path=", ".join((*SCHEMAS, "public")), name="projections outward"
        )
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                self._trouble = None
                await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311
            async with producer(self._cluster, seconds=self._deadline) as made:
                self._trouble = None
                log.info("outward_leads")
                await self._lead(connection, made)
        finally:
            connection.terminate()

    async def _lead(self, connection: asyncpg.Connection, made: AIOKafkaProducer) -> None:
        news = asyncio.Event()
        await connection.add_listener(CHANNEL, lambda *_: news.set())
        connection.add_termination_listener(lambda *_: news.set())
        while True:
            busy = await keep(connection)
            busy += await self._publish(connection, made)
            if not busy:
                await self._bury(connection, made)
                await signalled(news, POLL)

    async def _publish(self, connection: asyncpg.Connection, made: AIOKafkaProducer) -> int:
        rows = await connection.fetch(_PENDING, PAGE)
        if rows:
            await self._send(made, [(row["topic"], row["item"], value(row), headers(row)) for row in rows])
            await connection.execute(_PUBLISHED, rows[-1]["position"])
        return len(rows)

    async def _bury(self, connection: asyncpg.Connection, made: AIOKafkaProducer) -> None:
        """What was erased ends with a record without a value: compaction takes all that was said of it."""
        rows = await connection.fetch(_TO_BURY, self._buried_after, PAGE)
        if rows:
            await self._send(made, [(row["topic"], row["item"], None, []) for row in rows])
            await connection.execute(_BURIED, [row["topic"] for row in rows], [row["item"] for row in rows])

    async def _send(self, made: AIOKafkaProducer, records: Sequence[tuple[str, Any, bytes | None, Any]]) -> None:
        async with asyncio.timeout(self._deadline):
            acknowledged = [
                await made.send(self._cluster.outward(topic), value, str(item).encode(), headers=given)
                for topic, item, value, given in records
            ]
            await asyncio.gather(*acknowledged)
