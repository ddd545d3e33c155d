"""A worker's task: marks what it was ordered to erase; reports when all its models are past all marks they hear."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID, uuid5

import asyncpg
import orjson
import structlog

from shared.contracts.erasure import CleanedPlace, ErasureReported
from shared.erasure.forgetting import EMPTIED, MARKS, Forgets
from shared.erasure.marking import Ends, Marking, Order, append, contract
from shared.kafka.model import AnyModel, is_transient, place_of
from shared.postgres import Pool

POLL = 0.5
"""Seconds between looks for something to do."""

_log = structlog.get_logger("erasure")

_OPEN = "select erasure, person, scope from public.erasures_ordered where reported_at is null order by ordered_at"
_SEALED = "select sealed from public.erasures_ordered where erasure = $1"
_MARKS = "select model, service, marks, found from public.erasure_marks where erasure = $1"
_REPORTED = "update public.erasures_ordered set reported_at = clock_timestamp() where erasure = $1"
# What could not be applied waits, sealed, for an operator: of who is erased there is nothing to try again.
_PARKED = "delete from public.parked where subject = $1"
_REFUSED = "delete from public.refused_reactions where subject = $1"


class Cleaning:
    """Carries out what is ordered. It may be killed at any step, and run in several workers."""

    def __init__(
        self,
        service: str,
        pool: Pool,
        models: Sequence[AnyModel],
        ends: Ends | None,
    ) -> None:
        """`models`: all there are; those that forget are waited for."""
        self._service = service
        self._pool = pool
        self._marked: set[UUID] = set()
        self._marking = Marking(service, pool, ends)
        marked = {name.partition(".")[0] for name in MARKS}
        forgetful = [model for model in models if isinstance(model, Forgets)]
        self._awaited = {(one.name, service) for one in forgetful for service in one.services if service in marked}

    async def run(self) -> None:
        """For ever. Raises what does not pass by itself."""
        while True:
            with tried_again():
                for row in await self._pool.fetch(_OPEN):
                    with tried_again():  # one that cannot go on now does not hold up the others
                        await self._carry_out(Order(*row))
            await asyncio.sleep(POLL)

    async def _carry_out(self, order: Order) -> None:
        """As far as it can be now."""
        if order.erasure not in self._marked:
            await self._marking.mark(order)
            self._marked.add(order.erasure)
        await self._report(order)

    async def _report(self, order: Order) -> None:
        """Once everything is done."""
        marks = await self._pool.fetch(_MARKS, order.erasure)
        seen = Counter((mark["model"], mark["service"], mark["marks"]) for mark in marks)
        done = {(model, service) for (model, service, all_of_them), number in seen.items() if number == all_of_them}
        if not self._awaited <= done:
            return
        places = await self._places(order, marks)
        contract_of = contract(self._service, "erasure_reported")
        if contract_of is None or not issubclass(contract_of, ErasureReported):
            raise TypeError(f"{self._service} has no report of an erasure")
        event = contract_of(erasure=order.erasure, person=order.person, places=places)
        stream = uuid5(order.erasure, f"{self._service} report")
        await append(self._pool, [(stream, event)], stream)
        await self._pool.execute(_REPORTED, order.erasure)
        _log.info("erasure_reported", erasure=order.erasure)

    async def _places(self, order: Order, marks: Sequence[asyncpg.Record]) -> tuple[CleanedPlace, ...]:
        [row] = await self._pool.fetch(_SEALED, order.erasure)
        places = [CleanedPlace(place="events", found=row["sealed"], done="unreadable")]
        found: Counter[str] = Counter()
        for mark in marks:
            found.update(orjson.loads(mark["found"]))
        if order.scope == "person":
            for place, gone in (("parked events", _PARKED), ("refused reactions", _REFUSED)):
                found[place] = int((await self._pool.execute(gone, order.person)).rpartition(" ")[2])
        places += [
            CleanedPlace(place=place, found=rows, done="emptied" if place.startswith(EMPTIED) else "deleted")
            for place, rows in sorted(found.items())
        ]
        return tuple(places)


@contextmanager
def tried_again() -> Iterator[None]:
    """Of what passes by itself it is only said that it waits."""
    try:
        yield
    except Exception as error:
        if not is_transient(error):
            raise
        _log.warning("erasure_waits", reason=place_of(error))
