"""The supervisor's side of the zygote: start a Python module as a fork of it, and hear of its end."""

import asyncio
import json
import signal
import socket
import sys
from itertools import count
from pathlib import Path

from deploy.local.child import Command, Module, Spawned


class Forked:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ended(self) -> int:
        return await asyncio.shield(self.end)


class Forks:
    """Has one zygote, and another when that one is gone; its forks end with it."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder, self._log = folder, log
        self._opened: asyncio.Task[asyncio.StreamWriter] | None = None
        self._numbers = count()
        self._asked: dict[int, asyncio.Future[Forked]] = {}
        self._running: dict[int, Forked] = {}

    async def start(self, name: str, module: Module, log: Path) -> Forked:
        """Raises OSError when the zygote is gone before it answers."""
        if self._opened is None:
            self._opened = asyncio.create_task(self._open())
        writer = await asyncio.shield(self._opened)
        number = next(self._numbers)
        answer: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        request = {"id": number, "name": name, "module": module.name, "arguments": list(module.arguments)}
        writer.write(json.dumps({**request, "env": dict(module.env), "log": str(log)}).encode() + b"\n")
        return await answer

    async def close(self) -> None:
        """The zygote ends, and its forks with it."""
        if self._opened is not None:
            (await self._opened).close()
            await self._listening

    async def _open(self) -> asyncio.StreamWriter:
        ours, theirs = socket.socketpair()
        argv = [sys.executable, "-m", "deploy.local.zygote", str(theirs.fileno())]
        zygote = Spawned(Command(argv), self._folder, self._log, descriptors=[theirs.fileno()])
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        self._listening = asyncio.create_task(self._listen(reader, writer, zygote))
        return writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, zygote: Spawned) -> None:
        while line := await reader.readline():
            said = json.loads(line)
            if "id" in said:
                forked = self._running[said["pid"]] = Forked(said["pid"])
                self._asked.pop(said["id"]).set_result(forked)
            else:
                self._running.pop(said["pid"]).end.set_result(said["status"])
        self._opened = None
        writer.close()
        await zygote.ended()
        for answer in self._asked.values():
            answer.set_exception(OSError(f"the Python that all processes are forked from ended: see {self._log}"))
        for forked in self._running.values():
            forked.end.set_result(-signal.SIGKILL)
        self._asked.clear()
        self._running.clear()
