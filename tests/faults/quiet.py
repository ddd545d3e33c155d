"""When everything has come to rest: all is published, applied and told, and nothing is added any more."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from deploy.careers.services import SERVICES
from tests.faults.house import OWNERS, House

STILL = 4.0  # seconds without a new event anywhere, and with marks that are newer than the last one
EVERY = 0.5

_STORE = """
    select (select coalesce(max(position), 0) from events) as newest, position as published,
        (select coalesce(sum(value::bigint), 0)::bigint from json_each_text(partitions)) as sum
    from relay"""
_APPLIED = "select model, service, sum(position)::bigint as sum from checkpoints group by model, service"
_DUE = """
    select (select count(*) from tellings where day is null or day <= current_date) as tellings,
        (select count(*) from mails where state = 'waiting') as mails"""
# As of when the model that knows least is complete.
_FRESH = "select extract(epoch from now() - min(coalesce(as_of, '-infinity'))) as age from freshness"


class NotQuiet(Exception):
    """The deadline passed; the message says what was still going on."""


async def ready(house: House, seconds: float) -> None:
    """Every part is up again. Raises NotQuiet."""
    await _until(house.all_ready, seconds, lambda: f"not ready: {_unready(house)}")


async def quiet(house: House, seconds: float) -> float:
    """Waits until nothing moves any more; gives how long that took. Raises NotQuiet."""
    begun = time.monotonic()
    before: dict[str, int] = {}
    still = begun
    why = ["nobody has looked"]
    while time.monotonic() - begun < seconds:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            newest, why = await _look(house)
            if newest != before or why:
                before, still = newest, time.monotonic()
            elif time.monotonic() - still > STILL:
                return time.monotonic() - begun
        await asyncio.sleep(EVERY)
    raise NotQuiet(f"not quiet after {seconds:.0f} s: {'; '.join(why)}")


async def _look(house: House) -> tuple[dict[str, int], list[str]]:
    """The newest position of each store, and what is still to be done."""
    newest: dict[str, int] = {}
    published: dict[str, int] = {}
    applied: list[tuple[str, str, str, int]] = []
    why: list[str] = []
    for name in SERVICES:
        connection = await house.database(name)
        try:
            if name in OWNERS:
                [store] = await connection.fetch(_STORE)
                newest[name] = store["newest"]
                published[name] = store["sum"]
                if store["published"] < store["newest"]:
                    why.append(f"{name}: published up to {store['published']} of {store['newest']}")
            if name == "notifications":
                [due] = await connection.fetch(_DUE)
                why += [f"{name}: {count} {what} wait" for what, count in due.items() if count]
            applied += [(name, *row) for row in await connection.fetch(_APPLIED)]
            age = await connection.fetchval(_FRESH)
            if age is None or not age < STILL + 4:
                why.append(f"{name}: complete as of {age} s ago")
        finally:
            await connection.close()
    why += [
        f"{name}: {model} has not applied all of {service}"
        for name, model, service, upto in applied
        if upto < published[service]
    ]
    return newest, why


async def _until(done: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise NotQuiet(why())
        await asyncio.sleep(0.1)


def _unready(house: House) -> list[str]:
    return [name for name, part in house.state().parts.items() if part.now not in ("ready", "done")]
