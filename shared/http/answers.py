"""Shapes what a handler answers: JSON, ETag, Location, Link, and 304 for who has it already.

A read's ETag is the version of its stream and a digest of the answer: what is read may change without an event (a day
passes, a relation ends, words are erased), and is another answer then. If-Match means the version alone.
"""

from collections.abc import Callable
from typing import Any, get_args, get_origin
from urllib.parse import urlencode

from pydantic import TypeAdapter

from shared.http.calls import Found, Page
from shared.http.cursors import Cursors
from shared.http.problems import Answer
from shared.http.requests import Encode, Request
from shared.http.routes import Route
from shared.streams import Receipt

JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
NOSNIFF = (b"x-content-type-options", b"nosniff")


def encoder(route: Route, cursors: Cursors, digest: Callable[[bytes], bytes]) -> Encode:
    """How a route's answers are written, decided once by the type it declares. Raises TypeError."""
    kind = get_origin(route.answer) or route.answer
    if kind is type(None):
        return lambda _answer, _request: (route.status, [NO_STORE, NOSNIFF], b"")
    if isinstance(kind, type) and issubclass(kind, Receipt):
        return _receipts(route)
    if kind is Found:
        return _found(route, digest)
    if kind is Page:
        return _pages(route, cursors)
    dump = _dumper(route.answer)
    return lambda answer, _request: _json(route.status, dump(answer))


def _dumper(kind: Any) -> Callable[[Any], bytes]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.dump_json


def _json(status: int, body: bytes, *more: tuple[bytes, bytes]) -> Answer:
    return status, [JSON, NO_STORE, NOSNIFF, (b"content-length", b"%d" % len(body)), *more], body


def _receipts(route: Route) -> Encode:
    status, creates = route.status, route.creates
    below = creates.encode() if creates else None
    dump = None if route.answer is Receipt else _dumper(route.answer)

    def encode(receipt: Receipt, request: Request) -> Answer:
        body = _receipt(receipt) if dump is None else dump(receipt)
        etag = (b"etag", b'"%d"' % receipt.version)
        if creates is None:
            return _json(status, body, etag)
        return _json(status, body, etag, (b"location", b"%b/%b" % (below or request.path, str(receipt.id).encode())))

    return encode


def _receipt(receipt: Receipt) -> bytes:
    """What nearly every command answers, written by hand."""
    after = b"null" if receipt.after is None else b'"%b"' % receipt.after.encode()
    return b'{"id":"%b","version":%d,"after":%b}' % (str(receipt.id).encode(), receipt.version, after)


def _found(route: Route, digest: Callable[[bytes], bytes]) -> Encode:
    dump = _dumper(get_args(route.answer)[0])
    status = route.status

    def encode(found: Found[Any], request: Request) -> Answer:
        body = dump(found.value)
        etag = b'"%d-%b"' % (found.version, digest(body))
        if (given := request.headers.get(b"if-none-match")) is not None and _matches(given, etag):
            return 304, [(b"etag", etag), NO_STORE, NOSNIFF], b""
        return _json(status, body, (b"etag", etag))

    return encode


def _pages(route: Route, cursors: Cursors) -> Encode:
    dump = _dumper(list[get_args(route.answer)[0]])  # type: ignore[misc]
    status = route.status

    def encode(page: Page[Any], request: Request) -> Answer:
        items = dump(list(page.items))
        if page.next is None:
            return _json(status, b'{"items":%b,"next":null}' % items)
        cursor = cursors.write(page.next, request.list_context)
        following = urlencode({**request.parameters, "cursor": cursor}).encode()
        link = (b"link", b'<%b?%b>; rel="next"' % (request.path, following))
        return _json(status, b'{"items":%b,"next":"%b"}' % (items, cursor.encode()), link)

    return encode


def _matches(given: bytes, etag: bytes) -> bool:
    """Weak comparison, as RFC 9110 has it for If-None-Match."""
    return given.strip() == b"*" or etag in {one.strip().removeprefix(b"W/") for one in given.split(b",")}
