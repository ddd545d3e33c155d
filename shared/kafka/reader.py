"""Reads whole topics, outside of any consumer group: for who builds anew, and for who compares."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.clients import SECONDS, discard, started
from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Foreign, Partition, read_records
from shared.kafka.partitions import PARTITIONS
from shared.kafka.records import Heard

FETCH = 10_000  # records taken from the client at once


class Reader:
    """From the first record of every partition on."""

    def __init__(self, consumer: AIOKafkaConsumer, cluster: Cluster, services: Collection[str]) -> None:
        self._consumer = consumer
        self._services = {cluster.topic(service): service for service in services}
        self._partitions = [TopicPartition(topic, number) for topic in self._services for number in range(PARTITIONS)]
        self._next = dict.fromkeys(self._partitions, 0)
        consumer.assign(self._partitions)

    async def fetch(self) -> dict[Partition, list[Heard | Foreign]]:
        """What comes next, by partition, in order; empty when there is nothing at the moment."""
        found: dict[Partition, list[Heard | Foreign]] = {}
        for at, records in (await self._consumer.getmany(timeout_ms=200, max_records=FETCH)).items():
            service = self._services[at.topic]
            found[service, at.partition] = read_records(service, at.partition, records)
            self._next[at] = records[-1].offset + 1
        return found

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the partitions end now. Raises KafkaError, TimeoutError."""
        async with asyncio.timeout(SECONDS):
            ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._partitions)
        return ends

    def has_read(self, ends: dict[TopicPartition, int]) -> bool:
        return all(self._next[at] >= end for at, end in ends.items())


@contextlib.asynccontextmanager
async def reader(cluster: Cluster, services: Collection[str]) -> AsyncIterator[Reader]:
    """A started reader. Raises KafkaError, OSError, TimeoutError."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        client_id=cluster.instance,
        auto_offset_reset="earliest",
        fetch_max_bytes=16 * 1024 * 1024,
        request_timeout_ms=int(SECONDS * 1000),
        **cluster.security,
    )
    async with started(consumer, discard):
        yield Reader(consumer, cluster, services)
