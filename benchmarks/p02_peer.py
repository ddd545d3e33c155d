"""Appends against `eventsourcing` (Python, PostgreSQL) with its database functions on, its fastest way to insert.

It is called as its application does, one event an insert, from as many threads as are in flight, each with a connection
of its own pool. It writes fewer columns, and keeps no command key; its notifications are inside the transaction. The
optional dependency group `peers` brings it.
"""

import asyncio
import importlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from benchmarks.appending import BODY, LENGTH, TYPE, to_store
from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample, in_flight, interleaved
from shared.eventstore.postgres import migrations, open_store
from shared.postgres import connect

TITLE = "append, against eventsourcing with its database functions"

BARS = {1: (1.6, 1.8), 8: (3.0, 4.0), 32: (10.0, 12.0)}
ROUNDS = 10
SECONDS = 0.4


async def measure(place: Place) -> Result:
    """A row for each number in flight."""
    rows = []
    async with place.database(migrations()) as url, place.database() as peers_url, open_store(url) as store:
        ours, theirs = await connect(url), await connect(peers_url)
        with _Peer(peers_url, max(BARS)) as recorder, ThreadPoolExecutor(max(BARS)) as threads:

            async def empty() -> None:
                await ours.execute("truncate events")
                await theirs.execute("truncate stored_events")

            for flying, (bar, stretch) in BARS.items():
                found = await interleaved(
                    {
                        "peer": partial(_in_threads, threads, recorder, flying),
                        "store": partial(in_flight, [to_store(store) for _ in range(flying)], SECONDS),
                    },
                    ROUNDS,
                    empty,
                )
                rows.append(
                    Row(
                        f"{flying} in flight",
                        found["store"].rate(),
                        found["peer"].rate(),
                        "/s",
                        found["store"].ratio(found["peer"]),
                        bar,
                        stretch,
                    )
                )
        await ours.close()
        await theirs.close()
    return Result(rows, [f"eventsourcing {metadata.version('eventsourcing')}."])


class _Peer:
    """Its recorder, on a database of its own."""

    def __init__(self, url: str, connections: int) -> None:
        module: Any = importlib.import_module("eventsourcing.postgres")
        parts = urlsplit(url)
        self._store = module.PostgresDatastore(
            dbname=parts.path.strip("/"),
            host=parts.hostname,
            port=parts.port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            pool_size=connections,
            connect_timeout=30.0,
            enable_db_functions=True,
        )
        self._recorder = module.PostgresApplicationRecorder(self._store, events_table_name="stored_events")

    def __enter__(self) -> Callable[[list[Any]], object]:
        self._recorder.create_table()
        return self._recorder.insert_events  # type: ignore[no-any-return]

    def __exit__(self, *_: object) -> None:
        self._store.close()


async def _in_threads(threads: ThreadPoolExecutor, insert: Callable[[list[Any]], object], flying: int) -> Sample:
    stored_event: Any = importlib.import_module("eventsourcing.persistence").StoredEvent
    loop = asyncio.get_running_loop()
    begin = time.perf_counter()
    end = begin + SECONDS

    def call() -> list[float]:
        took = []
        wishes = _events(stored_event)
        while (before := time.perf_counter()) < end:
            insert([next(wishes)])
            took.append(time.perf_counter() - before)
        return took

    found = await asyncio.gather(*(loop.run_in_executor(threads, call) for _ in range(flying)))
    seconds = time.perf_counter() - begin
    took = [one for several in found for one in several]
    return Sample(len(took), seconds, took)


def _events(stored_event: Any) -> Iterator[Any]:
    while True:
        stream = uuid4()
        for version in range(1, LENGTH + 1):
            yield stored_event(stream, version, TYPE, BODY)
