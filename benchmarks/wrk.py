"""The load: wrk with one thread, since a client in Python would take a core for itself."""

import asyncio
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from benchmarks.rounds import Sample

SCRIPT = Path(__file__).with_name("commands.lua")
CLIENTS = 32


class WrkMissing(Exception):
    """wrk is not installed: `apt-get install wrk` (Debian, Ubuntu) or `brew install wrk`, then measure again."""

    def __init__(self) -> None:
        super().__init__(WrkMissing.__doc__)


class RequestsFailed(Exception):
    """What is answered with an error was not measured."""


def required() -> str:
    """Where wrk is. Raises WrkMissing."""
    if (found := shutil.which("wrk")) is None:
        raise WrkMissing
    return found


def write_requests(file: Path, body: str, requests: Iterable[tuple[str, str]]) -> Path:
    """The body of all of them, and the path and token of each."""
    file.write_text("\n".join([body, *(f"{path} {token}" for path, token in requests)]) + "\n")
    return file


async def load(url: str, requests: Path, *, seconds: int, clients: int = CLIENTS) -> Sample:
    """As many requests as are answered in so many seconds, each under a key of its own; a thousand quantiles stand for
    how long each took. Raises WrkMissing, RequestsFailed."""
    running = await asyncio.create_subprocess_exec(
        *(required(), "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT), url),
        *("--", str(requests), f"{uuid4().hex}-"),
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", "")},
    )
    told, _ = await running.communicate()
    try:
        number, micros, failed, *quantiles = map(float, told.decode().strip().splitlines()[-1].split())
    except ValueError:
        raise RequestsFailed(told.decode()) from None
    if failed or not number:
        raise RequestsFailed(f"{failed:.0f} of {number:.0f} requests failed")
    return Sample(int(number), micros / 1e6, [each / 1e6 for each in quantiles])
