"""From what went wrong to one sentence with the remedy."""

import errno
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

TAIL = 64 * 1024  # bytes of a log that are looked at
LEAST_FREE = 16 << 20  # bytes; with less, whatever failed most likely failed for it
FULL = ("No space left on device", "Disk quota exceeded")
TAKEN = ("Address already in use", "address already in use", "java.net.BindException")


def of_exception(name: str, error: Exception, folder: Path) -> str:
    """Why a part could not even be started."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(folder)
    if isinstance(error, FileNotFoundError):
        return f"{name} cannot be started, {error.filename} is not there: run `make clean env`."
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{name} was not prepared within {error.timeout:.0f} s: is this machine very busy?"
    return str(error) if type(error).__module__.startswith("deploy.") else f"{name}: {type(error).__name__}: {error}"


def of_end(name: str, status: int, log: Path, log_from: int) -> str:
    """Why a part ended before it was ready, from what it said last."""
    said = _tail(log, log_from)
    if _says(said, FULL) or shutil.disk_usage(log.parent).free < LEAST_FREE:
        return full(log.parent)
    if _says(said, TAKEN):
        return f"{name} found its port taken by somebody else a moment after it was free: run `make up` again."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"{name} {how} before it was ready ({lines[-1][:200] if lines else 'it said nothing'}): see {log}."


def of_supervisor(log: Path) -> str:
    """Why it ended without a word."""
    if shutil.disk_usage(log.parent).free < LEAST_FREE:
        return full(log.parent)
    return f"The supervisor ended unexpectedly: see {log}."


def port_was_taken(log: Path, log_from: int) -> bool:
    return _says(_tail(log, log_from), TAKEN)


def full(folder: Path) -> str:
    return f"The disk that holds {folder} is full: make room (a GiB is plenty) and try again."


def _says(said: str, signs: Sequence[str]) -> bool:
    return any(sign in said for sign in signs)


def _tail(log: Path, log_from: int) -> str:
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(log_from, size - TAIL))
        return file.read().decode(errors="replace")
