"""One model's share of what a consumer delivers: prepared while the batch before is written, each batch in one
transaction with its checkpoints, tried again for ever, and taken apart when an event fails by itself.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import structlog

from shared.erasure.forgetting import Forgetting
from shared.kafka.checkpoints import (
    Outdated,
    Released,
    begin_and_move,
    check_still_parked,
    checked_name,
    move_at_once,
    park,
    stand,
    waiting,
)
from shared.kafka.counts import Counts
from shared.kafka.delivery import Foreign, Partition, Place, Subject, Types, Work, sort_out
from shared.kafka.isolation import apply_what_can_be
from shared.kafka.model import AnyModel, Statement, is_transient, place_of
from shared.kafka.records import Heard
from shared.postgres import connect

log = structlog.get_logger()

Result = TypeVar("Result")

BATCH = 2_000
BATCHES_QUEUED = 4  # that wait, before the consumer has to
GAP = 30.0  # seconds after which a missing event is somebody's business
# A statement's plan is made while the tables may be empty, and must be right for millions of rows: none that reads all.
SETTINGS = {"enable_seqscan": "off"}
FINISH = 5.0  # seconds for what is in flight, when it is time to stop


@dataclass(slots=True)
class Gap:
    """A record came, at `since`, before its predecessor."""

    before: int
    since: float
    looked: bool = False


class Applier:
    """Applies records to one model. `begin` and `run` belong to one assignment of partitions."""

    def __init__(
        self,
        database_url: str,
        model: AnyModel,
        counts: Counts,
        *,
        batch: int = BATCH,
        deadline: float = 30,
        aside: bool = False,
    ) -> None:
        """`batch`: the most records in one transaction; `deadline`: seconds for it; `aside`: it is being built anew."""
        self.model = Forgetting(model, tells=not aside)
        self.name = checked_name(model.name)
        self._url = database_url
        self._types = Types(self.model.types)
        self._batch = batch
        self._deadline = deadline
        self._connection: asyncpg.Connection | None = None
        self._inbox: deque[Sequence[Heard | Foreign]] = deque()
        self._queued = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._planned: Mapping[Partition, Place] = {}
        self._waiting: dict[Subject, int] = {}
        self._gaps: dict[Partition, Gap] = {}
        self._trouble: str | None = None
        self.places: Mapping[Partition, Place] = {}
        self._counts = counts

    def problems(self) -> list[str]:
        found = [f"{self.name}: {self._trouble}"] if self._trouble else []
        for (service, partition), gap in self._gaps.items():
            if time.monotonic() - gap.since > GAP:
                found.append(
                    f"{self.name}: {service}, partition {partition}: what comes before position {gap.before} is"
                    " missing, republish it"
                )
        return found

    def should_look_again(self) -> bool:
        """Whether something has been missing for a while: once, in case that the topic is another one by now."""
        old = [gap for gap in self._gaps.values() if not gap.looked and time.monotonic() - gap.since > GAP / 6]
        for gap in old:
            gap.looked = True
        return bool(old)

    def has_lost_its_server(self) -> bool:
        """Whether the connection has ended by itself. What the model stands at has to be asked for again: a server that
        crashed takes back what had not reached its disk (docs/decisions/0006), and no event may come to show it."""
        return self._connection is not None and self._connection.is_closed()

    async def begin(self, partitions: Collection[Partition]) -> Mapping[Partition, Place]:
        """Takes over partitions; gives where the model stands in those that it hears."""
        mine = [partition for partition in partitions if partition[0] in self.model.services]
        self._inbox.clear()
        self._queued = 0
        self._room.set()

        async def load(connection: asyncpg.Connection) -> Mapping[Partition, Place]:
            self._waiting = await waiting(connection, self.name, self.model.services)
            await self.model.begin(connection)
            return await stand(connection, self.name, mine)

        self.places = self._planned = await self._persist(load)
        self._forget_gaps()
        return self.places

    async def offer(self, records: Sequence[Heard | Foreign]) -> None:
        """Takes records in the order of their partitions; waits while too many wait already."""
        while self._queued >= BATCHES_QUEUED * self._batch:
            self._room.clear()
            await self._room.wait()
        self._inbox.append(records)
        self._queued += len(records)
        self._arrived.set()

    async def run(self) -> None:
        """Applies what is offered, until it is cancelled. Raises Fenced."""
        writing: asyncio.Task[bool] | None = None
        try:
            while True:
                records = await self._next(writing)
                work, prepared = self._plan(records, self._planned)
                if writing is not None and await writing:
                    work, prepared = self._plan(records, self.places)
                self._planned = work.places
                writing = asyncio.ensure_future(self._apply(work, prepared))
                writing.add_done_callback(lambda _: self._arrived.set())
                await asyncio.sleep(0)  # asyncpg sends the query only when its task has run
        finally:
            if writing is not None:
                await asyncio.wait({writing}, timeout=FINISH)
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _next(self, writing: "asyncio.Task[bool] | None") -> Sequence[Heard | Foreign]:
        """Everything that waits, up to a batch. Raises what the writing in flight raised."""
        while not self._inbox:
            if writing is not None and writing.done():
                writing.result()
            self._arrived.clear()
            await self._arrived.wait()
        records = list(self._inbox.popleft())
        while self._inbox and len(records) + len(self._inbox[0]) <= self._batch:
            records += self._inbox.popleft()
        self._queued -= len(records)
        self._room.set()
        return records

    def _plan(self, records: Sequence[Heard | Foreign], places: Mapping[Partition, Place]) -> tuple[Work, Any]:
        work = sort_out(records, places, self._types, self._waiting)
        try:
            return work, self.model.prepare(work.events) if work.events else None
        except Exception as failed:  # noqa: BLE001  whatever an event does to a model, it is parked, and others go on
            return work, failed

    async def _apply(self, work: Work, prepared: Any) -> bool:
        """Writes a batch. Says whether what comes after it has to be planned anew: other subjects are held back now."""
        again = False
        if work.moves or work.foreign:
            try:
                again = await self._persist(lambda connection: self._write(connection, work, prepared))
            except Released:
                self._waiting = await self._persist(
                    lambda connection: waiting(connection, self.name, self.model.services)
                )
                await self._apply(*self._plan(work.records, self.places))
                return True
        self._done(work)
        return again

    async def _write(self, connection: asyncpg.Connection, work: Work, prepared: Any) -> bool:
        """One transaction; when an event makes it fail, another one without those that fail alone."""
        try:
            if isinstance(prepared, Exception):
                raise prepared
            statements = self._statements(work, prepared)
            if statements is not None:
                await move_at_once(connection, self.name, work.moves, statements)
            else:
                await self._open(connection, work)
                if work.events:
                    await self.model.write(connection, prepared)
                await connection.execute("commit")
        except Exception as failed:
            if is_transient(failed) or isinstance(failed, Outdated):
                raise
            log.warning("event_fails", model=self.name, reason=place_of(failed))
            if connection.is_in_transaction():
                await connection.execute("rollback")
        else:
            return False
        await self._open(connection, work)
        parked = await apply_what_can_be(connection, self.model, work.events, self._more_time)
        await park(connection, self.name, parked)
        await connection.execute("commit")
        aside = {one.event for one in parked}
        work.events = [event for event in work.events if event not in aside]
        work.held += parked
        return True

    def _statements(self, work: Work, prepared: Any) -> Sequence[Statement] | None:
        """What is left to do besides moving the checkpoints, if one statement can do it all."""
        if work.held or work.foreign or not work.moves:
            return None
        return self.model.statements(prepared) if work.events else ()

    async def _open(self, connection: asyncpg.Connection, work: Work) -> None:
        await begin_and_move(connection, self.name, work.moves)
        behind = {one.subject for one in work.held} & self._waiting.keys()
        if behind:
            await check_still_parked(connection, self.name, behind)
        await park(connection, self.name, work.held, work.foreign)

    async def _persist(self, act: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Does it until it works, on a new connection after each failure. Raises what is not transient."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._deadline) as self._timer:
                    result = await act(await self._connected())
            except BaseException as failed:
                self.close()
                if not is_transient(failed):
                    raise
                attempt += 1
                self._trouble = f"{type(failed).__name__}, {attempt} times in a row"
                log.warning("apply_failed", model=self.name, error=place_of(failed), attempt=attempt)
            else:
                self._trouble = None
                return result
            await asyncio.sleep(min(2.0, 0.02 * 2 ** min(attempt, 10)) * random.uniform(0.5, 1.0))  # noqa: S311

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(
                self._url, deadline=self._deadline, search_path=f"{self.name}, public", name=self.name, extra=SETTINGS
            )
            # Rows and checkpoints stand or fall together: what a crash of the server takes back is heard again. Nobody
            # waits for its disk (docs/decisions/0006).
            await self._connection.execute("set synchronous_commit = off")
        return self._connection

    def _more_time(self) -> None:
        self._timer.reschedule(asyncio.get_running_loop().time() + self._deadline)

    def _done(self, work: Work) -> None:
        self.places = work.places
        for one in work.held:
            self._waiting.setdefault(one.subject, one.event.position)
        for key, position in work.ahead.items():
            self._gaps.setdefault(key, Gap(position, time.monotonic()))
        self._forget_gaps()
        self._counts.applied.labels(self.name).inc(len(work.events))
        self._counts.skipped.labels(self.name).inc(work.skipped)
        self._counts.duplicates.labels(self.name).inc(work.duplicates)
        self._counts.ahead.labels(self.name).inc(len(work.ahead))
        self._counts.parked.labels(self.name).inc(len(work.held) + len(work.foreign))

    def _forget_gaps(self) -> None:
        """Those that are closed, and those in partitions that are somebody else's now."""
        for key, gap in list(self._gaps.items()):
            place = self.places.get(key)
            if place is None or place.position >= gap.before:
                del self._gaps[key]
