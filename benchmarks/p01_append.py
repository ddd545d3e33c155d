"""Appends under a key, against one insert a transaction that writes the same rows.

The limit promises nothing: no version is checked, positions become visible in any order, a repeated key is an error. It
writes the same columns and indexes and returns the position, by a statement prepared on a connection that nobody else
uses. The store is called as services call it, with its notifications to the relay.
"""

from functools import partial

from benchmarks.appending import EMPTY, LIMIT, limit, to_store
from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import in_flight, interleaved
from shared.eventstore.postgres import migrations, open_store
from shared.postgres import connect

TITLE = "append, against one insert a transaction"

BARS = {1: (0.85, 1.0), 8: (1.15, 1.4), 32: (2.3, 3.0), 128: (4.0, 5.0)}
ROUNDS = 15
SECONDS = 0.4
FEW = 24
"""Connections with which the limit is fastest on two cores."""


async def measure(place: Place) -> Result:
    """A row for each number in flight."""
    rows, notes = [], []
    async with place.database(migrations()) as url:
        admin = await connect(url)
        await admin.execute(LIMIT)
        async with limit(url, max(BARS)) as table, open_store(url) as store:

            async def empty() -> None:
                await admin.execute(EMPTY)

            for flying, (bar, stretch) in BARS.items():
                contestants = {
                    "limit": partial(in_flight, table[:flying], SECONDS),
                    "few": partial(in_flight, table[:FEW], SECONDS),
                    "store": partial(in_flight, [to_store(store) for _ in range(flying)], SECONDS),
                }
                if flying <= FEW:
                    del contestants["few"]
                found = await interleaved(contestants, ROUNDS, empty)
                ratio = found["store"].ratio(found["limit"])
                rows.append(
                    Row(
                        f"{flying} in flight",
                        found["store"].rate(),
                        found["limit"].rate(),
                        "/s",
                        ratio,
                        bar,
                        stretch,
                    )
                )
                if flying > len(table):
                    notes.append(f"{flying} in flight: the limit had {len(table)} connections, all that there were.")
                if flying > FEW:
                    notes.append(
                        f"{flying} in flight: the limit with {FEW} connections only: {found['few'].rate():,.0f}/s,"
                        f" ratio {found['store'].ratio(found['few']):.2f}."
                    )
        await admin.close()
    return Result(rows, notes)
