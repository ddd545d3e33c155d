"""The kernel's own pages: what a problem means, the API's description, health and metrics are found at fixed paths."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from shared.http.paths import Paths
from shared.http.problems import GENERAL, Answer, MethodNotAllowed, explanation, problem
from shared.refusals import NotFound, Refusal

Served = Callable[[list[str]], Awaitable[Answer]]
"""A page: given the values of the names in its path."""


def content(body: bytes, media_type: str, status: int = 200) -> Answer:
    """An answer that is no API's: a page, a description, a text of metrics."""
    return (
        status,
        [
            (b"content-type", media_type.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        ],
        body,
    )


def pages_alone(pages: Mapping[str, Served]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An ASGI application that has these pages and nothing else, for a process that has no API."""
    paths = Paths((("GET", path, page) for path, page in pages.items()))

    async def serve(scope: Any, _receive: Any, send: Any) -> None:
        found, values = paths.find(scope["raw_path"])
        page = found.get("GET" if scope["method"] == "HEAD" else scope["method"])
        try:
            if page is None:
                raise MethodNotAllowed(found) if found else NotFound
            status, headers, body = await page(values)
        except Refusal as refusal:
            status, headers, body = problem(refusal)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return serve


def problem_pages(refusals: Iterable[type[Refusal]]) -> Mapping[str, Served]:
    """Where the `type` of each problem leads."""
    known = {refusal.code: refusal for refusal in (*GENERAL, *refusals)}

    async def find(values: list[str]) -> Answer:
        if values[0] not in known:
            raise NotFound
        return content(explanation(known[values[0]]), "text/html; charset=utf-8")

    return {"/problems/{code}": find}
