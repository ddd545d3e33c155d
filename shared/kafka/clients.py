"""Starting and ending aiokafka's clients: no start is cancelled, since it would leak, and no end is waited for long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

SECONDS = 10.0  # that Kafka has for an answer


class Client(Protocol):
    """A producer or a consumer of aiokafka."""

    async def start(self) -> None: ...


C = TypeVar("C", bound=Client)

_ending: set[asyncio.Task[Any]] = set()
"""What outlives the wait for it: a start that Kafka does not answer ends by its own timeout, and leaks if cancelled."""


@contextlib.asynccontextmanager
async def started(
    client: C, discard: Callable[[C], Coroutine[Any, Any, None]], *, seconds: float = SECONDS
) -> AsyncIterator[C]:
    """A client, given to `discard` on the way out. Raises KafkaError, OSError, TimeoutError."""
    starting = asyncio.ensure_future(client.start())
    try:
        done, _ = await asyncio.wait({starting}, timeout=seconds)
        if not done:
            raise TimeoutError("Kafka does not answer")
        starting.result()
        yield client
    finally:
        ending = asyncio.ensure_future(_end(client, starting, discard))
        _ending.add(ending)
        ending.add_done_callback(_ending.discard)
        await asyncio.wait({ending}, timeout=3)


async def _end(client: C, starting: "asyncio.Future[None]", discard: Callable[[C], Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(starting, return_exceptions=True)
    with contextlib.suppress(KafkaError, OSError):
        await discard(client)


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
