"""How current a model is, asked by whoever answers reads: that is another process than the one that applies."""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

Answer = Literal["reached", "not-yet", "parked"]

EVERY = 0.015  # seconds between looks while somebody waits; one look serves all who wait
RENEWED = 1.0  # seconds for which it is known how current the models are

_WAITS = """
    select coalesce(c.position, 0) >= w.position or coalesce(f.position, 0) >= w.position,
        exists (select from public.parked p where (p.model, p.service, p.partition, p.position)
            = (w.model, w.service, w.partition, w.position))
    from unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) with ordinality
        as w (model, service, partition, position, n)
    left join public.checkpoints c using (model, service, partition)
    left join public.freshness f using (model, service)
    order by n"""
_FRESH = "select model, min(as_of) as as_of, bool_and(as_of is not null) as known from public.freshness group by model"


class Rows(Protocol):
    """Reads rows: a Pool, or a connection."""

    async def fetch(self, query: str, *arguments: object) -> Sequence[Any]: ...


class At(Protocol):
    """A position in a service's store, and the partition that it is published to."""

    @property
    def service(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def position(self) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    model: str
    at: At
    answer: "asyncio.Future[Answer]"


class Freshness:
    """Of all models in one service's database."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._waits: set[_Wait] = set()
        self._looking: asyncio.Task[None] | None = None
        self._renewing = asyncio.Lock()
        self._renewed = -RENEWED
        self._as_of: dict[str, datetime] = {}

    def of(self, model: str) -> "ModelFreshness":
        return ModelFreshness(self, model)

    async def as_of(self, model: str) -> datetime | None:
        """Everything recorded by then, in each service that the model hears, is in the model. None: nobody knows."""
        if time.monotonic() - self._renewed >= RENEWED:
            async with self._renewing:
                if time.monotonic() - self._renewed >= RENEWED:
                    rows = await self._rows.fetch(_FRESH)
                    self._as_of = {name: as_of for name, as_of, known in rows if known}
                    self._renewed = time.monotonic()
        return self._as_of.get(model)

    async def wait(self, model: str, at: At, seconds: float) -> Answer:
        """Waits at most so long until the model shows what was recorded there. Raises what the database raises."""
        wait = _Wait(model, at, asyncio.get_running_loop().create_future())
        self._waits.add(wait)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
        try:
            async with asyncio.timeout(seconds):
                return await wait.answer
        except TimeoutError:
            return "not-yet"
        finally:
            self._waits.discard(wait)

    async def _look(self) -> None:
        """For all who wait, until nobody does."""
        while self._waits:
            waits = list(self._waits)
            try:
                answers = await self._answers(waits)
            except Exception as failed:  # noqa: BLE001  whoever waits is told
                for wait in waits:
                    _settle(wait, failed)
                return
            for wait, answer in zip(waits, answers, strict=True):
                if answer is not None:
                    _settle(wait, answer)
                    self._waits.discard(wait)
            await asyncio.sleep(EVERY)

    async def _answers(self, waits: Sequence[_Wait]) -> Iterable[Answer | None]:
        asked = [(wait.model, wait.at.service, wait.at.partition, wait.at.position) for wait in waits]
        rows = await self._rows.fetch(_WAITS, *(list(column) for column in zip(*asked, strict=True)))
        return ["parked" if parked else "reached" if reached else None for reached, parked in rows]


def _settle(wait: _Wait, answer: Answer | Exception) -> None:
    if wait.answer.done():
        return
    if isinstance(answer, Exception):
        wait.answer.set_exception(answer)
    else:
        wait.answer.set_result(answer)


class ModelFreshness:
    """Of one model."""

    def __init__(self, freshness: Freshness, model: str) -> None:
        self._freshness = freshness
        self._model = model

    async def age(self) -> float | None:
        """Seconds since the model was known to be complete; None: never."""
        as_of = await self._freshness.as_of(self._model)
        return None if as_of is None else max(0.0, (datetime.now(UTC) - as_of).total_seconds())

    async def wait(self, at: At, seconds: float) -> Answer:
        """Waits at most so many seconds until the model shows what was recorded at a position."""
        return await self._freshness.wait(self._model, at, seconds)


class Hears(Protocol):
    """A model, as far as waiting for it goes."""

    @property
    def name(self) -> str: ...
    @property
    def services(self) -> Collection[str]: ...


class Waits:
    """Waits for every model that a read looks into, as far as the model hears the service that recorded the event."""

    def __init__(self, freshness: Freshness, *models: Hears) -> None:
        self._freshness = freshness
        self._models = models

    async def wait(self, at: At, seconds: float) -> Answer:
        """As one model's, for all of them together."""
        until = time.monotonic() + seconds
        for model in self._models:
            if at.service in model.services:
                answer = await self._freshness.wait(model.name, at, max(0.0, until - time.monotonic()))
                if answer != "reached":
                    return answer
        return "reached"
