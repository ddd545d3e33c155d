"""Fetches the records of this replica's partitions, by several consumers with a topic's worth of partitions each.

Kafka looks at every partition of a fetch before it answers, and aiokafka at every one of the answer: what comes in one
partition would have to wait for 71 others. Fewer than a topic's at a time are heard no sooner, at more work: what a
relay has sent at once then comes in several answers.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.clients import SECONDS, discard, started
from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Foreign, Partition, Place, read_records
from shared.kafka.membership import Membership
from shared.kafka.partitions import PARTITIONS
from shared.kafka.records import Heard
from shared.kafka.tasks import together

log = structlog.get_logger()

TOGETHER = 24  # partitions of one consumer
FETCH = 2_000  # records taken from a consumer at once

Offer = Callable[[Sequence[Heard | Foreign]], Awaitable[None]]


class Silent(Exception):
    """Kafka does not answer, or gives nothing although there is something, or does not let the replica in."""


class Fetching:
    """The consumers, and where each partition is. `blocked` is how many of them wait for their records to be taken."""

    def __init__(self, consumers: Sequence[AIOKafkaConsumer], services: Mapping[str, str]) -> None:
        """`services`: topic → service."""
        self._consumers = consumers
        self._services = services
        self._topics = {service: topic for topic, service in services.items()}
        self._next: dict[TopicPartition, int] = {}
        self._anchors: dict[TopicPartition, Place] = {}
        self._blocked = 0
        self._progress = time.monotonic()
        self.ends: dict[Partition, int] = {}

    def begin(self, places: Mapping[Partition, Place]) -> None:
        """Goes on with the record at each place: it is heard once more, to see that the topic is still the same."""
        at = {TopicPartition(self._topics[service], number): place for (service, number), place in places.items()}
        self._next = {partition: max(place.offset, 0) for partition, place in at.items()}
        self._anchors = {partition: place for partition, place in at.items() if place.offset >= 0}
        partitions = sorted(at)
        parts = [partitions[begin : begin + TOGETHER] for begin in range(0, len(partitions), TOGETHER)]
        for number, consumer in enumerate(self._consumers):
            part = parts[number] if number < len(parts) else []
            consumer.assign(part)
            for partition in part:
                consumer.seek(partition, self._next[partition])
        self._progress = time.monotonic()

    async def run(self, offer: Offer) -> None:
        """Gives what arrives to `offer`, in the order of each partition, until it is cancelled."""
        await together(*(self._fetch(one, offer) for one in self._consumers if one.assignment()))

    async def watch(self, group: Membership, silence: float) -> None:
        """Raises Silent when there has been no progress for so many seconds."""
        while True:
            await asyncio.sleep(min(5.0, silence / 6))
            partitions = list(self._next)
            ends = await group.ends(partitions)
            if ends is not None:
                self.ends = {(self._services[at.topic], at.partition): end for at, end in ends.items()}
                behind = any(end > self._next.get(at, end) for at, end in ends.items())
                if group.settled and (self._blocked or not behind):
                    self._progress = time.monotonic()
            if time.monotonic() - self._progress > silence:
                raise Silent(group.trouble or "gets nothing")

    async def _fetch(self, consumer: AIOKafkaConsumer, offer: Offer) -> None:
        while True:
            found: list[Heard | Foreign] = []
            for at, records in (await consumer.getmany(timeout_ms=500, max_records=FETCH)).items():
                read = read_records(self._services[at.topic], at.partition, records)
                if not self._is_another_topic(consumer, at, read[0]):
                    self._next[at] = records[-1].offset + 1
                    found += read
            if found:
                self._progress = time.monotonic()
                self._blocked += 1
                try:
                    await offer(found)
                finally:
                    self._blocked -= 1

    def _is_another_topic(self, consumer: AIOKafkaConsumer, at: TopicPartition, first: Heard | Foreign) -> bool:
        """Whether the topic was lost and made again: then offsets mean nothing, and all of it is heard."""
        anchor = self._anchors.pop(at, None)
        if anchor is None or (first.offset == anchor.offset and first[3] == anchor.position):
            return False
        log.warning("topic_made_again", topic=at.topic, partition=at.partition, offset=anchor.offset)
        consumer.seek(at, 0)
        self._next[at] = 0
        return True


@contextlib.asynccontextmanager
async def fetching(cluster: Cluster, services: Mapping[str, str]) -> AsyncIterator[Fetching]:
    """As many consumers as are needed if all partitions are this replica's; discarded on the way out."""
    consumers = [
        AIOKafkaConsumer(
            bootstrap_servers=cluster.bootstrap_servers,
            client_id=cluster.instance,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=500,
            fetch_max_bytes=4 * 1024 * 1024,
            request_timeout_ms=int(SECONDS * 1000),
            **cluster.security,
        )
        for _ in range(-(-len(services) * PARTITIONS // TOGETHER))
    ]
    async with contextlib.AsyncExitStack() as stack:
        for consumer in consumers:
            await stack.enter_async_context(started(consumer, discard))
        yield Fetching(consumers, services)
