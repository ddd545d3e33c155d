"""Topic → models: one member of a consumer group, which several models share.

Where to go on stands in PostgreSQL, beside the models' rows; nothing is committed to Kafka. Records are fetched in one
task and applied in others, so Kafka is asked on time whatever a write takes. A consumer that gets nothing although
there is something is replaced: aiokafka's can fall silent without an error.

Reading order: delivery.py (what is applied), applier.py (how, for one model), membership.py, fetching.py.
"""

import asyncio
import random
import time
from collections.abc import Sequence

import structlog

from shared.kafka.applier import Applier
from shared.kafka.checkpoints import Forgotten, Lacking, Outdated
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.delivery import Foreign, Partition, Place
from shared.kafka.fetching import Fetching, Silent, fetching
from shared.kafka.membership import Membership, Reassigned, membership
from shared.kafka.model import AnyModel, is_transient
from shared.kafka.records import Heard
from shared.kafka.tasks import together

log = structlog.get_logger()


class Consumer:
    """Feeds models from the topics of the services that they hear."""

    def __init__(
        self,
        database_url: str,
        cluster: Cluster,
        group: str,
        models: Sequence[AnyModel],
        counts: Counts,
        *,
        silence: float = 30,
    ) -> None:
        """Replicas with the same `group` share the work. Reactions get a group of their own, since they may wait.

        `silence`: seconds without a record, although there are some, until the consumer is replaced.
        """
        self._cluster = cluster
        self._group = cluster.group(group)
        self._services = {cluster.topic(name): name for model in models for name in model.services}
        self._appliers = [Applier(database_url, model, counts) for model in models]
        self._counts = counts
        self._silence = silence
        self._membership: Membership | None = None
        self._trouble: str | None = "has not started"

    def problems(self) -> list[str]:
        """Why models may fall behind; empty when all is well."""
        trouble = self._trouble or (self._membership.trouble if self._membership else None)
        mine = [f"consumer {self._group}: {trouble}"] if trouble else []
        return mine + [problem for applier in self._appliers for problem in applier.problems()]

    async def run(self) -> None:
        """Consumes until it is cancelled. Raises only what no retry can mend."""
        failures = 0
        try:
            while True:
                begun = time.monotonic()
                try:
                    await self._consume()
                except Silent as silent:
                    self._trouble = str(silent)
                    self._counts.replaced.labels(self._group).inc()
                except Exception as failed:
                    if not is_transient(failed):
                        raise
                    self._trouble = type(failed).__name__
                log.warning("consumer_replaced", group=self._group, reason=self._trouble)
                failures = 0 if time.monotonic() - begun > 10 else min(failures + 1, 10)
                await asyncio.sleep(min(2.0, 0.05 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311
        finally:
            for applier in self._appliers:
                applier.close()

    async def _consume(self) -> None:
        async with (
            membership(self._cluster, self._group, self._services) as group,
            fetching(self._cluster, self._services) as fetcher,
        ):
            self._membership = group
            try:
                await together(
                    self._serve(group, fetcher), fetcher.watch(group, self._silence), self._tell_lag(fetcher)
                )
            finally:
                self._membership = None

    async def _serve(self, group: Membership, fetcher: Fetching) -> None:
        """From one assignment of partitions to the next; each begins from what PostgreSQL says."""
        while True:
            partitions = await group.assigned()
            try:
                await together(self._apply(fetcher, partitions), group.changed())
            except Reassigned:
                continue
            except Outdated as outdated:
                log.warning("begin_again", group=self._group, reason=type(outdated).__name__)

    async def _apply(self, fetcher: Fetching, partitions: Sequence[Partition]) -> None:
        begins: dict[Partition, Place] = {}
        for applier in self._appliers:
            for partition, place in (await applier.begin(partitions)).items():
                known = begins.get(partition)
                if known is None or place.offset < known.offset:
                    begins[partition] = place
        fetcher.begin(begins)
        self._trouble = None
        parts = (applier.run() for applier in self._appliers)
        await together(fetcher.run(self._offer), self._look_around(), *parts)

    async def _offer(self, records: Sequence[Heard | Foreign]) -> None:
        for applier in self._appliers:
            await applier.offer(records)

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(1)
            if any(applier.should_look_again() for applier in self._appliers):
                raise Lacking
            if any(applier.has_lost_its_server() for applier in self._appliers):
                raise Forgotten

    async def _tell_lag(self, fetcher: Fetching) -> None:
        """Keeps the gauge of what Kafka has and a model has not applied."""
        while True:
            for applier in self._appliers:
                places = applier.places
                lag = sum(end - places[at].offset - 1 for at, end in fetcher.ends.items() if at in places)
                self._counts.lag.labels(applier.name).set(max(0, lag))
            await asyncio.sleep(1)
