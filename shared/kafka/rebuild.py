"""A model built anew, aside, from the first event, while the old one goes on; then the two change places.

The new one never gets ahead of the old one. When it has nearly caught up, the old one's checkpoints are locked, so both
come to stand at one vector of positions; there they are compared, and exchanged in the same transaction. Whoever was
about to write into the old tables finds its checkpoints gone, and begins again from the new ones. Only models can be
rebuilt: a reaction is not one, so nothing that leaves the service ever happens again because of a replay.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from shared.erasure.forgetting import Forgets, Keeps
from shared.kafka.applier import Applier
from shared.kafka.checkpoints import checked_name
from shared.kafka.cluster import Cluster
from shared.kafka.comparison import differences
from shared.kafka.counts import Counts
from shared.kafka.delivery import Foreign, Partition
from shared.kafka.model import AtOnce, Rebuildable
from shared.kafka.partitions import PARTITIONS
from shared.kafka.reader import Reader, reader
from shared.kafka.records import Heard
from shared.postgres import connect

log = structlog.get_logger()

BATCH = 10_000  # events in one transaction
NEAR = 1.0  # seconds that the last stretch took: then the next one may be taken with the old model held
HOLD = 15.0  # seconds for which the old model waits at most
STALLED = 60.0  # seconds without progress after which the topic does not hold what the old model has applied
SLOW = 600.0  # seconds for a statement of ours: comparing reads every row

_VECTOR = """
    select service, partition, position from public.checkpoints where model = $1 order by service, partition"""
_SWITCH = """
    alter schema "{name}" rename to "{name}_old";
    alter schema "{name}_rebuild" rename to "{name}";
    delete from public.checkpoints where model = '{name}';
    update public.checkpoints set model = '{name}' where model = '{name}_rebuild';
    delete from public.parked where model = '{name}';
    update public.parked set model = '{name}' where model = '{name}_rebuild'"""
_CLEAN = """
    drop schema if exists "{name}_rebuild" cascade;
    drop schema if exists "{name}_old" cascade;
    delete from public.checkpoints where model = '{name}_rebuild';
    delete from public.parked where model = '{name}_rebuild'"""


class RebuildRefused(Exception):
    """It cannot be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it: `differences` in words, and whether the new tables are the ones that are read now."""

    differences: Sequence[str]
    switched: bool
    parked: int
    seconds: float


class _Aside:
    """The same model under another name: its schema, checkpoints and parked events are its own."""

    def __init__(self, model: Rebuildable[Any]) -> None:
        self.name = f"{model.name}_rebuild"
        self.services = model.services
        self.types = model.types
        self.prepare = model.prepare
        self.write = model.write
        if isinstance(model, AtOnce):
            self.statements = model.statements
        if isinstance(model, Forgets):
            self.forget = model.forget
        if isinstance(model, Keeps):
            self.kept = model.kept


async def rebuild(
    database_url: str, cluster: Cluster, model: Rebuildable[Any], counts: Counts, *, accept_differences: bool
) -> Rebuilt:
    """Rebuilds a model. With differences that are not accepted the new tables stay aside, to be looked at.

    Raises RebuildRefused, and what Kafka and PostgreSQL raise; then the old model has not been touched.
    """
    name = checked_name(model.name)
    control = await connect(database_url, deadline=SLOW, name=f"{name} rebuild")
    applier = Applier(database_url, _Aside(model), counts, batch=BATCH, aside=True)
    try:
        if not await control.fetchval("select pg_try_advisory_lock(hashtext($1))", f"rebuild {name}"):
            raise RebuildRefused(f"{name} is being rebuilt already")
        await _make_room(control, model)
        await applier.begin([(service, number) for service in model.services for number in range(PARTITIONS)])
        async with reader(cluster, model.services) as topics:
            applying = asyncio.ensure_future(applier.run())
            try:
                exchange = _Exchange(control, name, _Catching(topics, applier, applying))
                return await exchange.run(accept_differences=accept_differences)
            finally:
                applying.cancel()
                await asyncio.gather(applying, return_exceptions=True)
    finally:
        applier.close()
        control.terminate()


async def _make_room(control: asyncpg.Connection, model: Rebuildable[Any]) -> None:
    """Removes what an earlier attempt left, and makes the new tables."""
    aside = f"{model.name}_rebuild"
    async with control.transaction():
        await control.execute(_CLEAN.format(name=model.name))
        await control.execute(f'create schema "{aside}"; set local search_path = "{aside}", public')
        await control.execute(model.tables)


class _Exchange:
    """Brings both to one vector of positions, compares, and lets them change places."""

    def __init__(self, control: asyncpg.Connection, name: str, catching: "_Catching") -> None:
        self._control = control
        self._name = name
        self._aside = f"{name}_rebuild"
        self._catching = catching
        self._begun = time.monotonic()

    async def run(self, *, accept_differences: bool) -> Rebuilt:
        while True:
            stretch = time.monotonic()
            await self._catching.up_to(await self._vector())
            if time.monotonic() - stretch > NEAR:
                continue
            try:
                done = await self._change_places(accept_differences=accept_differences)
            except TimeoutError:
                log.warning("rebuild_not_near", model=self._name)
                continue
            log.info("rebuilt", model=self._name, state="switched" if done.switched else "differs")
            if done.switched:
                await _drop_old(self._control, self._name)
            return done

    async def _change_places(self, *, accept_differences: bool) -> Rebuilt:
        """In one transaction. Raises TimeoutError when the vector is too far away."""
        async with self._control.transaction():
            vector = await self._vector(hold=True)
            async with asyncio.timeout(HOLD):
                await self._catching.up_to(vector)
            found = await differences(self._control, self._name, self._aside)
            parked = await self._control.fetchval("select count(*) from public.parked where model = $1", self._aside)
            switched = accept_differences or not found
            if switched:
                await self._control.execute(_SWITCH.format(name=self._name))
        return Rebuilt(found, switched, parked, time.monotonic() - self._begun)

    async def _vector(self, *, hold: bool = False) -> dict[Partition, int]:
        rows = await self._control.fetch(_VECTOR + (" for update" if hold else ""), self._name)
        return {(service, partition): position for service, partition, position in rows}


async def _drop_old(control: asyncpg.Connection, name: str) -> None:
    """Readers may still be in the old tables; what cannot be dropped now is dropped by the next rebuild."""
    await control.execute("set lock_timeout = '5s'")
    try:
        await control.execute(f'drop schema "{name}_old" cascade')
    except asyncpg.LockNotAvailableError:
        log.warning("old_schema_stays", name=f"{name}_old")


class _Catching:
    """Gives the new model what the old one has applied, never more."""

    def __init__(self, topics: Reader, applier: Applier, applying: "asyncio.Future[None]") -> None:
        self._topics = topics
        self._applier = applier
        self._applying = applying
        self._given = {partition: place.position for partition, place in applier.places.items()}
        self._ahead: dict[Partition, deque[Heard | Foreign]] = {partition: deque() for partition in applier.places}

    async def up_to(self, vector: Mapping[Partition, int]) -> None:
        """Returns when all of it is applied. Raises RebuildRefused when the topic does not hold it."""
        vector = {at: position for at, position in vector.items() if at in self._given}
        moved = time.monotonic()
        while any(self._applier.places[at].position < position for at, position in vector.items()):
            if self._applying.done():
                self._applying.result()
            given = self._next(vector)
            if given:
                await self._applier.offer(given)
                moved = time.monotonic()
            elif any(self._given[at] < position for at, position in vector.items()):
                for at, records in (await self._topics.fetch()).items():
                    self._ahead[at].extend(records)
                    moved = time.monotonic()
            else:
                await asyncio.sleep(0.005)
            if time.monotonic() - moved > STALLED:
                raise RebuildRefused("the topic does not hold all that the model has applied: republish it first")

    def _next(self, vector: Mapping[Partition, int]) -> list[Heard | Foreign]:
        found: list[Heard | Foreign] = []
        for at, records in self._ahead.items():
            until = vector.get(at, 0)
            while records:
                record = records[0]
                if isinstance(record, Heard):
                    if record.previous != self._given[at]:
                        records.popleft()  # delivered again, or too early
                        continue
                    if record.position > until:
                        break
                    self._given[at] = record.position
                found.append(records.popleft())
        return found
