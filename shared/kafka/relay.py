"""Store → topic: one leader publishes what was recorded, in the order of positions, and marks how far it is.

The leader holds a session lock; other replicas wait for it. It marks only what Kafka has acknowledged, so after any
failure it sends again from the mark. What it sends follows from the store alone (see records.py), so consumers tell a
second sending, or the late one of a leader that was replaced, from what comes next. leader.py is what a leader does.
"""

import asyncio
import random
from typing import NoReturn

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.leader import Deposed, Leader, WrongPartitions
from shared.postgres import connect

log = structlog.get_logger()

LOCK = 0x63617265_72656C61
"""The session lock of a store's leader. Locks are a database's own, so every store uses the same number."""

TROUBLE = (KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a relay outlives; asyncpg may meet the loss of its connection in the midst of its own work."""


class Relay:
    """The relay of one service's store, in one replica."""

    def __init__(
        self, database_url: str, cluster: Cluster, service: str, counts: Counts, *, deadline: float = 10
    ) -> None:
        """`deadline`: seconds in which Kafka must acknowledge what was sent, before the producer is replaced."""
        self._url = database_url
        self._cluster = cluster
        self._service = service
        self._counts = counts
        self._deadline = deadline
        self._trouble: str | None = "has not started"
        self._leader: Leader | None = None

    def problems(self) -> list[str]:
        """Why events are not published; empty when all is well, or when another replica leads."""
        return [f"relay: {self._trouble}"] if self._trouble else []

    async def run(self) -> NoReturn:
        """Leads whenever it can. Raises only what no retry can mend."""
        failures = 0
        while True:
            try:
                await self._stand()
            except Deposed as deposed:
                log.warning("relay_deposed", service=self._service, reason=str(deposed))
            except WrongPartitions as wrong:
                self._trouble = str(wrong)
                failures += 1
            except TROUBLE as failed:
                failures = 1 if self._leader is not None else failures + 1
                self._trouble = type(failed).__name__
                log.warning("relay_failed", service=self._service, error=self._trouble, attempt=failures)
            finally:
                self._leader = None
                self._counts.leading.labels(self._service).set(0)
            await asyncio.sleep(min(2.0, 0.05 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311

    async def _stand(self) -> None:
        """Waits to be elected, then leads until something fails."""
        control = await connect(self._url, name="relay")
        try:
            # Asked again and again: one statement that waits for hours would keep vacuum from its work.
            while not await control.fetchval("select pg_try_advisory_lock($1)", LOCK):
                self._trouble = None
                await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311
            tail = await connect(self._url, name="relay tail")
            try:
                leader = Leader(self._cluster, self._service, control, tail, self._counts, deadline=self._deadline)
                await leader.lead(self._leads)
            finally:
                tail.terminate()
        finally:
            control.terminate()

    def _leads(self, leader: Leader) -> None:
        self._leader = leader
        self._trouble = None
        self._counts.leading.labels(self._service).set(1)
        log.info("relay_leads", service=self._service)
