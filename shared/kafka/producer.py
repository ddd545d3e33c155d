"""A producer that is thrown away when it cannot be trusted any more.

An idempotent aiokafka producer never gives a batch up: it ignores its timeouts on a frozen broker, and never recovers
from a sequence that the broker refuses. So every wait for it has a deadline, and after it there is a new producer.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.kafka.clients import started
from shared.kafka.cluster import Cluster

BATCH_BYTES = 512 * 1024  # well below the broker's message.max.bytes, well above what a page holds for one partition


@contextlib.asynccontextmanager
async def producer(cluster: Cluster, *, seconds: float = 10) -> AsyncIterator[AIOKafkaProducer]:
    """A started idempotent producer, discarded on the way out. Raises TimeoutError, KafkaError, OSError."""
    made = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers,
        client_id=cluster.instance,
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        request_timeout_ms=int(seconds * 1000),
        **cluster.security,
    )
    async with started(made, _discard, seconds=seconds):
        yield made


async def _discard(made: AIOKafkaProducer) -> None:
    """Closes the connections first: stop() would wait for batches that nobody answers. They may still arrive."""
    made._closed = True  # stop() is not called, and __del__ would complain
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(1):
            await made.client.close()
    sending = made._sender.sender_task
    # The first cancellation lets its requests end, which on a closed client they may never do: the second ends them.
    for _ in range(2):
        if sending is not None and not sending.done():
            sending.cancel()
            await asyncio.wait({sending}, timeout=0.1)
    if sending is not None and sending.done() and not sending.cancelled():
        sending.exception()  # seen, so that asyncio does not report it as lost
