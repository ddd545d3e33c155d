"""Builds the application of a service from its routes: one FastAPI, whose HTTP the kernel serves itself."""

from collections.abc import Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI

from shared.http.answers import encoder
from shared.http.bodies import Receive
from shared.http.kernel import Authenticator, Kernel, Send
from shared.http.pages import problem_pages
from shared.http.requests import Operation, Reader
from shared.http.routes import Routes
from shared.metrics import Metrics

DEADLINE = 10.0
"""Seconds within which every caller has an answer."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Api(FastAPI):
    """FastAPI for lifespan and description; each request goes straight to the kernel, since its own way costs most."""

    kernel: Kernel

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            await self.kernel(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build(
    service: str,
    routes: Routes,
    *,
    authenticator: Authenticator,
    secret: bytes,
    metrics: Metrics,
    lifespan: Lifespan | None = None,
    deadline: float = DEADLINE,
    wait: float = 5.0,
    version: str = "1",
) -> Api:
    """`secret` (32 bytes, the same in all replicas) makes command keys and cursors; `deadline` and `wait` (how long a
    read waits for `after`) are seconds."""
    reader = Reader(secret, wait=wait)
    operations = [Operation(route, encoder(route, reader.cursors), metrics, deadline) for route in routes.declared]
    refusals = [refusal for route in routes.declared for refusal in route.refuses]
    app = Api(title=service, version=version, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.kernel = Kernel(
        operations, problem_pages(refusals), authenticator=authenticator, reader=reader, metrics=metrics
    )
    return app
