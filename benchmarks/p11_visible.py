"""From commit to visible in the timeline at 500 events a second, against the three waits that it cannot be without.

Measured from the answer to the append until a SELECT, woken by a NOTIFY that a trigger sends with the timeline's rows,
has the event. The ceiling is the sum of three medians at the same pace: a raw round trip through Kafka (acks of all,
one partition), one commit of one row, and from a NOTIFY to the SELECT that it wakes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.figures import Result, Row
from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.places import Place
from benchmarks.rounds import Sample, Series, settle
from benchmarks.stories import Told, stories, until
from shared.postgres import connect

TITLE = "commit to visible in the timeline, against Kafka's round trip, a commit and a notification"
SERVERS = ("postgres", "kafka")

PACE = 500  # a second
SECONDS = 4.0
ROUNDS = 5

TELL = """
    create function public.tell() returns trigger language plpgsql as $$
    begin
        perform pg_notify('seen', string_agg(id::text || person::text, '')) from added group by (random() * 8)::int;
        return null;
    end $$;
    create trigger tell after insert on timeline.timeline referencing new table as added
        for each statement execute function public.tell();
    create table public.raw (id uuid primary key, body json not null)"""
_SEEN = "select id from timeline.timeline where person = any ($1::uuid[])"
_UUID = 36


async def measure(place: Place) -> Result:
    """p50, with p99 in a note."""
    told = iter(await stories(int(PACE * SECONDS) * (ROUNDS + 1) * 2, people=20_000))
    parts: dict[str, list[Sample]] = {name: [] for name in ("visible", "kafka", "commit", "notify")}
    async with pipeline(place) as made:
        await made.timeline.execute(TELL)
        async with _Raw(made) as raw:
            settle()
            for turn in range(ROUNDS + 1):
                found = {
                    "visible": await _visible(made, lambda: next(told)),
                    "kafka": await raw.kafka(lambda: next(told)),
                    "commit": await _paced(raw.commit),
                    "notify": await _paced(raw.notify),
                }
                if turn:
                    for name, sample in found.items():
                        parts[name].append(sample)
    series = {name: Series(samples) for name, samples in parts.items()}
    waits = ("kafka", "commit", "notify")
    ceilings = [sum(parts[name][turn].quantile(0.5) for name in waits) for turn in range(ROUNDS)]
    ratios = sorted(sample.quantile(0.5) / ceiling for sample, ceiling in zip(parts["visible"], ceilings, strict=True))
    measured, ceiling = series["visible"].quantile(0.5), sorted(ceilings)[ROUNDS // 2]
    row = Row(f"p50 at {PACE}/s", measured * 1000, ceiling * 1000, "ms", ratios[ROUNDS // 2], 1.5, 1.2, better="less")
    split = ", ".join(f"{name} {series[name].quantile(0.5) * 1000:.2f} ms" for name in waits)
    p99 = f"p99 {series['visible'].quantile(0.99) * 1000:.1f} ms"
    return Result([row], [f"The ceiling's medians: {split}. Visible: {p99}."])


async def _visible(made: Pipeline, following: Callable[[], Told]) -> Sample:
    """Appends at the pace; how long after its answer each event is seen."""
    answered: dict[UUID, float] = {}
    seen: dict[UUID, float] = {}
    async with _listening(made.timeline_url) as (connection, arrived):

        async def look() -> None:
            while True:
                told = await arrived.get()
                while not arrived.empty():
                    told += arrived.get_nowait()
                pairs = [told[begin : begin + 2 * _UUID] for begin in range(0, len(told), 2 * _UUID)]
                people = [pair[_UUID:] for pair in pairs]
                rows = await connection.fetch(
                    "select id from timeline.timeline where person = any ($1::uuid[])", people
                )
                now = time.perf_counter()
                for row in rows:
                    seen.setdefault(row["id"], now)

        async def append() -> None:
            event, _ = await made.append(following())
            answered[event] = time.perf_counter()

        looking = asyncio.ensure_future(look())
        await _pace(append)
        await until(lambda: answered.keys() <= seen.keys(), seconds=30)
        looking.cancel()
    # An event may be seen before its append is answered: then there was nothing to wait for.
    return Sample(len(answered), SECONDS, [max(0.0, seen[event] - at) for event, at in answered.items()])


class _listening:  # noqa: N801  it is used as a function
    """A connection, and what is notified to it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._arrived: asyncio.Queue[str] = asyncio.Queue()

    async def __aenter__(self) -> "tuple[asyncpg.Connection, asyncio.Queue[str]]":
        self._connection = await connect(self._url)
        self._listener = await connect(self._url)
        await self._listener.add_listener("seen", lambda *told: self._arrived.put_nowait(str(told[-1])))
        return self._connection, self._arrived

    async def __aexit__(self, *_: object) -> None:
        self._connection.terminate()
        self._listener.terminate()


async def _pace(act: Callable[[], Awaitable[object]]) -> None:
    """Begins so many a second, however long each takes."""
    begin, running = time.perf_counter(), set[asyncio.Future[object]]()
    for number in range(int(PACE * SECONDS)):
        pause = begin + number / PACE - time.perf_counter()
        await asyncio.sleep(max(0.0, pause))
        task = asyncio.ensure_future(act())
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


async def _paced(act: Callable[[], Awaitable[float]]) -> Sample:
    took: list[float] = []

    async def once() -> None:
        took.append(await act())

    await _pace(once)
    return Sample(len(took), SECONDS, took)


class _Raw:
    """The three waits, each by itself, on connections of its own."""

    def __init__(self, made: Pipeline) -> None:
        self._made = made
        self._topic = made.cluster.topic("notifications")
        self._arrived: dict[bytes, asyncio.Future[None]] = {}
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> "_Raw":
        servers = self._made.cluster.bootstrap_servers
        self._producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, linger_ms=0)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="latest")
        await self._producer.start()
        await self._consumer.start()
        partition = TopicPartition(self._topic, 0)
        self._consumer.assign([partition])
        await self._consumer.seek_to_end(partition)
        await self._consumer.position(partition)
        self._writer = await connect(self._made.timeline_url)
        self._insert = await self._writer.prepare("insert into public.raw values ($1, $2)")
        await self._writer.execute("select 1")
        self._reader = await connect(self._made.timeline_url)
        self._listener = await connect(self._made.timeline_url)
        self._told: dict[str, asyncio.Future[None]] = {}
        await self._listener.add_listener("raw", lambda *told: self._told[str(told[-1])].set_result(None))
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        await self._producer.stop()
        await self._consumer.stop()
        for connection in (self._writer, self._reader, self._listener):
            connection.terminate()

    async def _read(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    if (waiting := self._arrived.pop(record.key, None)) is not None:
                        waiting.set_result(None)

    async def kafka(self, following: Callable[[], Told]) -> Sample:
        """From sending a record of the same size to having it."""

        async def once() -> float:
            told, key = following(), uuid4().bytes
            self._arrived[key] = arrived = asyncio.get_running_loop().create_future()
            begin = time.perf_counter()
            await self._producer.send(self._topic, told.body, key=key, partition=0)
            await arrived
            return time.perf_counter() - begin

        return await _paced(once)

    async def commit(self) -> float:
        """One row in a transaction of its own; one connection, as one worker has."""
        async with self._lock:
            begin = time.perf_counter()
            await self._insert.fetch(uuid4(), b'{"words":"%s"}' % (b"x" * 400))
            return time.perf_counter() - begin

    async def notify(self) -> float:
        """From asking for a NOTIFY to the answer of the SELECT that it wakes."""
        token = str(uuid4())
        self._told[token] = told = asyncio.get_running_loop().create_future()
        async with self._lock:
            begin = time.perf_counter()
            notifying = asyncio.ensure_future(self._writer.execute("select pg_notify('raw', $1)", token))
            await told
            await self._reader.fetchval("select id from public.raw limit 1")
            took = time.perf_counter() - begin
            await notifying
        del self._told[token]
        return took
