"""Memory of an idle service, and what 100,000 commands add to it.

Proportional set size: a process's own pages, and its share of those that it has in common with others (libraries, read
from one file). Idle is ready, and not asked for anything yet. The growth is that of the api, which answers commands:
from when its caches have filled (tokens, keys, the versions of 20,000 streams) to 100,000 commands later.
"""

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample
from benchmarks.serving import NEW, Process, Stage, stage
from benchmarks.wrk import load

TITLE = "memory of an idle service, and its growth over 100,000 commands"
SERVERS = ("postgres", "kafka")

FILLED = 25_000
COMMANDS = 100_000
BAR, STRETCH = 100, 80
FLAT = 1.05
SECONDS = 5


async def measure(place: Place) -> Result:
    """A row for each process, one for growth."""
    async with stage(place, aspirations=0) as made:
        with made.service("api") as api, made.service("worker") as worker:
            await api.answers("/readyz", 200)
            await worker.answers("/livez", 200)
            idle = {"api": api.pss(), "worker": worker.pss()}
            await _commands(made, api, FILLED)
            before = api.pss()
            done = await _commands(made, api, COMMANDS)
            after = api.pss()
    rows = [Row(f"{kind}, idle", pss, BAR, "MiB", pss / BAR, 1, STRETCH / BAR, "less") for kind, pss in idle.items()]
    rows.append(Row(f"api, {COMMANDS:,} commands later", after, before, "MiB", after / before, FLAT, None, "less"))
    note = f"The api grew by {1024 * 1024 * (after - before) / done:.1f} bytes a command, over {done:,} commands."
    return Result(rows, [note])


async def _commands(made: Stage, api: Process, number: int) -> int:
    """At least so many; gives how many."""
    done = 0
    while done < number:
        sample: Sample = await load(api.url, made.requests[NEW], seconds=SECONDS)
        done += sample.operations
    return done
