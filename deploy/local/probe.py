"""Ask a process on this machine over HTTP, with the standard library alone: the supervisor has to start at once."""

import asyncio
import urllib.error
import urllib.request
from contextlib import suppress

DEADLINE = 2.0


async def status(port: int, path: str = "/readyz") -> int:
    """The HTTP status, or 0 when nothing answers."""
    try:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.close()
    except OSError:  # TimeoutError is one
        return 0
    with suppress(IndexError, ValueError):
        return int(line.split()[1])
    return 0


def body(url: str) -> tuple[int, str]:
    """Status and text of a GET, whatever the status; (0, the reason) when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310  our own URLs
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
