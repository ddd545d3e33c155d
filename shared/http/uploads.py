"""Bodies too large to hold: handed to the route as they arrive."""

import asyncio
from collections.abc import AsyncIterator

from shared.http.bodies import Disconnected, Receive
from shared.http.calls import Upload
from shared.http.problems import BodyTooLarge, RequestTimeout, UnsupportedMediaType

IDLE = 30.0
"""Seconds without a byte after which an upload is given up."""


def receive_upload(
    receive: Receive, content_type: bytes, declared: bytes | None, accepts: tuple[str, ...], largest: int
) -> Upload:
    """The body of a request as a stream. Raises UnsupportedMediaType, BodyTooLarge."""
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    if media_type not in accepts:
        raise UnsupportedMediaType
    if declared is not None and (not declared.isdigit() or int(declared) > largest):
        raise BodyTooLarge
    return Upload(_chunks(receive, largest), media_type)


async def _chunks(receive: Receive, largest: int) -> AsyncIterator[bytes]:
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(IDLE):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            raise Disconnected
        more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > largest:
            raise BodyTooLarge
        if chunk:
            yield chunk
