"""From a store to the timeline over a real Kafka, with relay and consumer in processes of their own, as in a service.

`python -m benchmarks.pipeline relay|timeline` is such a process.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from uuid_utils.compat import uuid7

from benchmarks.places import Place
from benchmarks.rounds import settle
from benchmarks.stories import EMPTY, SERVICE, Told, timeline
from deploy.careers import topics
from services.projections.timeline import Timeline
from shared.eventstore import Append, Change, CommandKey, EventStore, NewEvent
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.eventstore.postgres import open_store
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.partitions import partition_of
from shared.kafka.relay import Relay
from shared.kafka.schema import migrations as kafka_migrations
from shared.metrics import Metrics
from shared.process import run

STARTED = 30.0  # seconds within which a process of the pipeline is at work


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Two databases and topics that nobody else uses."""

    store_url: str
    timeline_url: str
    cluster: Cluster
    store: EventStore
    timeline: asyncpg.Connection

    async def append(self, told: Told) -> tuple[UUID, int]:
        """One event in a stream of its own, under a command key; gives its id and position."""
        event = NewEvent(uuid7(), told.type, told.subject, told.body)
        key = CommandKey(os.urandom(32), os.urandom(32))
        appended = await self.store.append(Append((Change(uuid7(), 0, (event,)),), "bench", key=key))
        return event.id, appended.last

    async def applied(self, last: Mapping[int, int], *, seconds: float = 120) -> None:
        """Returns when the timeline has the last position of each partition. Raises TimeoutError."""
        asked = "select partition, position from public.checkpoints where model = 'timeline'"
        async with asyncio.timeout(seconds):
            while True:
                reached = {row["partition"]: row["position"] for row in await self.timeline.fetch(asked)}
                if all(reached.get(partition, 0) >= position for partition, position in last.items()):
                    return
                await asyncio.sleep(0.005)

    async def empty(self) -> None:
        """An empty timeline, which has to begin with the first event."""
        await self.timeline.execute(EMPTY)


@asynccontextmanager
async def pipeline(place: Place, kinds: Sequence[str] = ("relay", "timeline")) -> AsyncIterator[Pipeline]:
    """With these processes at work."""
    cluster = Cluster(place.kafka_servers, "bench-1", f"bench-{uuid4().hex[:10]}.")
    declared = topics.declared(cluster.topic_prefix)
    await topics.apply(cluster.bootstrap_servers, declared)
    try:
        async with AsyncExitStack() as stack:
            migrations = [*eventstore_migrations(), *kafka_migrations()]
            store_url = await stack.enter_async_context(place.database(migrations))
            timeline_url, connection = await stack.enter_async_context(timeline(place))
            made = Pipeline(
                store_url, timeline_url, cluster, await stack.enter_async_context(open_store(store_url)), connection
            )
            for kind in kinds:
                url = timeline_url if kind == "timeline" else store_url
                stack.enter_context(_process(kind, url, cluster))
            if len(kinds) == 2:
                await _warm(made)
            yield made
    finally:
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
        await admin.start()
        await admin.delete_topics([topic.name for topic in declared])
        await admin.close()


async def _warm(made: Pipeline) -> None:
    """Until an event has gone all the way: the group has settled, plans are made."""
    told = Told("profiles.aspiration_confirmed.v1", uuid4(), b"")
    body = f'{{"aspiration":"{uuid4()}","person":"{told.subject}","effective_on":"2026-01-01"}}'.encode()
    _, position = await made.append(told._replace(body=body))
    await made.applied({partition_of(told.subject): position}, seconds=STARTED)


class _process:  # noqa: N801  it is used as a function
    """A process of the pipeline, killed at the end."""

    def __init__(self, kind: str, url: str, cluster: Cluster) -> None:
        given = {"URL": url, "SERVERS": cluster.bootstrap_servers, "PREFIX": cluster.topic_prefix}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pipeline", kind], env={**os.environ, **given}, stdout=subprocess.DEVNULL
        )

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()


async def _serve(kind: str) -> int:
    url, cluster = os.environ["URL"], Cluster(os.environ["SERVERS"], f"bench-{kind}", os.environ["PREFIX"])
    counts = Counts(Metrics("bench"))
    settle()
    if kind == "relay":
        await Relay(url, cluster, SERVICE, counts).run()
    await Consumer(url, cluster, "bench", [Timeline()], counts).run()
    return 0


async def append_all(made: Pipeline, told: Sequence[Told], *, flying: int) -> tuple[dict[int, int], float]:
    """Appends with so many in flight; gives the last position of each partition, and the seconds it took."""
    last: dict[int, int] = {}
    waiting = iter(told)
    begin = time.perf_counter()

    async def caller() -> None:
        for one in waiting:
            _, position = await made.append(one)
            partition = partition_of(one.subject)
            last[partition] = max(position, last.get(partition, 0))

    await asyncio.gather(*(caller() for _ in range(flying)))
    return last, time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(run(lambda: _serve(sys.argv[1]), service="bench", process=sys.argv[1], level="warning"))
