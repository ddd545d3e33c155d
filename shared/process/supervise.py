"""A process's tasks and its one HTTP server. A task that ends is a fault: not ready, then gone with a non-zero code."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn

from shared.http.health import Health
from shared.http.protocol import Protocol

Task = Callable[[], Coroutine[Any, Any, None]]
"""Runs until it is cancelled, which it must be safe against at any await."""

GRACE = 10.0
"""Seconds that requests in flight, and then tasks, have to come to an end."""

NOTICE = 5.0
"""Seconds between a task's death and the end of the process: probes are to see it red."""


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would raise the signal once more at the end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answering.set()


async def supervise(
    app: Any,
    tasks: Mapping[str, Task],
    health: Health,
    *,
    host: str,
    port: int,
    grace: float = GRACE,
    notice: float = NOTICE,
) -> int:
    """Serves `app` and runs `tasks` until SIGTERM, SIGINT or a task's death. Returns the exit code.

    Requests in flight are finished before tasks stop, since they may need them. Port 0 is a free one: it is logged.
    """
    log = structlog.get_logger("process")
    listening = _listen(host, port)
    server = _Server(_configured(app, grace))
    ending = asyncio.Event()
    code = 0

    def stop() -> None:
        if ending.is_set():
            os._exit(130)  # told twice: at once
        health.broken("process", "it is being stopped")
        ending.set()

    async def watched(name: str, task: Task) -> None:
        nonlocal code
        try:
            await task()
            log.error("task_ended", task=name)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.error("task_died", task=name, exc_info=error)
        health.broken(name, "the task has ended")
        code = 1
        await asyncio.sleep(notice)
        ending.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    running = [loop.create_task(watched(name, task), name=name) for name, task in tasks.items()]
    serving = loop.create_task(server.serve([listening]), name="server")
    serving.add_done_callback(lambda _done: ending.set())
    serving.add_done_callback(lambda _done: server.answering.set())
    try:
        await server.answering.wait()
        _spare_the_collector()
        log.info("started", host=host, port=listening.getsockname()[1])
        await ending.wait()
    finally:
        log.info("stopping")
        server.should_exit = True
        await _end([serving], grace + 2.0)
        for task in running:
            task.cancel()
        await _end(running, grace)
    if not serving.cancelled() and serving.exception() is not None:
        log.error("server_died", exc_info=serving.exception())
        code = 1
    log.info("stopped", count=len(running))
    return code


def _configured(app: Any, grace: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than proxies keep theirs, so that none sends into a closing connection
        timeout_graceful_shutdown=int(grace),
    )


def _spare_the_collector() -> None:
    """What start-up made lives as long as the process: the collector need not walk all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _end(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    """Waits for tasks to end; what does not end keeps nobody waiting, since being killed is always safe."""
    if not tasks:
        return
    _, stuck = await asyncio.wait(tasks, timeout=seconds)
    if stuck:
        structlog.get_logger("process").critical("stuck", task=sorted(task.get_name() for task in stuck))
        os._exit(1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SystemExit(f"Port {port} on {host} cannot be listened on: {error.strerror}.") from None
    return listening
