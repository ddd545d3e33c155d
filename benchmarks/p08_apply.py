"""Applying events to the timeline, against the same rows as ready arrays in the same statement.

The model runs in the kernel's applier as in a worker: bodies decoded, each batch in one transaction with its
checkpoints moved from where they were. A quarter of the events are facts of HR's, which first close what was told of
the same fact before. The ceiling is the insert alone, a transaction each batch, with arrays made beforehand.
"""

import asyncio
import time

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample, interleaved
from benchmarks.stories import EMPTY, ends, heard, stories, timeline, until
from services.projections.timeline import INSERT, Timeline
from shared.kafka.applier import BATCH, Applier
from shared.kafka.counts import Counts
from shared.metrics import Metrics

TITLE = "projection apply, against the same rows as ready arrays"

EVENTS = 20_000
ROUNDS = 9


async def measure(place: Place) -> Result:
    """One row."""
    records = list(heard(await stories(EVENTS)))
    batches = [records[begin : begin + BATCH] for begin in range(0, EVENTS, BATCH)]
    arrays = [Timeline().prepare(batch).columns() for batch in batches]
    wanted = ends(records)
    async with timeline(place) as (url, connection):

        async def empty() -> None:
            await connection.execute(EMPTY)

        async def model() -> Sample:
            applier = Applier(url, Timeline(), Counts(Metrics("bench")))
            await applier.begin(list(wanted))
            begin = time.perf_counter()
            applying = asyncio.ensure_future(applier.run())
            for batch in batches:
                await applier.offer(batch)
            await until(lambda: all(applier.places[at].position >= position for at, position in wanted.items()))
            seconds = time.perf_counter() - begin
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)
            applier.close()
            return Sample(EVENTS, seconds)

        async def ceiling() -> Sample:
            begin = time.perf_counter()
            for columns in arrays:
                await connection.execute(INSERT, *columns)
            return Sample(EVENTS, time.perf_counter() - begin)

        found = await interleaved({"model": model, "ceiling": ceiling}, ROUNDS, empty)
    applied, ready = found["model"], found["ceiling"]
    row = Row(f"{BATCH} a batch", applied.rate(), ready.rate(), "/s", applied.ratio(ready), 0.6, 0.8)
    return Result([row])
