"""What the elected relay does: read on, send, wait for Kafka, mark, and tell the consumers how far it is.

Four tasks that stand or fall together. Reading the next page overlaps with sending, marks are written beside both.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import asyncpg
import orjson
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.eventstore.bell import CHANNEL
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.partitions import PARTITIONS
from shared.kafka.producer import producer
from shared.kafka.records import Published, Writer
from shared.kafka.tasks import signalled, together

PAGE = 1000
PAGES_IN_FLIGHT = 4
POLL = 1.0  # seconds: the net below NOTIFY, and how soon a leader finds out that it was deposed
MARK_AT_MOST = 0.01  # seconds between marks in the store: more would only cost the appends their PostgreSQL
ANNOUNCE = 3.0  # seconds between marks on the topic when nothing happens
ANNOUNCE_AT_MOST = 0.2  # seconds between them when much happens

# SQL renders what is text on the wire: half the work of doing it here.
SELECT_PAGE = """
    select position, subject::text, convert_to(id::text, 'UTF8'), convert_to(stream::text, 'UTF8'),
           convert_to(version::text, 'UTF8'), type, convert_to(replace(recorded_at::text, ' ', 'T') || ':00', 'UTF8'),
           convert_to(by, 'UTF8'), origin, trace, withheld, body
    from events where position > $1 order by position limit $2"""
_ELECT = "update relay set epoch = epoch + 1 returning epoch, position, partitions"
_MARK = "update relay set position = $2, partitions = $3 where epoch = $1 and position <= $2"
# The first column is taken before the snapshot: what was recorded before it and is committed, is not after `newest`.
_NOW = """
    select statement_timestamp(), coalesce((select max(position) from events), 0) as newest,
           (select recorded_at from events where position <= $1 order by position desc limit 1)"""


class WrongPartitions(Exception):
    """The topic was made with another number of partitions: keys would change places. It takes a new generation."""


class Deposed(Exception):
    """Another leader was elected, or an operator set the mark back: begin again from what the store says."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What is published: everything up to `position`; `last` is the last position in each partition."""

    position: int
    last: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Sent:
    reached: Reached
    at: float
    batches: tuple[tuple[int, int, "asyncio.Future[Any]"], ...] = ()  # partition, records, Kafka's answer
    records: int = 0


class Leader:
    """One term of a leader, on two connections: `control` holds the lock, listens and marks; `tail` reads."""

    def __init__(
        self,
        cluster: Cluster,
        service: str,
        control: asyncpg.Connection,
        tail: asyncpg.Connection,
        counts: Counts,
        *,
        deadline: float,
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._topic = cluster.topic(service)
        self._control = control
        self._control_free = asyncio.Lock()
        self._tail = tail
        self._deadline = deadline
        self._writer = Writer(service)
        self._woken = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._news = asyncio.Event()
        self._idle = False
        self._in_flight: deque[_Sent] = deque()
        self._sent = asyncio.Semaphore(0)
        self._room = asyncio.Semaphore(PAGES_IN_FLIGHT)
        self._offsets: dict[int, int] = {}
        self._published = counts.published.labels(service)
        self._behind = counts.behind.labels(service)

    async def lead(self, elected: "Callable[[Leader], None]") -> None:
        """Publishes until something fails; raises what failed. Kafka is asked first: no term without it."""
        async with producer(self._cluster, seconds=self._deadline) as self._producer:
            async with asyncio.timeout(self._deadline):
                partitions = await self._producer.partitions_for(self._topic)
            if len(partitions) != PARTITIONS:
                raise WrongPartitions(f"{self._topic} has {len(partitions)} partitions, not {PARTITIONS}")
            await self._control.add_listener(CHANNEL, self._wake)
            await self._control.execute("set synchronous_commit = on")
            [(self._epoch, position, last)] = await self._control.fetch(_ELECT)
            # A mark that a crash takes back only makes the leader send again what consumers then know: no fsync for it.
            await self._control.execute("set synchronous_commit = off; set timezone = 'UTC'")
            await self._tail.execute("set timezone = 'UTC'")
            known = {int(partition): at for partition, at in orjson.loads(last).items()}
            self._reached = Reached(position, tuple(known.get(partition, 0) for partition in range(PARTITIONS)))
            elected(self)
            try:
                await together(self._publish(), self._acknowledge(), self._mark(), self._announce())
            finally:
                for sent in self._in_flight:
                    for _, _, answer in sent.batches:
                        answer.cancel()

    def _wake(self, *_: object) -> None:
        self._woken.set()

    async def _publish(self) -> None:
        """Reads and sends; the next page is on its way while this one is sent."""
        reached = self._reached
        while True:
            self._idle = False
            self._woken.clear()
            page = await self._page(reached.position)
            while page:
                following = None
                if len(page) == PAGE:
                    following = asyncio.ensure_future(self._page(page[-1][0]))
                    await asyncio.sleep(0)  # asyncpg sends the query only when its task has run
                try:
                    reached = await self._send(page, reached)
                    page = await following if following else []
                finally:
                    if following:
                        following.cancel()
            self._idle = True
            await signalled(self._woken, POLL)

    async def _page(self, after: int) -> Sequence[Published]:
        # The rows are not made into tuples of that name one by one: they are read as such.
        return cast("Sequence[Published]", await self._tail.fetch(SELECT_PAGE, after, PAGE, timeout=self._deadline))

    async def _send(self, page: Sequence[Any], reached: Reached) -> Reached:
        async with asyncio.timeout(self._deadline):
            await self._room.acquire()
            last = list(reached.last)
            batches: dict[int, BatchBuilder] = {}
            sent: list[tuple[int, int, asyncio.Future[Any]]] = []
            records = 0
            now = int(time.time() * 1000)
            for event in page:
                position, subject, withheld, body = event[0], event[1], event[10], event[11]
                if withheld:
                    continue
                partition, key, place = self._writer.place(subject)
                headers = self._writer.headers(event, last[partition], place)
                batch = batches.get(partition)
                if batch is None:
                    batch = batches[partition] = self._producer.create_batch()
                if batch.append(timestamp=now, key=key, value=body, headers=headers) is None:
                    sent.append(await self._give(partition, batch))
                    batch = batches[partition] = self._producer.create_batch()
                    batch.append(timestamp=now, key=key, value=body, headers=headers)
                last[partition] = position
                records += 1
            for partition, batch in batches.items():
                sent.append(await self._give(partition, batch))
        reached = Reached(page[-1][0], tuple(last))
        self._in_flight.append(_Sent(reached, time.monotonic(), tuple(sent), records))
        self._sent.release()
        return reached

    async def _give(self, partition: int, batch: BatchBuilder) -> tuple[int, int, "asyncio.Future[Any]"]:
        count = batch.record_count()
        batch.close()
        return partition, count, await self._producer.send_batch(batch, self._topic, partition=partition)

    async def _acknowledge(self) -> None:
        """Waits for Kafka, page by page in order."""
        while True:
            await self._sent.acquire()
            sent = self._in_flight[0]
            if sent.batches:
                answers = [answer for _, _, answer in sent.batches]
                await asyncio.wait(answers, timeout=max(0.0, sent.at + self._deadline - time.monotonic()))
                for partition, count, answer in sent.batches:
                    if not answer.done():
                        raise TimeoutError("Kafka does not answer")
                    if (offset := answer.result().offset) >= 0:
                        self._offsets[partition] = offset + count - 1
            self._in_flight.popleft()
            self._room.release()
            self._reached = sent.reached
            self._published.inc(sent.records)
            self._acknowledged.set()
            if self._idle and not self._in_flight:
                self._news.set()

    async def _mark(self) -> None:
        """Marks the newest acknowledgement; looks for a newer epoch when there is none."""
        marked = self._reached.position
        while True:
            await signalled(self._acknowledged, POLL)
            reached = self._reached
            async with self._control_free:
                if reached.position > marked:
                    last = orjson.dumps({str(p): at for p, at in enumerate(reached.last) if at})
                    done = await self._control.execute(
                        _MARK, self._epoch, reached.position, last, timeout=self._deadline
                    )
                    kept = done == "UPDATE 1"
                else:
                    epoch = await self._control.fetchval("select epoch from relay", timeout=self._deadline)
                    kept = epoch == self._epoch
            if not kept:
                raise Deposed(f"epoch {self._epoch} has ended")
            marked = reached.position
            await asyncio.sleep(MARK_AT_MOST)

    async def _announce(self) -> None:
        """Publishes marks: at once when there is nothing more to send, every few seconds in any case."""
        while True:
            await signalled(self._news, ANNOUNCE)
            async with self._control_free:
                before = self._reached.position
                [(now, newest, recorded)] = await self._control.fetch(_NOW, before, timeout=self._deadline)
            reached = self._reached
            self._behind.set(max(0, newest - reached.position))
            as_of = now if newest <= reached.position else recorded
            if as_of is not None:
                async with asyncio.timeout(self._deadline):
                    await self._producer.send_and_wait(
                        self._cluster.marks, key=self._service.encode(), value=self._announcement(reached, as_of)
                    )
            await asyncio.sleep(ANNOUNCE_AT_MOST)

    def _announcement(self, reached: Reached, as_of: datetime) -> bytes:
        return orjson.dumps(
            {
                "service": self._service,
                "position": reached.position,
                "time": as_of,
                "positions": {str(p): at for p, at in enumerate(reached.last) if at},
                "offsets": {str(p): offset for p, offset in sorted(self._offsets.items())},
            }
        )
