"""The kernel's own pages: what a problem means, the API's description, health and metrics are found at fixed paths."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from shared.http.problems import GENERAL, Answer, explanation
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


def problem_pages(refusals: Iterable[type[Refusal]]) -> Mapping[str, Served]:
    """Where the `type` of each problem leads."""
    known = {refusal.code: refusal for refusal in (*GENERAL, *refusals)}

    async def find(values: list[str]) -> Answer:
        if values[0] not in known:
            raise NotFound
        return content(explanation(known[values[0]]), "text/html; charset=utf-8")

    return {"/problems/{code}": find}
