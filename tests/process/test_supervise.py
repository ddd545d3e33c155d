"""A process as an operator sees it: started, probed, stopped, broken."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest


class Faulty:
    """A process of tests/process/faulty.py, what it has logged, and a client of it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.logged: list[dict[str, Any]] = []
        self.client = httpx2.AsyncClient()

    async def port(self) -> int:
        """Waits until it answers."""
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), 20):
            self.logged.append(json.loads(line))
            if self.logged[-1]["action"] == "started":
                return int(self.logged[-1]["port"])
        raise AssertionError("it did not start")

    async def ended(self) -> int:
        """Waits for its end, and returns the exit code."""
        out, _ = await asyncio.wait_for(self.process.communicate(), 20)
        self.logged += [json.loads(line) for line in out.splitlines()]
        assert self.process.returncode is not None
        return self.process.returncode

    def actions(self) -> list[str]:
        return [line["action"] for line in self.logged]


async def begun(*arguments: str) -> Faulty:
    return Faulty(
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.process.faulty", *arguments, stdout=PIPE, stderr=PIPE
        )
    )


@asynccontextmanager
async def started(what: str) -> AsyncIterator[Faulty]:
    """The process, once it answers."""
    faulty = await begun(what)
    try:
        port = await faulty.port()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as faulty.client:
            yield faulty
    finally:
        if faulty.process.returncode is None:
            faulty.process.kill()
        await faulty.process.wait()


async def until_red(client: httpx2.AsyncClient) -> list[dict[str, str]]:
    async with asyncio.timeout(10):
        while (answer := await client.get("/readyz")).status_code == 200:
            await asyncio.sleep(0)
    checks: list[dict[str, str]] = answer.json()["checks"]
    return checks


async def until_gone(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await client.get("/livez")
            except httpx2.HTTPError:
                return


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_stops_with_code_0(number: signal.Signals) -> None:
    async with started("forever") as faulty:
        assert (await faulty.client.get("/readyz")).json()["status"] == "ready"
        faulty.process.send_signal(number)
        assert await faulty.ended() == 0
    assert faulty.actions() == ["started", "stopping", "stopped"]


async def test_a_request_in_flight_is_finished_with_what_it_needs() -> None:
    async with started("forever") as faulty:
        assert faulty.process.stderr is not None
        answer = asyncio.ensure_future(faulty.client.get("/slow"))
        assert await asyncio.wait_for(faulty.process.stderr.readline(), 5) == b"begun\n"
        faulty.process.terminate()
        assert (await answer).text == "open"
        assert await faulty.ended() == 0


@pytest.mark.parametrize(("what", "action"), [("dies", "task_died"), ("ends", "task_ended")])
async def test_a_task_that_ends_makes_it_red_and_then_ends_it(what: str, action: str) -> None:
    async with started(what) as faulty:
        assert {"name": what, "state": "failing", "reason": "the task has ended"} in await until_red(faulty.client)
        assert (await faulty.client.get("/livez")).status_code == 200
        assert await faulty.ended() == 1
    assert [line["task"] for line in faulty.logged if line["action"] == action] == [what]
    assert "CANARY" not in str(faulty.logged)


async def test_a_task_that_does_not_heed_its_end_keeps_nobody_waiting() -> None:
    async with started("deaf") as faulty:
        faulty.process.terminate()
        assert await faulty.ended() == 1
    assert faulty.logged[-1]["action"] == "stuck"
    assert faulty.logged[-1]["task"] == ["deaf"]


async def test_told_twice_it_stops_at_once() -> None:
    async with started("deaf") as faulty:
        faulty.process.terminate()
        await until_gone(faulty.client)
        faulty.process.terminate()
        assert await faulty.ended() == 130


async def test_what_fails_before_it_starts_is_logged() -> None:
    faulty = await begun("fails")
    assert await faulty.ended() == 1
    assert [(line["action"], line["error"]) for line in faulty.logged] == [("process_failed", "ValueError")]
    assert "CANARY" not in str(faulty.logged)


async def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    async with started("forever") as faulty:
        port = faulty.client.base_url.port
        second = await begun("forever", str(port))
        _, said = await asyncio.wait_for(second.process.communicate(), 20)
    assert second.process.returncode == 1
    assert said.decode() == f"Port {port} on 127.0.0.1 cannot be listened on: Address already in use.\n"
