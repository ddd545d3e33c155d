"""Rebuilding the timeline, comparing and switching included, against a worker that hears the same topic from its start.

Both read real topics, with nothing else going on. A worker's time begins when it has applied its first batch, since
joining its group takes seconds; a rebuild's begins with the call.
"""

import asyncio
import time
from contextlib import suppress

from benchmarks.figures import Result, Row
from benchmarks.pipeline import Pipeline, append_all, pipeline
from benchmarks.places import Place
from benchmarks.rounds import Sample, Series
from benchmarks.stories import stories
from services.projections.timeline import Timeline
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.rebuild import rebuild
from shared.metrics import Metrics

TITLE = "rebuild of the timeline, against live apply"
SERVERS = ("postgres", "kafka")

EVENTS = 60_000
ROUNDS = 3


async def measure(place: Place) -> Result:
    """One row."""
    told = await stories(EVENTS)
    live, anew = list[Sample](), list[Sample]()
    async with pipeline(place, ("relay",)) as made:
        last, _ = await append_all(made, told, flying=128)
        for turn in range(ROUNDS + 1):
            await made.empty()
            heard = await _hear(made, last)
            # What a worker leaves behind is what the rebuild is compared with.
            rebuilt = await rebuild(
                made.timeline_url, made.cluster, Timeline(), Counts(Metrics("bench")), accept_differences=False
            )
            if rebuilt.differences:
                raise AssertionError(rebuilt.differences)
            if turn:
                live.append(heard)
                anew.append(Sample(EVENTS, rebuilt.seconds))
    ratio = Series(anew).ratio(Series(live))
    return Result([Row(f"{EVENTS:,} events", Series(anew).rate(), Series(live).rate(), "/s", ratio, 1.5, 3)])


async def _hear(made: Pipeline, last: dict[int, int]) -> Sample:
    """A worker, from its first batch to the last event."""
    consumer = Consumer(made.timeline_url, made.cluster, f"live-{time.time_ns()}", [Timeline()], Counts(Metrics("b")))
    serving = asyncio.ensure_future(consumer.run())
    try:
        first = 0
        async with asyncio.timeout(60):
            while first == 0:
                await asyncio.sleep(0.002)
                first = await made.timeline.fetchval("select count(*) from timeline")
        begin = time.perf_counter()
        await made.applied(last)
        return Sample(EVENTS - first, time.perf_counter() - begin)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
