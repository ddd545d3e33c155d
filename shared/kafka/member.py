"""One aiokafka consumer in its group, from joining to being thrown away.

Nothing is locked against a rebalance: its listener only takes note, and whoever applies is fenced by checkpoints.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Mapping

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Foreign, Partition, Place, read_records
from shared.kafka.records import Heard

log = structlog.get_logger()

FETCH = 2_000  # records taken from the client at once
REQUEST = 10.0  # seconds that Kafka has for an answer


class Silent(Exception):
    """Kafka does not answer, or gives nothing although there is something, or does not let the consumer in."""


class Reassigned(Exception):
    """The group has given this member other partitions, or is about to."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.changed = asyncio.Event()

    def on_partitions_revoked(self, _revoked: Collection[TopicPartition]) -> None:
        self.settled.clear()
        self.changed.set()

    def on_partitions_assigned(self, _assigned: Collection[TopicPartition]) -> None:
        self.settled.set()
        self.changed.set()


class Member:
    """A consumer that has been started. `blocked` is set by who takes no records at the moment, for good reasons."""

    def __init__(self, consumer: AIOKafkaConsumer, services: Mapping[str, str], silence: float) -> None:
        """`services`: topic → service. `silence`: seconds without progress after which watch() gives it up."""
        self._consumer = consumer
        self._services = services
        self._topics = {service: topic for topic, service in services.items()}
        self._silence = silence
        self._listener = _Listener()
        self._next: dict[TopicPartition, int] = {}
        self._anchors: dict[TopicPartition, Place] = {}
        self._progress = time.monotonic()
        self.ends: dict[Partition, int] = {}
        self.trouble: str | None = None
        self.blocked = False
        consumer.subscribe(topics=list(services), listener=self._listener)

    async def assigned(self) -> list[Partition]:
        """Waits until the group has settled; gives this member's partitions."""
        await self._listener.settled.wait()
        self._listener.changed.clear()
        self._next.clear()
        return sorted((self._services[topic], number) for topic, number in self._consumer.assignment())

    async def changed(self) -> None:
        """Raises Reassigned when the partitions are no longer the ones that assigned() gave."""
        await self._listener.changed.wait()
        raise Reassigned

    def seek(self, places: Mapping[Partition, Place]) -> None:
        """Goes on with the record at each place: it is heard once more, to see that the topic is still the same."""
        self._anchors.clear()
        for (service, number), place in places.items():
            partition = TopicPartition(self._topics[service], number)
            self._next[partition] = max(place.offset, 0)
            if place.offset >= 0:
                self._anchors[partition] = place
            try:
                self._consumer.seek(partition, max(place.offset, 0))
            except IllegalStateError as taken:
                raise Reassigned from taken
        self._progress = time.monotonic()

    async def fetch(self) -> list[Heard | Foreign]:
        """What has arrived, in the order of each partition; waits a moment for it."""
        found: list[Heard | Foreign] = []
        for partition, records in (await self._consumer.getmany(timeout_ms=500, max_records=FETCH)).items():
            if partition not in self._next:
                continue
            service, number = self._services[partition.topic], partition.partition
            read = read_records(service, number, records)
            if await self._is_another_topic(partition, read[0]):
                continue
            self._next[partition] = records[-1].offset + 1
            found += read
        if found:
            self._progress = time.monotonic()
        return found

    async def _is_another_topic(self, partition: TopicPartition, first: Heard | Foreign) -> bool:
        """Whether the topic was lost and made again: then offsets mean nothing, and all of it is heard."""
        anchor = self._anchors.pop(partition, None)
        if anchor is None or (first.offset == anchor.offset and first[3] == anchor.position):
            return False
        log.warning("topic_made_again", topic=partition.topic, partition=partition.partition, offset=anchor.offset)
        self._consumer.seek(partition, 0)
        return True

    async def watch(self) -> None:
        """Raises Silent when there has been no progress for too long."""
        pause = min(5.0, self._silence / 6)
        while True:
            await asyncio.sleep(pause)
            try:
                partitions = list(self._next)
                async with asyncio.timeout(REQUEST):
                    ends = await self._consumer.end_offsets(partitions) if partitions else {}
                missing = [topic for topic in self._services if not self._consumer.partitions_for_topic(topic)]
                self.trouble = f"there is no topic {missing[0]}" if missing else None
            except (KafkaError, TimeoutError):
                self.trouble = "Kafka does not answer"
            else:
                self.ends = {(self._services[at.topic], at.partition): end for at, end in ends.items()}
                behind = any(end > self._next.get(at, end) for at, end in ends.items())
                if self._listener.settled.is_set() and (self.blocked or not behind):
                    self._progress = time.monotonic()
            if time.monotonic() - self._progress > self._silence:
                raise Silent(self.trouble or "gets nothing")


@contextlib.asynccontextmanager
async def member(cluster: Cluster, group: str, services: Mapping[str, str], silence: float) -> AsyncIterator[Member]:
    """A started member, discarded on the way out. Raises KafkaError, OSError."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        client_id=cluster.instance,
        group_id=group,
        group_instance_id=cluster.instance,  # a restart finds its partitions again, without waiting for its own ghost
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=250,  # a partition whose records wait here is asked for again after this time at the latest
        fetch_max_bytes=4 * 1024 * 1024,
        request_timeout_ms=int(REQUEST * 1000),
        metadata_max_age_ms=15_000,
        max_poll_interval_ms=24 * 3600 * 1000,  # watch() is what finds a consumer that does not poll
        **cluster.security,
    )
    try:
        async with asyncio.timeout(REQUEST):
            await consumer.start()
        yield Member(consumer, services, silence)
    finally:
        await asyncio.shield(discard(consumer))


async def discard(consumer: AIOKafkaConsumer) -> None:
    """Stops it; when Kafka does not answer, closes its connections under it, so that it comes to an end."""
    stopping = asyncio.ensure_future(consumer.stop())
    await asyncio.wait({stopping}, timeout=1)
    if not stopping.done():
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await consumer._client.close()
        await asyncio.wait({stopping}, timeout=1)
    if not stopping.done():
        stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
