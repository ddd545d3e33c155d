"""Starts all parts, watches them, starts again what ends, and stops everything: `python -m deploy.local.supervisor`.

One supervisor holds a folder's lock, passed on by who started it (instance.py); its parts die with it (child.py). What
it knows stands in the folder's state file (state.py). A part that ends before it was ever ready is a failure of the
start, and everything stops; one that ends later is started again.
"""

import argparse
import asyncio
import os
import signal
import time
from asyncio import Task
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local import causes, child
from deploy.local.child import Child, Module, Spawned
from deploy.local.folder import Folder, write
from deploy.local.forks import Forks
from deploy.local.parts import Part, Run, parts
from deploy.local.settings import settings
from deploy.local.state import PartState, Phase, State

POLL, SLOWEST_POLL = 0.02, 0.2  # seconds between two looks at whether a part is ready: more each time
PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a part that ended is started again: doubled each time
LONG_LIFE = 10.0  # seconds after which an end is no longer the sequel of the one before
STOP_SECONDS = 15.0  # for a part to end well, before it is killed
SERVERS = frozenset({"postgres", "kafka", "issuer", "mail"})  # stopped last: others finish with them what is in flight


class StartFailed(Exception):
    """The message says why in one sentence."""

    def __init__(self, message: str, *, port_taken: bool = False) -> None:
        super().__init__(message)
        self.port_taken = port_taken


class StopTold(Exception):
    """By SIGTERM or SIGINT."""


class Supervisor:
    def __init__(self, folder: Folder, asked: Sequence[str], table: Sequence[Part], env: Mapping[str, str]) -> None:
        self._folder, self._table, self._env = folder, table, env
        self._ready = {part.name: asyncio.Event() for part in table}
        self._forks = Forks(folder.root, folder.log("zygote"))
        self._running: dict[str, tuple[Child, signal.Signals]] = {}
        self._told = asyncio.Event()
        states = {part.name: PartState(url=part.url, optional=part.optional) for part in table}
        self._state = State(pid=os.getpid(), asked=list(asked), parts=states)

    async def run(self) -> int:
        """Until told to stop (0), or until the start has failed (1); either way nothing is left running."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._told.set)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._answer)
        self._state.save(self._folder)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stop_when_told())
                group.create_task(self._say_when_ready())
                for part in self._table:
                    if not part.optional:
                        group.create_task(self._keep(part))
        except* StopTold:
            await self._stop()
            self._state.phase = Phase.STOPPED
        except* StartFailed as failures:
            await self._stop()
            self._state.phase, self._state.message = Phase.FAILED, str(failures.exceptions[0])
            self._state.port_taken = any(isinstance(e, StartFailed) and e.port_taken for e in failures.exceptions)
        self._state.save(self._folder)
        return int(self._state.phase is Phase.FAILED)

    def _answer(self) -> None:
        self._state.answers += 1
        self._state.save(self._folder)

    async def _stop_when_told(self) -> None:
        await self._told.wait()
        raise StopTold

    async def _say_when_ready(self) -> None:
        for part in self._table:
            if not part.optional:
                await self._ready[part.name].wait()
        write(self._folder.env, "".join(f"{name}={value}\n" for name, value in self._env.items()))
        self._state.phase = Phase.READY
        self._state.save(self._folder)
        for part in self._table:
            if part.optional:
                with suppress(StartFailed):
                    await self._live(part)

    async def _keep(self, part: Part) -> None:
        for name in part.after:
            await self._ready[name].wait()
        pause = PAUSE
        while True:
            began = time.monotonic()
            try:
                if await self._live(part):
                    return
            except StartFailed:
                if not self._ready[part.name].is_set():
                    raise
            pause = PAUSE if time.monotonic() - began > LONG_LIFE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _live(self, part: Part) -> bool:
        """From start to end. True when the part's work is done; raises StartFailed when it does not become ready."""
        state, began = self._state.parts[part.name], time.monotonic()
        state.now, state.starts = "starting", state.starts + 1
        self._state.save(self._folder)
        run, process = await self._start(part)
        state.pid = run.pid
        end = asyncio.create_task(process.ended())
        try:
            await self._until_ready(part, run, end)
            state.now, state.seconds = "ready" if part.ready else "done", round(time.monotonic() - began, 3)
            self._state.save(self._folder)
            self._ready[part.name].set()
            await asyncio.wait([end])  # not `await end`: it would be cancelled with us, and the process forgotten
            state.exit = end.result()
        finally:
            if end.done():
                del self._running[part.name]
            end.cancel()
        if part.ready is not None:
            state.now = "ended"
            self._state.save(self._folder)
        return part.ready is None

    async def _start(self, part: Part) -> tuple[Run, Child]:
        log = self._folder.log(part.name)
        try:
            what = await asyncio.to_thread(part.prepare)
            log.touch()
            log_from = log.stat().st_size
            process: Child
            if isinstance(what, Module):
                process, stop = await self._forks.start(part.name, what, log), signal.SIGTERM
            else:
                process, stop = Spawned(what, self._folder.root, log), what.stop
        except Exception as error:
            raise StartFailed(causes.of_exception(part.name, error, self._folder.root)) from error
        self._running[part.name] = process, stop
        return Run(process.pid, log, log_from), process

    async def _until_ready(self, part: Part, run: Run, end: Task[int]) -> None:
        try:
            async with asyncio.timeout(part.seconds):
                poll = POLL
                while not end.done():
                    if part.ready is not None and await part.ready(run):
                        return
                    await asyncio.wait([end], timeout=poll)
                    poll = min(poll * 1.2, SLOWEST_POLL)
        except TimeoutError:
            child.signal_group(run.pid, signal.SIGKILL)
            raise StartFailed(f"{part.name} was not ready within {part.seconds:.0f} s: see {run.log}.") from None
        if part.ready is not None or end.result() != 0:
            raise StartFailed(
                causes.of_end(part.name, end.result(), run.log, run.log_from),
                port_taken=causes.port_was_taken(run.log, run.log_from),
            )

    async def _stop(self) -> None:
        self._state.phase = Phase.STOPPING
        self._state.save(self._folder)
        last = {name for name in self._running if name in SERVERS}
        for names in (self._running.keys() - last, last):
            await asyncio.gather(*(self._end(*self._running[name]) for name in names))
        child.sweep(self._folder.root)  # what a preparation had started

    async def _end(self, process: Child, stop: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, stop)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await process.ended()
        child.signal_group(process.pid, signal.SIGKILL)
        await process.ended()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("asked", nargs="*", help="postgres, kafka, or a service")
    parser.add_argument("--with-parent", type=int, default=0, metavar="PID", help="end when this process does")
    given = parser.parse_args()
    if given.with_parent:
        child.die_with(given.with_parent, signal.SIGTERM)
    folder = Folder(given.folder).made()
    try:
        child.sweep(folder.root)
        told = settings(folder, os.environ)
        table, env = parts(told, given.asked), told.for_operator(given.asked)
        status = asyncio.run(Supervisor(folder, given.asked, table, env).run())
    except Exception as error:
        message = causes.of_exception("The supervisor", error, folder.root)
        State(os.getpid(), given.asked, Phase.FAILED, message).save(folder)
        raise
    os._exit(status)  # not sys.exit: a thread may still be fetching jars, and nobody waits for them any more


if __name__ == "__main__":
    main()
