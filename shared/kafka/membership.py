"""This replica's place in a consumer group: which partitions are its own. It fetches nothing itself.

Nothing is locked against a rebalance: the listener only takes note, and whoever applies is fenced by checkpoints.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError

from shared.kafka.clients import SECONDS, discard, started
from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Partition
from shared.kafka.partitions import PARTITIONS


class Reassigned(Exception):
    """The group has given this replica other partitions, or is about to."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Takes note; and keeps the consumer from fetching what others fetch for it."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.settled = asyncio.Event()
        self.changed = asyncio.Event()

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        self.settled.clear()
        self.changed.set()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        for partition in assigned:
            self._consumer.seek(partition, 0)
        self._consumer.pause(*assigned)
        self.settled.set()
        self.changed.set()


class Declared(RoundRobinPartitionAssignor):  # type: ignore[misc]
    """Deals out every partition that the topics are declared to have, whatever the dealer has been told of them by now.

    A member that has just reached a broker may know of no topic yet. Had it dealt out what it knows, that would stand:
    the group gives a member that comes back under its name what it had, without dealing anew.
    """

    name = "declared"

    @classmethod
    def assign(cls, _cluster: object, members: Mapping[str, Any]) -> dict[str, Any]:
        """As AbstractPartitionAssignor has it."""
        dealt: dict[str, Any] = super().assign(_AsDeclared, members)
        return dealt


class _AsDeclared:
    @staticmethod
    def partitions_for_topic(_topic: str) -> range:
        return range(PARTITIONS)


class Membership:
    """A member of a group that has been started."""

    def __init__(self, consumer: AIOKafkaConsumer, services: Mapping[str, str]) -> None:
        """`services`: topic → service."""
        self._consumer = consumer
        self._services = services
        self._listener = _Listener(consumer)
        self.trouble: str | None = None
        consumer.subscribe(topics=list(services), listener=self._listener)

    @property
    def settled(self) -> bool:
        return self._listener.settled.is_set()

    async def assigned(self) -> list[Partition]:
        """Waits until the group has settled; gives this replica's partitions."""
        await self._listener.settled.wait()
        self._listener.changed.clear()
        return sorted((self._services[topic], number) for topic, number in self._consumer.assignment())

    async def changed(self) -> None:
        """Raises Reassigned when the partitions are no longer the ones that assigned() gave."""
        await self._listener.changed.wait()
        raise Reassigned

    async def ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int] | None:
        """Where the partitions end now; None, and `trouble` says why, when Kafka does not answer.

        Raises what the group has to complain about, and shows the group that this replica is not stuck.
        """
        missing = [topic for topic in self._services if not self._consumer.partitions_for_topic(topic)]
        there = [partition for partition in partitions if partition.topic not in missing]
        try:
            async with asyncio.timeout(SECONDS):
                if self.settled:
                    await self._consumer.getmany(timeout_ms=0)
                ends: dict[TopicPartition, int] = await self._consumer.end_offsets(there) if there else {}
        except (TimeoutError, KafkaError) as failed:
            if isinstance(failed, KafkaError) and not failed.retriable:
                raise
            self.trouble = "Kafka does not answer"
            return None
        self.trouble = f"there is no topic {missing[0]}" if missing else None
        return ends


@contextlib.asynccontextmanager
async def membership(cluster: Cluster, group: str, services: Mapping[str, str]) -> AsyncIterator[Membership]:
    """A started member, discarded on the way out. Raises KafkaError, OSError, TimeoutError."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        client_id=cluster.instance,
        group_id=group,
        partition_assignment_strategy=(Declared,),
        group_instance_id=cluster.instance,  # a restart finds its partitions again, without waiting for its own ghost
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        consumer_timeout_ms=5_000,
        max_partition_fetch_bytes=1,  # should it fetch before it is told not to
        request_timeout_ms=int(SECONDS * 1000),
        metadata_max_age_ms=15_000,
        **cluster.security,
    )
    async with started(consumer, discard):
        yield Membership(consumer, services)
