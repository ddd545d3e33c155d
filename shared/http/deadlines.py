"""Deadlines of all requests on one timer: a timer for each would cost more than the rest of its handling."""

import asyncio
from collections.abc import Callable

TICK = 0.1
"""Seconds: how late a deadline may be noticed."""

GRACE = 1.0
"""Seconds that a cancelled handler has to come to an end, before the caller is answered without it."""


class Timed:
    """A request that the current task handles, for so many seconds at most."""

    __slots__ = ("abandon", "due", "expired", "task")

    def __init__(self, seconds: float, abandon: Callable[[], None]) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is handled in a task")
        self.task = task
        self.due = task.get_loop().time() + seconds
        self.abandon = abandon
        self.expired = False


class Deadlines:
    """Cancels what runs too long; `abandon` is called for what does not even heed that."""

    def __init__(self) -> None:
        self._running: set[Timed] = set()
        self._armed = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, timed: Timed) -> None:
        """Watches a request from now on."""
        self._running.add(timed)
        if not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_later(TICK, self._tick)

    def stop(self, timed: Timed) -> None:
        """Watches it no more."""
        self._running.discard(timed)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for timed in list(self._running):
            if timed.due > now:
                continue
            if timed.expired:
                timed.abandon()
                self._running.discard(timed)
            else:
                timed.expired = True
                timed.due = now + GRACE
                timed.task.cancel()
        self._armed = bool(self._running)
        if self._armed:
            loop.call_later(TICK, self._tick)
