"""The servers come up whatever happened before, and nothing is left of them when they are down."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from deploy.local import causes, child, instance, postgres
from deploy.local.folder import CHECKOUT, Folder

SECONDS = 20.0


def up(folder: Folder) -> str:
    """PostgreSQL alone, which takes a second: its URL."""
    return instance.up(folder, servers=["postgres"], given=_given(), with_this_process=True)["DATABASE_URL"]


def up_elsewhere(folder: Folder) -> subprocess.Popen[bytes]:
    """The same by a process of its own, which may be killed."""
    # Where the tests run in the background of a shell, an interruption is ignored, and so by whoever they start.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "import sys, pathlib; from deploy.local import folder, instance; "
    code += "instance.up(folder.Folder(pathlib.Path(sys.argv[1])), servers=['postgres'])"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder.root)], env=_given(), cwd=CHECKOUT, stderr=subprocess.PIPE
    )


def _given() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in instance.GIVEN.values()}


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


async def remember(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("create table remembered ()")
    await connection.close()


async def remembers(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(await connection.fetchval("select to_regclass('remembered') is not null"))
    finally:
        await connection.close()


def pid_of(folder: Folder, part: str) -> int:
    state = instance.running(folder)
    assert state is not None
    return state.parts[part].pid


async def test_down_keeps_the_data_and_leaves_nothing_running(folder: Folder) -> None:
    await remember(up(folder))
    assert instance.down(folder)
    assert child.left_over(folder.root) == []
    assert not instance.down(folder)
    assert await remembers(up(folder))


async def test_up_when_it_is_up_changes_nothing(folder: Folder) -> None:
    url = up(folder)
    before = pid_of(folder, "postgres")
    assert up(folder) == url
    assert pid_of(folder, "postgres") == before


async def test_a_server_that_is_killed_comes_back_with_its_data(folder: Folder) -> None:
    url = up(folder)
    await remember(url)
    killed = pid_of(folder, "postgres")
    os.kill(killed, signal.SIGKILL)
    until(lambda: pid_of(folder, "postgres") != killed, "it is started again")
    assert up(folder) == url
    assert await remembers(url)


async def test_when_the_supervisor_is_killed_everything_ends_and_the_next_up_works(folder: Folder) -> None:
    await remember(up(folder))
    state = instance.running(folder)
    assert state is not None
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: child.left_over(folder.root) == [], "its children end with it")
    assert instance.running(folder) is None
    assert await remembers(up(folder))


@pytest.mark.parametrize("victim", ["supervisor", "caller", "both"])
async def test_killed_at_any_moment_of_the_start_the_next_up_works(folder: Folder, victim: str) -> None:
    for delay in (0.05, 0.2, random.uniform(0.1, 0.6), random.uniform(0.3, 1.2)):
        caller = up_elsewhere(folder)
        with suppress(subprocess.TimeoutExpired):
            caller.wait(delay)
        state = instance.running(folder)
        if state is not None and victim != "caller":
            os.kill(state.pid, signal.SIGKILL)
        if victim != "supervisor":
            caller.kill()
        caller.communicate()
    assert not await remembers(up(folder))


async def test_interrupted_it_takes_down_what_it_began(folder: Folder) -> None:
    caller = up_elsewhere(folder)
    until(folder.state.exists, "it has begun")
    caller.send_signal(signal.SIGINT)
    caller.communicate()
    assert caller.returncode != 0
    assert child.left_over(folder.root) == []
    assert not await remembers(up(folder))


async def test_two_folders_at_once_do_not_meet(folder: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    try:
        first, second = up_elsewhere(folder), up_elsewhere(other)
        assert (first.wait(SECONDS), second.wait(SECONDS)) == (0, 0)
        await remember(up(folder))
        assert not await remembers(up(other))
        instance.down(other)
        assert await remembers(up(folder))
    finally:
        first.communicate()
        second.communicate()
        instance.forget(other)


async def test_a_port_that_somebody_else_has_is_given_up_for_another(folder: Folder) -> None:
    url = up(folder)
    await remember(url)
    instance.down(folder)
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2].partition("/")[0]))):
        moved = up(folder)
        assert moved != url
        assert await remembers(moved)


async def test_where_no_namespace_is_to_be_had_it_runs_as_nobody_and_nothing_stays_outside(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    outside = postgres.outside(folder)
    await remember(up(folder))
    assert outside.exists() == (os.geteuid() == 0)
    state = instance.running(folder)
    assert state is not None
    os.kill(state.pid, signal.SIGKILL)
    assert await remembers(up(folder))
    instance.forget(folder)
    assert not outside.exists()


async def test_a_number_in_a_pid_file_that_is_somebody_elses_is_not_believed(folder: Folder) -> None:
    await remember(up(folder))
    instance.down(folder)
    (folder.data / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{folder.data}/postgres\n")
    assert await remembers(up(folder))


async def test_what_cannot_start_is_told_in_one_sentence_and_nothing_stays(folder: Folder) -> None:
    folder.made()
    (folder.data / "postgres").mkdir()
    (folder.data / "postgres" / "PG_VERSION").write_text("9.6\n")
    sentence = r"^postgres ended with status \d+ before it was ready \(.*postgresql.conf.*\): see .*\.log\.$"
    with pytest.raises(instance.NotUp, match=sentence):
        up(folder)
    assert child.left_over(folder.root) == []


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("FATAL: could not write: No space left on device", r"The disk that holds .* is full: make room .*"),
        ("java.net.BindException: Address already in use", r"It found its port taken .*: run `make up` again\."),
        (
            "Traceback\nImportError: no such thing",
            r"It ended with status 1 .* \(ImportError: no such thing\): see .*\.",
        ),
        ("", r"It ended with status 1 .* \(it said nothing\): see .*\."),
    ],
)
def test_what_a_server_said_last_becomes_one_sentence(tmp_path: Path, said: str, sentence: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"No space left on device, at an earlier time\n{said}\n")
    earlier = len("No space left on device, at an earlier time\n")
    assert re.fullmatch(sentence, causes.of_end("It", 1, log, earlier))
