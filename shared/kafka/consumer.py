"""Topic → models: one member of a consumer group, which several models share.

Where to go on stands in PostgreSQL, beside the models' rows; nothing is committed to Kafka. Records are fetched in one
task and applied in others, so Kafka is asked on time whatever a write takes. A consumer that gets nothing although
there is something is replaced: aiokafka's can fall silent without an error.

Reading order: delivery.py (what is applied), applier.py (how, for one model), member.py (the consumer in its group).
"""

import asyncio
import random
import time
from collections.abc import Sequence

import structlog

from shared.kafka.applier import Applier
from shared.kafka.checkpoints import Lacking, Outdated
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.delivery import Partition, Place
from shared.kafka.member import Member, Reassigned, Silent, member
from shared.kafka.model import AnyModel, is_transient
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
        self._group = cluster.topic_prefix + group
        self._services = {cluster.topic(name): name for model in models for name in model.services}
        self._appliers = [Applier(database_url, model, counts) for model in models]
        self._counts = counts
        self._silence = silence
        self._member: Member | None = None
        self._trouble: str | None = "has not started"

    def problems(self) -> list[str]:
        """Why models may fall behind; empty when all is well."""
        trouble = self._trouble or (self._member.trouble if self._member else None)
        mine = [f"consumer {self._group}: {trouble}"] if trouble else []
        return mine + [problem for applier in self._appliers for problem in applier.problems()]

    async def run(self) -> None:
        """Consumes until it is cancelled. Raises only what no retry can mend."""
        failures = 0
        try:
            while True:
                begun = time.monotonic()
                try:
                    async with member(self._cluster, self._group, self._services, self._silence) as self._member:
                        await together(self._serve(self._member), self._member.watch(), self._tell(self._member))
                except Silent as silent:
                    self._trouble = str(silent)
                    self._counts.replaced.labels(self._group).inc()
                except Exception as failed:
                    if not is_transient(failed):
                        raise
                    self._trouble = type(failed).__name__
                finally:
                    self._member = None
                log.warning("consumer_replaced", group=self._group, reason=self._trouble)
                failures = 0 if time.monotonic() - begun > 10 else min(failures + 1, 10)
                await asyncio.sleep(min(2.0, 0.05 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311
        finally:
            for applier in self._appliers:
                applier.close()

    async def _serve(self, group_member: Member) -> None:
        """From one assignment of partitions to the next; each begins from what PostgreSQL says."""
        while True:
            partitions = await group_member.assigned()
            try:
                await together(self._apply(group_member, partitions), group_member.changed())
            except Reassigned:
                continue
            except Outdated as outdated:
                log.warning("begin_again", group=self._group, reason=type(outdated).__name__)

    async def _apply(self, group_member: Member, partitions: Sequence[Partition]) -> None:
        begins: dict[Partition, Place] = {}
        for applier in self._appliers:
            for partition, place in (await applier.begin(partitions)).items():
                known = begins.get(partition)
                if known is None or place.offset < known.offset:
                    begins[partition] = place
        group_member.seek(begins)
        self._trouble = None
        parts = (applier.run() for applier in self._appliers)
        await together(self._feed(group_member), self._look_at_gaps(), *parts)

    async def _feed(self, group_member: Member) -> None:
        while True:
            records = await group_member.fetch()
            if records:
                group_member.blocked = True
                for applier in self._appliers:
                    await applier.offer(records)
                group_member.blocked = False

    async def _look_at_gaps(self) -> None:
        while True:
            await asyncio.sleep(1)
            if any(applier.should_look_again() for applier in self._appliers):
                raise Lacking

    async def _tell(self, group_member: Member) -> None:
        """Keeps the gauge of what Kafka has and a model has not applied."""
        while True:
            for applier in self._appliers:
                places = applier.places
                lag = sum(end - places[at].offset - 1 for at, end in group_member.ends.items() if at in places)
                self._counts.lag.labels(applier.name).set(max(0, lag))
            await asyncio.sleep(1)
