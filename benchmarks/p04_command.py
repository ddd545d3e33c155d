"""Commands over HTTP, against plain FastAPI with a pool's connection and an insert for each request.

`python -m services.profiles api`: the token is checked (200 people's), the body validated, the stream read, the rules
asked, the words sealed, and the event committed under the caller's key. The other one validates and inserts a row with
the same columns and indexes, and that is all. 32 clients of wrk load one after the other; every request must have
recorded an event.
"""

from statistics import median

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import interleaved
from benchmarks.serving import GROWN, NEW, Turn, stage

TITLE = "command over HTTP, against plain FastAPI with an insert"

BARS = {NEW: (2.5, 3.5), GROWN: (2.0, 3.0)}
ROUNDS = 7
SECONDS = 2


async def measure(place: Place) -> Result:
    """A row for the rate and one for the slowest of a hundred, of each case."""
    rows, notes = [], []
    async with stage(place) as made:
        with made.service() as service, made.ceiling("fastapi") as fastapi:
            await service.answers("/readyz", 200)
            await fastapi.answers("/docs", 200)
            for case, (bar, stretch) in BARS.items():
                requests = made.requests[case]
                ours = Turn(service, requests, made.events, "events", SECONDS)
                theirs = Turn(fastapi, requests, made.inserted, "inserted", SECONDS)
                found = await interleaved({"service": ours, "fastapi": theirs}, ROUNDS, made.trim)
                measured, ceiling = found["service"], found["fastapi"]
                rate = measured.ratio(ceiling)
                slow = measured.quantiles_ratio(ceiling, 0.99)
                rows.append(Row(case, measured.rate(), ceiling.rate(), "/s", rate, bar, stretch))
                slowest = [1000 * one.quantile(0.99) for one in (measured, ceiling)]
                rows.append(Row(f"{case}, p99", slowest[0], slowest[1], "ms", slow, 0.3, None, "less"))
                notes.append(
                    f"{case}: processor time of a request in the process that answers: {1e6 * median(ours.cpu):.0f} µs,"
                    f" the ceiling {1e6 * median(theirs.cpu):.0f} µs."
                )
    return Result(rows, notes)
