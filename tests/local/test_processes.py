"""Services run as forks of one Python, and are watched like any other process."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.child import Command, Module, Spawned
from deploy.local.folder import Folder
from deploy.local.forks import Forks


@pytest.fixture
async def forks(folder: Folder) -> AsyncIterator[Forks]:
    forks = Forks(folder.made().root, folder.log("zygote"))
    yield forks
    await forks.close()


async def fork(forks: Forks, folder: Folder, code: str, *arguments: str) -> tuple[int, str]:
    """Its exit status, and what it said."""
    log = folder.log("fork")
    forked = await forks.start("fork", Module("tests.local.given", arguments, {"CODE": code}), log)
    return await forked.ended(), log.read_text()


async def test_a_fork_runs_its_module_with_its_arguments_and_environment(forks: Forks, folder: Folder) -> None:
    code = "import sys; print(__name__, sys.argv[1:], os.getpgid(0) == os.getpid())"
    assert await fork(forks, folder, code, "api", "x") == (0, "__main__ ['api', 'x'] True\n")


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit('no such thing')", 1, "no such thing\n"),
        ("os._exit(7)", 7, ""),
        ("os.kill(os.getpid(), 9)", -9, ""),
    ],
)
async def test_how_a_fork_ended_is_told(forks: Forks, folder: Folder, code: str, status: int, said: str) -> None:
    assert await fork(forks, folder, code) == (status, said)


async def test_an_exception_ends_a_fork_and_is_in_its_log(forks: Forks, folder: Folder) -> None:
    status, said = await fork(forks, folder, "1 / 0")
    assert status == 1
    assert "ZeroDivisionError" in said


async def test_forks_end_with_their_zygote_and_another_one_takes_its_place(forks: Forks, folder: Folder) -> None:
    code = "import signal; signal.pause()"
    sleeper = await forks.start("fork", Module("tests.local.given", [], {"CODE": code}), folder.log("sleeper"))
    os.kill(_parent_of(sleeper.pid), signal.SIGKILL)
    assert await sleeper.ended() == -signal.SIGKILL
    assert await fork(forks, folder, "print('again')") == (0, "again\n")


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_program_that_is_not_there_is_told_at_once(folder: Folder) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        Spawned(Command(["no-such-program"]), folder.made().root, folder.log("spawned"))
