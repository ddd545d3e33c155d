"""How long the slowest appends take, against the slowest single inserts: 32 in flight, the same rows as P1."""

from functools import partial

from benchmarks.appending import EMPTY, LIMIT, limit, to_store
from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import in_flight, interleaved
from shared.eventstore.postgres import migrations, open_store
from shared.postgres import connect

TITLE = "append, p99 against P1's limit's"

FLYING = 32
ROUNDS = 15
SECONDS = 0.6


async def measure(place: Place) -> Result:
    """p99, and the median for comparison."""
    async with place.database(migrations()) as url:
        admin = await connect(url)
        await admin.execute(LIMIT)
        async with limit(url, FLYING) as table, open_store(url) as store:

            async def empty() -> None:
                await admin.execute(EMPTY)

            contestants = {
                "limit": partial(in_flight, table, SECONDS),
                "store": partial(in_flight, [to_store(store) for _ in range(FLYING)], SECONDS),
            }
            found = await interleaved(contestants, ROUNDS, empty)
        await admin.close()
    store_, limit_ = found["store"], found["limit"]
    p99 = Row(
        f"p99, {FLYING} in flight",
        store_.quantile(0.99) * 1000,
        limit_.quantile(0.99) * 1000,
        "ms",
        store_.quantiles_ratio(limit_, 0.99),
        0.4,
        0.25,
        better="less",
    )
    note = f"p50: {store_.quantile(0.5) * 1000:.2f} ms against {limit_.quantile(0.5) * 1000:.2f} ms."
    return Result([p99], [note])
