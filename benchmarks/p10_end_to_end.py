"""From append to the timeline with everything on, against appending alone: events ÷ time from first to last.

Appends under command keys, 32 in flight, by one process; the relay and the timeline's worker are two others, PostgreSQL
and Kafka share the same cores. Alone, there is neither relay nor worker.
"""

import time

from benchmarks.figures import Result, Row
from benchmarks.pipeline import append_all, pipeline
from benchmarks.places import Place
from benchmarks.rounds import Sample, Series, settle
from benchmarks.stories import stories

TITLE = "end to end, against appending alone"
SERVERS = ("postgres", "kafka")

EVENTS = 12_000
ROUNDS = 5
FLYING = 32


async def measure(place: Place) -> Result:
    """One row."""
    told = await stories(EVENTS)
    settle()
    alone, through, appended = list[Sample](), list[Sample](), list[Sample]()
    for turn in range(ROUNDS + 1):
        async with pipeline(place, ()) as quiet:
            _, seconds = await append_all(quiet, told, flying=FLYING)
            by_itself = Sample(EVENTS, seconds)
        async with pipeline(place) as made:
            begin = time.perf_counter()
            last, seconds = await append_all(made, told, flying=FLYING)
            await made.applied(last)
            if turn:
                alone.append(by_itself)
                appended.append(Sample(EVENTS, seconds))
                through.append(Sample(EVENTS, time.perf_counter() - begin))
    ratio = Series(through).ratio(Series(alone))
    row = Row(f"{FLYING} in flight", Series(through).rate(), Series(alone).rate(), "/s", ratio, 0.4, 0.6)
    note = f"Meanwhile {Series(appended).rate():,.0f} appends/s were answered."
    return Result([row], [note])
