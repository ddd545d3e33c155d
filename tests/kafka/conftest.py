"""A store, a cluster of topics of its own, and a broker that a test may kill."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import child, kafka
from deploy.local.folder import Folder
from deploy.local.ports import ports
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.partitions import PARTITIONS
from shared.metrics import Metrics
from tests.kafka.store import Store

SERVICES = ("profiles",)


class Broker:
    """A Kafka of the test's own, to be frozen and killed."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root).made()
        numbers = ports(self._folder, ["broker", "controller"])
        self._place = kafka.prepare(self._folder, numbers["broker"], numbers["controller"])
        self._child: child.Spawned | None = None
        self.servers = f"127.0.0.1:{numbers['broker']}"

    async def start(self) -> None:
        log = self._folder.log("kafka")
        since = log.stat().st_size if log.exists() else 0
        self._child = child.Spawned(kafka.command(self._place), self._folder.root, log)
        await until(lambda: kafka.is_ready(log, since))

    async def kill(self) -> None:
        if self._child is not None:
            self.signal(signal.SIGKILL)
            await self._child.ended()

    def signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        os.kill(self._child.pid, number)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    made = Broker(tmp_path)
    await made.start()
    yield made
    await made.kill()


@contextlib.asynccontextmanager
async def administrator(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(cluster: Cluster) -> None:
    async with administrator(cluster.bootstrap_servers) as admin:
        topics = [NewTopic(cluster.topic(service), PARTITIONS, 1) for service in SERVICES]
        marks = NewTopic(cluster.marks, 1, 1, topic_configs={"cleanup.policy": "compact"})
        await admin.create_topics([*topics, marks])


@pytest.fixture
async def cluster(kafka_servers: str) -> AsyncIterator[Cluster]:
    """Topics that no other test uses. They are deleted again: a small broker does not bear thousands of partitions."""
    made = Cluster(kafka_servers, instance="test-0", topic_prefix=f"test-{uuid4().hex[:10]}.")
    await make_topics(made)
    yield made
    async with administrator(kafka_servers) as admin:
        await admin.delete_topics([*(made.topic(service) for service in SERVICES), made.marks])


@pytest.fixture
async def own_cluster(broker: Broker) -> Cluster:
    """The same on a broker of the test's own."""
    made = Cluster(broker.servers, instance="test-0", topic_prefix="own.")
    await make_topics(made)
    return made


@pytest.fixture
async def store(fresh_database: str) -> AsyncIterator[Store]:
    async with Store.open(fresh_database) as made:
        yield made


@pytest.fixture
def counts() -> Counts:
    return Counts(Metrics("test"))


async def until(condition: Callable[[], object], seconds: float = 30, every: float = 0.02) -> None:
    """Waits for a condition, plain or awaitable, with a deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come true")
        await asyncio.sleep(every)
