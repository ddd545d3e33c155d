"""The course of a run: start, load, faults, heal, come to rest, check."""

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2

from tests.faults.chaos import Chaos
from tests.faults.check_messages import check_messages
from tests.faults.check_models import check_lists, check_models
from tests.faults.check_processes import check_processes
from tests.faults.check_told import check_told
from tests.faults.check_topics import check_topics
from tests.faults.client import Client
from tests.faults.findings import Findings
from tests.faults.house import OWNERS, SECOND, House, opened
from tests.faults.ledger import Keys, Ledger
from tests.faults.load import Caller
from tests.faults.plan import KILLS, Fault, Kind, plan
from tests.faults.quiet import NotQuiet, quiet, ready
from tests.faults.stores import check_stores, read_stores
from tests.faults.world import Somebody, World

HEALED = 180.0  # seconds until every part is up again
REST = 300.0  # seconds until all is quiet


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run. `longest`: seconds of the longest freeze."""

    seed: int
    kills: int
    seconds: float
    callers: int = 16
    units: int = 4
    employees: int = 24
    longest: float = 20.0
    second: Sequence[str] = SECOND


@dataclass(slots=True)
class Outcome:
    wanted: Wanted
    done: Mapping[Kind, int]
    ledger: Ledger
    findings: Findings
    seconds: dict[str, float]
    """Of each stretch of the run."""

    @property
    def kills(self) -> int:
        return sum(count for kind, count in self.done.items() if kind in KILLS)

    @property
    def clean(self) -> bool:
        return not self.findings.wrong


async def run(root: Path, wanted: Wanted, tell: Callable[[str], None]) -> Outcome:
    """Everything below `root`, which is left as it is in the end, with nothing running. Call it in the main thread."""
    stretches: dict[str, float] = {}
    begun = time.monotonic()

    def stretch(name: str) -> None:
        nonlocal begun
        stretches[name] = time.monotonic() - begun
        begun = time.monotonic()
        tell(f"{name}: {stretches[name]:.1f} s")

    tell(f"seed {wanted.seed}: {wanted.kills} kills in {wanted.seconds:.0f} s, {wanted.callers} callers")
    house = opened(root)
    ledger, findings = Ledger(), Findings()
    chaos = Chaos(house, tell)
    limits = httpx2.Limits(max_connections=wanted.callers * 2, max_keepalive_connections=wanted.callers)
    try:
        async with httpx2.AsyncClient(trust_env=False, limits=limits) as http:
            world = await _founded(house, Client(house.urls, ledger, http), wanted)
            await house.second_workers(wanted.second)
            stretch("started")
            await _under_load(
                world, wanted, chaos, plan(wanted.seed, wanted.kills, wanted.seconds, longest=wanted.longest)
            )
            stretch("under load")
            try:
                await ready(house, HEALED)
                await quiet(house, REST)
            except NotQuiet as why:
                findings.check("everything comes to rest", holds=False, detail=why)
            stretch("healed and quiet")
            await _check(house, world, findings)
            stretch("checked")
    finally:
        chaos.wake()
        await house.close()
    return Outcome(wanted, chaos.done, ledger, findings, stretches)


async def _founded(house: House, client: Client, wanted: Wanted) -> World:
    """An organisation, before anything is done to the house."""
    random = Random(f"{wanted.seed}:world")
    token = house.issuer.for_service("hr", scopes=["imports:write", "people:read"], lifetime=6 * 3600)
    world = World(client, house.issuer, Somebody("service:hr", token))
    for number in range(wanted.units):
        await world.found(number, random)
    await asyncio.gather(
        *(world.hire(world.units[number % wanted.units], random) for number in range(wanted.employees))
    )
    await world.seen_everywhere()
    return world


async def _under_load(world: World, wanted: Wanted, chaos: Chaos, faults: Sequence[Fault]) -> None:
    over = asyncio.Event()
    callers = [Caller(world, wanted.seed, number) for number in range(wanted.callers)]
    async with asyncio.TaskGroup() as tasks:
        for caller in callers:
            tasks.create_task(caller.run(over))
        try:
            await chaos.run(faults)
        finally:
            over.set()


async def _check(house: House, world: World, findings: Findings) -> None:
    """All of it while nothing moves; that nothing moved is checked in the end."""
    stores = await read_stores(house)
    ledger = world.client.ledger
    check_stores(stores, findings)
    secrets = {name: base64.b64decode(house.folder.secret(f"secret-{name}").read_text()) for name in OWNERS}
    await check_topics(house, stores, findings)
    await check_models(house, stores, findings)
    await check_lists(world, stores, findings)
    await check_messages(house, stores, findings)
    check_processes(house, findings)
    check_told(ledger, Keys(secrets), stores, findings)
    with suppress(OSError):
        after = await read_stores(house)
        still = all(len(after[name]) == len(stores[name]) for name in OWNERS)
        findings.check("nothing moved while it was checked", still)
