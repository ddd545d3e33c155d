"""A way to PostgreSQL that can be cut, on this side or on both, and held up in either direction."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class _Call:
    """One connection: what the client says goes `there`, what the server says comes `back`."""

    def __init__(self, wire: "Wire", client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.wire, self.client, self.server = wire, client, server

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, back: bool) -> None:
        try:
            while data := await source.read(65536):
                gate = self.wire.back if back else self.wire.there
                if not back:
                    self.wire.heard(data)
                await gate.wait()
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            if back or not self.wire.half_open:
                target.close()

    def end(self, *, server: bool) -> None:
        for writer in (self.client, self.server) if server else (self.client,):
            writer.transport.abort()
            writer.close()


class Wire:
    """`url` leads through it."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._calls: list[_Call] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.there = asyncio.Event()
        self.back = asyncio.Event()
        self.half_open = False
        """Whether the server is left in the belief that its client is still there, when it is not."""
        self.refusing = False
        """Whether new connections are ended at once."""
        self.heard: Callable[[bytes], None] = lambda data: None
        """Called with what the client says, before it is passed on."""

    async def __aenter__(self) -> Self:
        self.there.set()
        self.back.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user = self._target.netloc.rpartition("@")[0]
        self.url = urlunsplit(self._target._replace(netloc=f"{user}@127.0.0.1:{port}"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.half_open = False
        self.there.set()
        self.back.set()
        for call in self._calls:
            call.end(server=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """The client's side of all connections ends; the server's too, unless `half_open`."""
        for call in self._calls:
            call.end(server=not self.half_open)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        there, server = await asyncio.open_connection(self._target.hostname, self._target.port)
        call = _Call(self, writer, server)
        self._calls.append(call)
        for passing in (call.pass_on(reader, server, back=False), call.pass_on(there, writer, back=True)):
            task = asyncio.create_task(passing)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
