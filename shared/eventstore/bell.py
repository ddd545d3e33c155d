"""Wakes the relay: one NOTIFY for all commits since the last, after them."""

import asyncio

import asyncpg

from shared.eventstore.flight import Flight
from shared.postgres import Held

CHANNEL = "events"
"""What the relay listens to. Inside the append's transaction a NOTIFY would make all databases of a server wait."""

PAUSE = 0.005
"""Seconds between two. Each is a page that is read, sent and applied by itself: at 500 events a second, a pause of 2 ms
took a fifth more of two cores from relay to timeline, and what came was seen no sooner for it."""


async def prepare(connection: asyncpg.Connection) -> asyncpg.Connection:
    """A NOTIFY that a crash takes back comes with the relay's next poll: no flush to disk for it."""
    await connection.execute("set synchronous_commit = off")
    return connection


class Bell:
    """A bell that can be rung at any time and costs little. When it cannot be heard, the relay looks by itself."""

    def __init__(self, held: Held[asyncpg.Connection]) -> None:
        self._held = held
        self._loop = asyncio.get_running_loop()
        self._busy = False
        self._again = False

    def ring(self) -> None:
        """There are new events."""
        if self._busy:
            self._again = True
        elif self._held.now is not None:
            self._busy = True
            self._again = False
            Flight(self._notify(), self._rung)

    async def _notify(self) -> None:
        if (connection := self._held.now) is not None:
            await connection.execute(f"notify {CHANNEL}")

    def _rung(self, error: BaseException | None) -> None:
        if error is not None:
            self._held.lost()
        self._loop.call_later(PAUSE, self._rest)

    def _rest(self) -> None:
        self._busy = False
        if self._again:
            self.ring()
