"""A process to be started, stopped and broken by the tests: `python -m tests.process.faulty <what>`."""

import asyncio
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

from shared.http.health import Health
from shared.http.pages import Served, content, pages_alone
from shared.metrics import Metrics
from shared.process import Task, run, supervise


async def forever() -> None:
    await asyncio.Event().wait()


async def ends() -> None:
    await asyncio.sleep(0)


async def dies() -> None:
    await asyncio.sleep(0)
    raise ValueError("CANARY")


async def deaf() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


TASKS: Mapping[str, Task] = {"forever": forever, "ends": ends, "dies": dies, "deaf": deaf}


def main(what: str, port: int) -> int:
    health = Health()
    store_open = True

    async def store() -> None:
        nonlocal store_open
        try:
            await forever()
        finally:
            store_open = False

    async def slow(_values: list[str]) -> Any:
        sys.stderr.write("begun\n")
        sys.stderr.flush()
        await asyncio.sleep(0.5)
        return content(b"open" if store_open else b"closed", "text/plain")

    pages: Mapping[str, Served] = {**health.pages(Metrics("faulty")), "/slow": slow}
    app = pages_alone(pages)

    async def serve() -> int:
        if what == "fails":
            raise ValueError("CANARY")
        tasks: MutableMapping[str, Task] = {"store": store, what: TASKS[what]}
        return await supervise(app, tasks, health, host="127.0.0.1", port=port, grace=2.0, notice=1.0)

    return run(serve, service="faulty", process="worker")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
