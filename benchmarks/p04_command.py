"""Commands over HTTP, against plain FastAPI with a pool's connection and an insert for each request.

`python -m services.profiles api`: the token is checked (200 people's), the body validated, the stream read, the rules
asked, the words sealed, and the event committed under the caller's key. The other one validates and inserts a row with
the same columns and indexes, and that is all. 32 clients of wrk load one after the other; every request must have
recorded an event.
"""

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.serving import GROWN, NEW, compared

TITLE = "command over HTTP, against plain FastAPI with an insert"

BARS = {NEW: (2.5, 3.5), GROWN: (2.0, 3.0)}


async def measure(place: Place) -> Result:
    """Of each case a row for the rate, and one for what 99 of 100 requests took at most."""
    rows, notes = [], []
    for one in await compared(place, "fastapi"):
        bar, stretch = BARS[one.case]
        ours, theirs = one.service, one.ceiling
        rows.append(Row(one.case, ours.rate(), theirs.rate(), "/s", ours.ratio(theirs), bar, stretch))
        slow = ours.quantiles_ratio(theirs, 0.99)
        slowest = [1000 * series.quantile(0.99) for series in (ours, theirs)]
        rows.append(Row(f"{one.case}, p99", slowest[0], slowest[1], "ms", slow, 0.3, None, "less"))
        notes.append(one.note())
    return Result(rows, notes)
