"""Child processes that cannot outlive who watches them, and the finding of those that did.

Each child leads a process group, is told by the kernel when its parent dies, and carries MARK in its environment. The
mark is how what is left of an earlier run is found: by the folder it belongs to, never by a number alone.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

MARK = "CAREERS_LOCAL_FOLDER"
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15

_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: argv, what its environment has beyond the parent's, as whom, and the signal that ends it well."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM
    on_orphaned: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Module:
    """What `python -m` would run, for the zygote to run it. SIGTERM ends it well."""

    name: str
    arguments: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)


class Child(Protocol):
    pid: int

    async def ended(self) -> int:
        """Wait for its end. Returns the exit status, negative for a signal; may be called again."""


class Spawned:
    """A program in a process group of its own; its output is appended to the log.

    Made from the main thread: the kernel counts the death of the thread that started it. Raises OSError when the
    program is not there or the log cannot be written.
    """

    def __init__(self, command: Command, folder: Path, log: Path, *, descriptors: Sequence[int] = ()) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command.argv,
                env={**os.environ, **command.env, MARK: str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                user=command.user,
                pass_fds=descriptors,
                preexec_fn=_DieWithParent(command.on_orphaned, os.getpid()),  # noqa: PLW1509  calls the kernel only
            )
        self.pid = self._process.pid

    async def ended(self) -> int:
        if self._process.poll() is None:
            loop, end = asyncio.get_running_loop(), asyncio.Event()
            handle = os.pidfd_open(self.pid)
            loop.add_reader(handle, end.set)
            try:
                await end.wait()
            finally:
                loop.remove_reader(handle)
                os.close(handle)
        return self._process.wait()


def run(command: Command, folder: Path, log: Path, seconds: float) -> int:
    """To its end, from any thread. Returns the exit status; raises OSError and subprocess.TimeoutExpired."""
    with log.open("ab") as output:
        env = {**os.environ, **command.env, MARK: str(folder)}
        ran = subprocess.run(
            command.argv, env=env, stdout=output, stderr=output, user=command.user, timeout=seconds, check=False
        )
        return ran.returncode


def die_with(parent: int, sig: signal.Signals) -> None:
    """This very process gets the signal when its parent dies; at once when the parent has died already."""
    _prctl(PR_SET_PDEATHSIG, int(sig))
    if os.getppid() != parent:
        os.kill(os.getpid(), sig)


def name_process(name: str) -> None:
    """What `top` and `ps -o comm` show of this very process, 15 bytes of it."""
    _prctl(PR_SET_NAME, name.encode()[:15])


@dataclass(frozen=True, slots=True)
class _DieWithParent:
    """Called in the child, before it runs anything."""

    signal: signal.Signals
    parent: int

    def __call__(self) -> None:
        die_with(self.parent, self.signal)


def signal_group(pid: int, sig: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sig)


def left_over(folder: Path) -> list[int]:
    """Processes that carry the folder's mark, whoever started them."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # gone meanwhile, or somebody else's
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def sweep(folder: Path, deadline: float = 10.0) -> int:
    """Kill what is left of an earlier run, and wait until it is gone. Returns how many; raises TimeoutError."""
    first = remaining = left_over(folder)
    until = time.monotonic() + deadline
    while remaining:
        for pid in remaining:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            raise TimeoutError(f"Processes {remaining} of an earlier run do not end, even by SIGKILL.")
        time.sleep(0.02)
        remaining = left_over(folder)
    return len(first)
