"""Reads a request into the Call that a handler is given, as strictly as the route says."""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from shared.auth.callers import Caller
from shared.eventstore import CommandKey
from shared.http.bodies import Receive, read_body, read_model
from shared.http.calls import Alias, Call
from shared.http.cursors import Cursors
from shared.http.fields import Body, Query
from shared.http.positions import read_after
from shared.http.problems import Answer, MalformedRequest, NotYet, Parked, PreconditionRequired, UnsupportedMediaType
from shared.http.queries import read_parameters, read_query
from shared.http.routes import Route, is_list, is_upload, needs_body
from shared.http.uploads import receive_upload
from shared.metrics import Metrics
from shared.refusals import Invalid, NotFound, Unacceptable

UPLOAD_SECONDS = 3600.0

_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_ETAG = re.compile(rb'"(0|[1-9][0-9]{0,17})(-[0-9a-f]{16})?"')
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_JSON = re.compile(rb'application/json\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)
_SINGLE = frozenset(
    (b"authorization", b"content-type", b"content-length", b"idempotency-key", b"if-match", b"traceparent")
)


Encode = Callable[[Any, "Request"], Answer]
"""Shapes what a handler answered."""


class Operation:
    """A route made ready to run."""

    __slots__ = ("count", "deadline", "empty", "encode", "listing", "name", "readers", "route")

    def __init__(self, route: Route, encode: Encode, metrics: Metrics, deadline: float) -> None:
        """`deadline` is the usual one, in seconds."""
        self.route = route
        self.name = f"{route.method} {route.path}".encode()
        self.encode = encode
        self.listing = is_list(route)
        self.empty = None if route.body is None or needs_body(route) else route.body()  # what no body at all means
        self.deadline = route.deadline or (UPLOAD_SECONDS if is_upload(route) else deadline)
        self.readers = tuple(_PATH[kind] for kind in route.parameters.values())
        self.count = metrics.requests(route.method, route.path)


class Request:
    """What arrived, not yet judged."""

    __slots__ = (
        "given",
        "headers",
        "list_context",
        "parameters",
        "path",
        "query",
        "reading",
        "receive",
        "trace",
        "values",
    )

    def __init__(self, scope: Mapping[str, Any], receive: Receive) -> None:
        self.given: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers = dict(self.given)
        self.path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.query: bytes = scope["query_string"]
        self.receive = receive
        self.values: list[str] = []  # of the path's names
        self.parameters: dict[str, str] = {}
        self.list_context = b""  # what a list's cursors are bound to
        self.trace: str | None = None
        self.reading = False  # whether the body is still arriving
        trace = self.headers.get(b"traceparent")
        if trace is not None and _TRACEPARENT.fullmatch(trace):
            self.trace = trace.decode()

    def check(self) -> None:
        """Raises MalformedRequest where a header that has one meaning is given twice."""
        if len(self.headers) == len(self.given):
            return
        names = [name for name, _ in self.given if name in _SINGLE]
        for name in names:
            if names.count(name) > 1:
                raise MalformedRequest(invalid=(Invalid(name.decode(), "may be given once", "header"),))


class Reader:
    """Makes Calls. Keys of commands, cursors and ETags are made with a secret that all replicas of a service share."""

    def __init__(self, secret: bytes, *, wait: float) -> None:
        """`secret` has at least 32 bytes; `wait` is how many seconds a read waits for `after`."""
        if len(secret) < 32:
            raise ValueError("the secret must have at least 32 bytes")
        # Begun once and copied for each command: half the time of beginning anew.
        self._key_mac = hmac.new(hmac.digest(secret, b"careers command key", "sha256"), digestmod="sha256")
        self._print_mac = hmac.new(hmac.digest(secret, b"careers command fingerprint", "sha256"), digestmod="sha256")
        self.cursors = Cursors(hmac.digest(secret, b"careers cursor", "sha256"))
        self._answer_mac = hmac.new(hmac.digest(secret, b"careers answer", "sha256"), digestmod="sha256")
        self._wait = wait

    def digest(self, answer: bytes) -> bytes:
        """Tells one answer from another; nobody learns from it what an answer says."""
        return _mac(self._answer_mac, answer)[:8].hex().encode()

    async def read(self, operation: Operation, request: Request, caller: Caller) -> tuple[Call[Any, Any], list[Any]]:
        """The call, and the values for the handler's path parameters. Raises refusals, and Disconnected."""
        route, headers = operation.route, request.headers
        arguments = [read(value) for read, value in zip(operation.readers, request.values, strict=True)]
        call: Call[Any, Any] = Call(caller, None, None, trace=request.trace)
        if route.query is not None or request.query:
            await self._read_query(operation, request, call)
        if route.method == "GET":
            return call, arguments
        call.if_match = _if_match(headers.get(b"if-match"), guarded=route.guarded)
        if route.body is None:
            call.body = receive_upload(
                request.receive,
                headers.get(b"content-type", b""),
                headers.get(b"content-length"),
                route.media_types,
                route.largest,
            )
            value: Any = None
        else:
            call.body, value = await _read_body(request, route.body, operation.empty, route.largest)
        if (key := headers.get(b"idempotency-key")) is not None:
            call.key = self._command_key(operation, request, caller, key, value)
        return call, arguments

    async def _read_query(self, operation: Operation, request: Request, call: Call[Any, Any]) -> None:
        route = operation.route
        request.parameters = parameters = read_parameters(request.query)
        after = parameters.pop("after", None) if route.waiter is not None else None
        query = read_query(route.query or Query, parameters)
        if route.query is not None:
            call.query = query
        if operation.listing:
            request.list_context = _context(operation, request, call.caller)
            if (cursor := parameters.get("cursor")) is not None:
                call.cursor = self.cursors.read(cursor, request.list_context)
        if after is not None and route.waiter is not None:
            match await route.waiter.wait(read_after(after), self._wait):
                case "not-yet":
                    raise NotYet
                case "parked":
                    raise Parked
                case "reached":
                    pass

    def _command_key(
        self, operation: Operation, request: Request, caller: Caller, key: bytes, value: Any
    ) -> CommandKey:
        """Both halves say nothing to who reads the store. The key holds for a caller and a route, the fingerprint for
        the path and the body's meaning: spaces and the order of members may differ."""
        if _KEY.fullmatch(key) is None:
            wrong = Invalid("Idempotency-Key", "must have 1 to 255 printable characters", "header")
            raise MalformedRequest(invalid=(wrong,))
        scope = b"\0".join((caller.by.encode(), operation.name, key))
        said = b"\0".join((request.path, request.query, orjson.dumps(value, option=orjson.OPT_SORT_KEYS)))
        return CommandKey(_mac(self._key_mac, scope), _mac(self._print_mac, said))


def _mac(begun: hmac.HMAC, message: bytes) -> bytes:
    mac = begun.copy()
    mac.update(message)
    return mac.digest()[:16]


async def _read_body(request: Request, model: type[Body], empty: Body | None, largest: int) -> tuple[Body, Any]:
    headers = request.headers
    request.reading = True
    body = await read_body(request.receive, headers.get(b"content-length"), largest)
    request.reading = False
    if not body and empty is not None:
        return empty, {}  # as if {} had been sent, also to whom it is sent again under the same key
    if (kind := headers.get(b"content-type")) != b"application/json" and _JSON.fullmatch(kind or b"") is None:
        raise UnsupportedMediaType
    return read_model(model, body)


def _context(operation: Operation, request: Request, caller: Caller) -> bytes:
    filters = sorted((k, v) for k, v in request.parameters.items() if k not in ("cursor", "limit"))
    return orjson.dumps([operation.name.decode(), request.path.decode("latin-1"), caller.id, filters])


def _if_match(header: bytes | None, *, guarded: bool) -> int | None:
    if header is None:
        if guarded:
            raise PreconditionRequired
        return None
    match = _ETAG.fullmatch(header.strip())
    if match is None:
        wrong = Invalid("If-Match", 'must be one ETag as it was read, such as "7"', "header")
        raise MalformedRequest(invalid=(wrong,))
    return int(match[1])


def _alias(value: str) -> Alias:
    if "@" in value:
        raise Unacceptable("E-mail addresses are taken in bodies only, never in paths.")
    if len(value) > 200:
        raise NotFound
    return Alias(value)


def _id(value: str) -> UUID:
    if _UUID.fullmatch(value) is None:
        raise NotFound
    return UUID(int=int(value.replace("-", ""), 16))


_PATH: Mapping[Any, Any] = {Alias: _alias, UUID: _id, str: str}
"""How the values in a path are read, by the type that the handler asks for."""
