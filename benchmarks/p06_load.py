"""Events read and typed, against typing them alone: a stream of 1,000, and the whole log page by page.

The ceiling is `read_event` over bodies that are there already. What it leaves for the store is the database's work, the
way of the rows, and a `Stored` for each.
"""

from functools import partial
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

import orjson
from uuid_utils.compat import uuid7

import shared.contracts
from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample, interleaved
from shared.contracts.reading import read_event
from shared.eventstore import Append, Change, EventStore, NewEvent, Stored
from shared.eventstore.postgres import migrations, open_store

TITLE = "load typed events, against decoding alone"

TYPE = "profiles.place_taken.v1"
STREAM = 1_000
LOG = 20_000
PAGE = 1_000
ROUNDS = 12
BAR, STRETCH = 0.5, 0.7


async def measure(place: Place) -> Result:
    """A stream, and a catch-up."""
    golden = orjson.loads((Path(shared.contracts.__file__).parent / "golden" / f"{TYPE}.json").read_bytes())
    body = orjson.dumps(golden)
    async with place.database(migrations()) as url, open_store(url, deadline=60) as store:
        stream = await _filled(store, body)
        found = await interleaved(
            {
                "decode": partial(_decoded, [body] * STREAM * 10),
                "stream": partial(_streams, store, stream),
                "log": partial(_log, store),
            },
            ROUNDS,
        )
    decode = found["decode"]
    rows = [
        Row(case, found[key].rate(), decode.rate(), "events/s", found[key].ratio(decode), BAR, STRETCH)
        for case, key in ((f"a stream of {STREAM:,}", "stream"), (f"catch-up in pages of {PAGE:,}", "log"))
    ]
    return Result(rows, [f"{TYPE}, {len(body)} bytes as stored."])


async def _filled(store: EventStore, body: bytes) -> UUID:
    first = uuid4()
    for number in range(LOG // STREAM):
        stream = uuid4() if number else first
        for version in range(0, STREAM, 100):
            events = tuple(NewEvent(uuid7(), TYPE, stream, body) for _ in range(100))
            await store.append(Append((Change(stream, version, events),), "bench"))
    return first


async def _decoded(bodies: list[bytes]) -> Sample:
    begin = perf_counter()
    for body in bodies:
        read_event(TYPE, body)
    return Sample(len(bodies), perf_counter() - begin)


async def _streams(store: EventStore, stream: UUID) -> Sample:
    begin = perf_counter()
    for _ in range(10):
        _typed(await store.read(stream))
    return Sample(10 * STREAM, perf_counter() - begin)


async def _log(store: EventStore) -> Sample:
    begin = perf_counter()
    after = count = 0
    while page := await store.tail(after, PAGE):
        _typed(page)
        after = page[-1].position
        count += len(page)
    return Sample(count, perf_counter() - begin)


def _typed(events: list[Stored]) -> None:
    for event in events:
        read_event(event.type, event.body)
