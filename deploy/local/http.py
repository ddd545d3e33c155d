"""As much HTTP as the local helpers need: JSON documents by path, and asking a process whether it is ready."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

Query = Mapping[str, str]
Document = Callable[[Query], Any]  # JSON-able; what it answers is read anew for each request


def app(documents: Mapping[str, Document]) -> Any:
    """An ASGI application that answers GET with the document of the path, and /readyz with 200."""

    async def answer(scope: Mapping[str, Any], _receive: Any, send: Any) -> None:
        document = documents.get(scope["path"])
        if document is not None:
            status, body = 200, await asyncio.to_thread(document, dict(parse_qsl(scope["query_string"].decode())))
        else:
            status, body = (200, {"ready": True}) if scope["path"] == "/readyz" else (404, {"documents": [*documents]})
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body, ensure_ascii=False, indent=1).encode()})

    return answer


async def serve(documents: Mapping[str, Document], port: int, *, host: str = "127.0.0.1") -> None:
    """Until SIGTERM or SIGINT."""
    config = uvicorn.Config(app(documents), host=host, port=port, lifespan="off", log_level="warning")
    await uvicorn.Server(config).serve()
