"""Builds the application of a service from its routes: one FastAPI, whose declared routes the kernel serves itself."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
from fastapi import FastAPI

from shared.http.answers import encoder
from shared.http.bodies import Receive
from shared.http.docs import page
from shared.http.health import Health
from shared.http.kernel import Authenticator, Kernel, Repeated, Send
from shared.http.limits import Limits
from shared.http.openapi import describe, refusals
from shared.http.pages import Served, content, problem_pages
from shared.http.problems import Answer
from shared.http.requests import Operation, Reader
from shared.http.routes import Routes
from shared.metrics import Metrics

DEADLINE = 10.0
"""Seconds within which every caller has an answer."""

WAIT = 5.0
"""Seconds that a read waits for what `after` names."""


class Api(FastAPI):
    """An API. Its requests go straight to the kernel: FastAPI's own way to a handler costs more than all the rest."""

    kernel: Kernel
    described: dict[str, Any]

    def openapi(self) -> dict[str, Any]:
        """The description, made from the declared routes."""
        return self.described

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
    health: Health,
    limits: Limits | None = None,
    repeated: Repeated | None = None,
    description: str = "",
    version: str = "1",
    deadline: float = DEADLINE,
    wait: float = WAIT,
) -> Api:
    """`secret` has 32 bytes or more, the same in all replicas: command keys, cursors and ETags are made with it.
    Without `limits` nobody is refused for calling often. With `repeated`, who sends a command again under its key gets
    its first answer, also where the route refuses it by now."""
    reader = Reader(secret, wait=min(wait, deadline / 2))
    operations = [
        Operation(route, encoder(route, reader.cursors, reader.digest), metrics, deadline) for route in routes.declared
    ]
    app = Api(title=service, version=version, docs_url=None, redoc_url=None, openapi_url=None)
    app.described = describe(service, version, description, routes.declared)
    pages = {
        **health.pages(metrics),
        **problem_pages(refusal for route in routes.declared for refusal in refusals(route)),
        **_description_pages(app.described),
    }
    app.kernel = Kernel(
        operations,
        pages,
        authenticator=authenticator,
        reader=reader,
        metrics=metrics,
        limits=limits or Limits(),
        repeated=repeated,
    )
    return app


def _description_pages(described: dict[str, Any]) -> Mapping[str, Served]:
    as_json = content(orjson.dumps(described), "application/json")
    as_page = content(page(described), "text/html; charset=utf-8")

    async def openapi(_values: list[str]) -> Answer:
        return as_json

    async def docs(_values: list[str]) -> Answer:
        return as_page

    return {"/openapi.json": openapi, "/docs": docs}
