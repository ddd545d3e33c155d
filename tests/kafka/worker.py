"""A worker as a process of its own, for a test to kill: python -m tests.kafka.worker URL SERVERS PREFIX INSTANCE."""

import asyncio
import sys

from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.relay import Relay
from shared.kafka.tasks import together
from shared.metrics import Metrics
from tests.kafka.ledger import Ledger


async def work(url: str, servers: str, prefix: str, instance: str) -> None:
    cluster, counts = Cluster(servers, instance, prefix), Counts(Metrics("test"))
    consumer = Consumer(url, cluster, "models", [Ledger(delay=0.005)], counts)
    await together(Relay(url, cluster, "profiles", counts, deadline=4).run(), consumer.run())


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:5]))
