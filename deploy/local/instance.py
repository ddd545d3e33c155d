"""Bring a folder's servers up, take them down, and look at them: what the command line and the tests call."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local import causes, child, postgres
from deploy.local.folder import CHECKOUT, Folder, Held
from deploy.local.state import Phase, State

GIVEN = {"postgres": "DATABASE_URL", "kafka": "KAFKA_BOOTSTRAP_SERVERS"}  # a variable that names one to use instead
POLL = 0.03  # seconds between two looks at the state file
TRIES = 3  # when a port is taken between choosing it and listening
STOP_SECONDS = 60.0  # more than the supervisor takes to stop everything, killing included

LOCK_SECONDS = 5.0  # others hold the lock for a moment, to see whether a supervisor does
SILENCE_SECONDS = 10.0  # for a supervisor that has just begun to say its first word

Tell = Callable[[State], None]

_started: dict[Path, subprocess.Popen[bytes]] = {}  # supervisors that are children of this process, for it to reap


class NotUp(Exception):
    """The servers did not come up; the message says why, and what to do, in one sentence."""


def up(
    folder: Folder,
    services: Sequence[str] = (),
    *,
    servers: Sequence[str] = tuple(GIVEN),
    given: Mapping[str, str] = os.environ,
    with_this_process: bool = False,
    tell: Tell = lambda _state: None,
) -> dict[str, str]:
    """Return when all is ready, with what stands in the folder's env file; what is up already stays as it is.

    `given` may name servers to use instead (DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS). `with_this_process`: everything
    ends when this process does (call it from the main thread). `tell` is called at each look. Interrupted, it takes
    down what it began. Raises NotUp.
    """
    asked = [*(name for name in servers if not given.get(GIVEN[name])), *services]
    parent = ["--with-parent", str(os.getpid())] if with_this_process else []
    folder.made()
    with folder.lock("up"):
        found = running(folder)
        if found is not None and not (found.goes_on and sorted(found.asked) == sorted(asked)):
            _down(folder)
            found = None
        state = _wait(folder, tell) if found is not None and _ask(folder, found) else None
        tries = TRIES
        while state is None or (state.port_taken and tries):
            state, tries = _start(folder, [*asked, *parent], given, tell), tries - 1
        if state.phase is not Phase.READY:
            raise NotUp(state.message or "It was stopped before it was ready.")
        return read_env(folder)


def down(folder: Folder) -> bool:
    """Stop everything, keep the data. Returns whether anything ran."""
    if not folder.root.exists():
        return False
    with folder.lock("up"):
        return _down(folder)


def forget(folder: Folder) -> None:
    """Stop everything, and remove the folder with all data, secrets and logs."""
    down(folder)
    postgres.remove_outside(folder)
    shutil.rmtree(folder.root, ignore_errors=True)


def in_use() -> Folder:
    """Whose servers run: those of `make up`, or else of a demo that was left up; the first folder when neither do."""
    folder, demo = Folder.of_checkout(), Folder.of_demo()
    return demo if running(folder) is None and running(demo) is not None else folder


def running(folder: Folder) -> State | None:
    """What the folder's supervisor says, if one lives: its lock tells, not a number in a file."""
    until = time.monotonic() + SILENCE_SECONDS
    while folder.root.exists() and time.monotonic() < until:
        try:
            with folder.lock("supervisor", seconds=0):
                return None
        except Held:
            state = State.load(folder)
            if state is not None:
                return state
            time.sleep(POLL)
    return None


def read_env(folder: Folder) -> dict[str, str]:
    """What the last `up` wrote; empty when there was none."""
    try:
        return dict(line.split("=", 1) for line in folder.env.read_text().splitlines())
    except FileNotFoundError:
        return {}


def _start(folder: Folder, arguments: Sequence[str], given: Mapping[str, str], tell: Tell) -> State:
    _reap(folder)
    folder.state.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "deploy.local.supervisor", str(folder.root), *arguments]
    # The lock is passed on, not taken anew: at no moment could a second supervisor begin.
    with folder.lock("supervisor", seconds=LOCK_SECONDS) as lock, folder.log("supervisor").open("wb") as log:
        _started[folder.root] = subprocess.Popen(
            argv,
            cwd=CHECKOUT,
            env=dict(given),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock],
        )
    try:
        state = _wait(folder, tell)
        if state is None:
            raise NotUp(causes.of_supervisor(folder.log("supervisor")))
        return state
    except BaseException:  # ctrl-C too: what was begun here does not stay half done
        _down(folder)
        raise


def _ask(folder: Folder, state: State) -> bool:
    """Whether it answers: one that was killed this moment still holds its lock, but says nothing any more."""
    with suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGUSR1)
        while (now := running(folder)) is not None:
            if now.answers > state.answers:
                return True
            time.sleep(POLL)
    return False


def _wait(folder: Folder, tell: Tell) -> State | None:
    """Until all is ready or the start has failed; None when nothing lives. There is a deadline for each part."""
    while True:
        alive = running(folder) is not None
        state = State.load(folder)  # after the look: what was said last is not missed
        if state is not None:
            tell(state)
            if state.all_ready or state.phase in (Phase.FAILED, Phase.STOPPED):
                return state
        if not alive:
            return None
        time.sleep(POLL)


def _down(folder: Folder) -> bool:
    state = running(folder)
    if state is not None:
        with suppress(ProcessLookupError):
            os.kill(state.pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while running(folder) is not None and time.monotonic() < until:
            time.sleep(POLL)
        if running(folder) is not None:
            with suppress(ProcessLookupError):
                os.kill(state.pid, signal.SIGKILL)
    _reap(folder)
    return child.sweep(folder.root) > 0 or state is not None


def _reap(folder: Folder) -> None:
    """One that is gone already, as its lock has told."""
    supervisor = _started.pop(folder.root, None)
    if supervisor is not None:
        supervisor.wait()
