"""Deadlines of all requests on one timer: a timer for each would cost more than the rest of its handling."""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

TICK = 0.1
"""Seconds: how late a deadline may be noticed."""

GRACE = 1.0
"""Seconds that a cancelled handler has to come to an end, before the caller is answered without it."""


class Timed:
    """Something that a task does, for so many seconds at most."""

    __slots__ = ("due", "expired", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.due = 0.0
        self.expired = False


T = TypeVar("T", bound=Timed)


class Deadlines(Generic[T]):
    """Cancels what runs too long; `abandon` is called for what does not even heed that."""

    def __init__(self, abandon: Callable[[T], None]) -> None:
        self._abandon = abandon
        self._running: set[T] = set()
        self._armed = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, timed: T, seconds: float) -> None:
        """Watches from now on what the current task does."""
        loop = asyncio.get_running_loop()
        timed.task = asyncio.current_task(loop)
        timed.due = loop.time() + seconds
        self._running.add(timed)
        if not self._armed:
            self._armed = True
            loop.call_later(TICK, self._tick)

    def stop(self, timed: T) -> None:
        """Watches it no more."""
        self._running.discard(timed)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for timed in list(self._running):
            if timed.due > now:
                continue
            if timed.expired:
                self._running.discard(timed)
                self._abandon(timed)
            elif timed.task is not None:
                timed.expired = True
                timed.due = now + GRACE
                timed.task.cancel()
        self._armed = bool(self._running)
        if self._armed:
            loop.call_later(TICK, self._tick)
