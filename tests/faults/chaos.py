"""Carries the plan out: kills, freezes and wakes."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import asyncpg

from deploy.careers.databases import PREFIX
from deploy.careers.services import SERVICES
from tests.faults.house import House
from tests.faults.plan import Fault, Kind

PATIENCE = 300.0  # seconds for something of the kind to be there
READY = 3.0  # seconds in which something that is ready is looked for, before what is starting will do
LOOK = 0.1

_BACKENDS = f"""
    select pid, usename || ' ' || application_name from pg_stat_activity
    where backend_type = 'client backend' and usename like '{PREFIX}%' order by usename, application_name, pid"""

Target = tuple[str, int]
"""A name to show, and the number of the process."""


class Chaos:
    """What was done is counted by kind in `done`; a kill counts when the signal was sent to a process that lived."""

    def __init__(self, house: House, tell: Callable[[str], None]) -> None:
        self._house = house
        self._tell = tell
        self._frozen: dict[int, float] = {}  # until when
        self._begun = time.monotonic()
        self.done: Counter[Kind] = Counter()

    async def run(self, faults: Sequence[Fault]) -> None:
        """The whole plan; afterwards nothing is frozen any more."""
        self._begun = time.monotonic()
        waited = 0.0
        try:
            async with asyncio.TaskGroup() as freezes:
                for fault in faults:
                    await asyncio.sleep(max(0.0, self._begun + waited + fault.at - time.monotonic()))
                    since = time.monotonic()
                    target = await self._target(fault)
                    waited += time.monotonic() - since  # the distances of the plan are kept
                    self.done[fault.kind] += 1
                    self._say(fault, target)
                    if fault.seconds:
                        freezes.create_task(self._freeze(fault, target))
                    else:
                        await self._strike(fault, target)
        finally:
            self.wake()

    def wake(self) -> None:
        """Everything goes on."""
        for pid in list(self._frozen):
            self._signal(pid, signal.SIGCONT)

    async def _target(self, fault: Fault) -> Target:
        begun = time.monotonic()
        while True:
            ready = time.monotonic() - begun < READY
            found = await self._there(fault.kind, self._house.running if ready else self._house.living)
            if found:
                return found[int(fault.chance * len(found))]
            if time.monotonic() - begun > PATIENCE:
                raise TimeoutError(f"For {PATIENCE:.0f} s there was nothing that could be: {fault.kind}.")
            await asyncio.sleep(LOOK)

    async def _there(self, kind: Kind, there: Callable[..., list[Target]]) -> Sequence[Target]:
        match kind:
            case "api killed" | "api frozen":
                found = there(*(f"{name}-api" for name in SERVICES))
            case "worker killed" | "worker frozen":
                found = there(*(f"{name}-worker" for name in SERVICES))
            case "second worker killed" | "second worker frozen":
                found = self._house.running_seconds()
            case "broker killed" | "broker frozen":
                found = there("kafka")
            case "postmaster killed" | "database frozen":
                found = there("postgres")
            case "all processes killed at once":
                zygote = self._house.zygote()
                found = [("all processes", zygote)] if zygote else []
            case _:
                found = await self._backends()
        if kind.endswith("frozen"):
            return [one for one in found if one[1] not in self._frozen]
        return found

    async def _backends(self) -> list[Target]:
        """Those that serve our processes. PostgreSQL may be away, or frozen."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(2):
                connection = await asyncpg.connect(self._house.admin_url, timeout=2)
                try:
                    rows = await connection.fetch(_BACKENDS)
                finally:
                    connection.terminate()
            ours = set(self._house.backends())
            # In a namespace of its own the server's numbers would be others; then none of these is ours.
            return [(name, pid) for pid, name in rows if pid in ours]
        return []

    async def _strike(self, fault: Fault, target: Target) -> None:
        if fault.kind != "database backend terminated":
            self._signal(target[1], signal.SIGKILL)
            return
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(2):
                connection = await asyncpg.connect(self._house.admin_url, timeout=2)
                try:
                    await connection.execute("select pg_terminate_backend($1)", target[1])
                finally:
                    connection.terminate()

    async def _freeze(self, fault: Fault, target: Target) -> None:
        """The database freezes as a whole: the postmaster first, so that it has no more children."""
        pids = [target[1]]
        self._frozen[target[1]] = fault.seconds
        self._signal(target[1], signal.SIGSTOP)
        if fault.kind == "database frozen":
            children = self._house.backends()
            for pid in children:
                self._frozen[pid] = fault.seconds
                self._signal(pid, signal.SIGSTOP)
            pids += children
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            for pid in reversed(pids):
                self._signal(pid, signal.SIGCONT)
                self._frozen.pop(pid, None)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self._house.owns(pid):
                os.kill(pid, number)

    def _say(self, fault: Fault, target: Target) -> None:
        what = f"{fault.kind}: {target[0]} ({target[1]})"
        length = f" for {fault.seconds:.1f} s" if fault.seconds else ""
        self._tell(f"{time.monotonic() - self._begun:7.2f} s  {what}{length}")
