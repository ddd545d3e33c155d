"""What happens to every request, in the order in which it happens. Pure ASGI: nothing stands before it.

find the route → who calls, and not too often → may they → read headers, query, body → wait for `after` → the handler →
shape the answer; then it is sent, counted and logged. Whatever is raised on the way becomes a problem document.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from time import perf_counter
from typing import Any, Protocol

import structlog

from shared.auth.callers import NOBODY, Caller
from shared.eventstore import CommandKey
from shared.http.bodies import Disconnected, Receive
from shared.http.calls import Call
from shared.http.deadlines import Deadlines, Timed
from shared.http.limits import Limits
from shared.http.pages import Served
from shared.http.paths import Paths
from shared.http.problems import (
    Answer,
    DeadlineExceeded,
    InternalError,
    MethodNotAllowed,
    Overload,
    RequestTimeout,
    problem,
    refusal_for,
    status_of,
)
from shared.http.requests import Operation, Reader, Request
from shared.http.routes import Route
from shared.metrics import Metrics
from shared.refusals import NotAllowed, NotFound, Refusal, Unavailable
from shared.streams import Receipt

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_IN_FLIGHT = 1000
GONE = 499
"""What is counted and logged for a caller who went away; nobody receives it."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


Repeated = Callable[[CommandKey], Awaitable[Receipt | None]]
"""The receipt of the command that was carried out under a key."""


class Authenticator(Protocol):
    """Tells who calls."""

    def knows(self, authorization: bytes | None) -> bool:
        """Whether this header was verified before: telling whose it is costs nothing any more."""
        ...

    async def caller(self, authorization: bytes | None) -> Caller:
        """Of an Authorization header. Raises Unauthenticated, NotAllowed, Unavailable."""
        ...


class Exchange(Timed):
    """One request on its way to its one answer."""

    __slots__ = ("address", "answered", "caller", "code", "method", "operation", "request", "send", "started")

    def __init__(self, request: Request, method: str, address: str, send: Send) -> None:
        super().__init__()
        self.started = perf_counter()
        self.request = request
        self.method = method
        self.address = address  # the other end of the connection
        self.send = send
        self.operation: Operation | None = None
        self.caller = NOBODY
        self.code = ""  # of the refusal
        self.answered = False

    @property
    def route(self) -> str:
        """The template, never the path: paths hold ids of people."""
        return self.operation.route.path if self.operation is not None else "none"


class Kernel:
    """Serves the routes of a service and the kernel's own pages."""

    def __init__(
        self,
        operations: Iterable[Operation],
        pages: Mapping[str, Served],
        *,
        authenticator: Authenticator,
        reader: Reader,
        metrics: Metrics,
        limits: Limits,
        repeated: Repeated | None,
    ) -> None:
        entries: list[tuple[str, str, Operation | Served]] = [
            *((operation.route.method, operation.route.path, operation) for operation in operations),
            *(("GET", path, page) for path, page in pages.items()),
        ]
        self._paths = Paths(entries)
        self._authenticator = authenticator
        self._limits = limits
        self._repeated = repeated
        self._reader = reader
        self._metrics = metrics
        self._count_others = metrics.requests("OTHER", "none")
        self._deadlines = Deadlines(self._answer_without)
        self._log = structlog.get_logger("http").bind()
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        request = Request(scope, receive)
        exchange = Exchange(request, scope["method"], (scope.get("client") or ("",))[0], send)
        try:
            request.check()
            served = self._find(exchange)
            if isinstance(served, Operation):
                answer = await self._in_time(exchange, served)
            else:
                answer = await served(request.values)
        except Disconnected:
            self._record(exchange, GONE)
            return
        except Exception as error:  # noqa: BLE001 (the one place where whatever was raised becomes an answer)
            answer = self._refused(exchange, error)
        await self._answer(exchange, answer)

    def _find(self, exchange: Exchange) -> Operation | Served:
        found, exchange.request.values = self._paths.find(exchange.request.path)
        served = found.get("GET" if exchange.method == "HEAD" else exchange.method)
        if served is None:
            raise MethodNotAllowed(found) if found else NotFound
        if isinstance(served, Operation):
            exchange.operation = served
        return served

    async def _in_time(self, exchange: Exchange, operation: Operation) -> Answer:
        if len(self._deadlines) >= MOST_IN_FLIGHT:
            raise Overload
        self._deadlines.start(exchange, operation.deadline)
        try:
            return await self._run(exchange, operation)
        except asyncio.CancelledError:
            if not exchange.expired or exchange.task is None:
                raise
            exchange.task.uncancel()
            raise (RequestTimeout if exchange.request.reading else DeadlineExceeded)() from None
        finally:
            self._deadlines.stop(exchange)

    async def _run(self, exchange: Exchange, operation: Operation) -> Answer:
        request, route = exchange.request, operation.route
        caller = await self._counted(exchange, operation)
        if not route.grants.admit(caller):
            raise NotAllowed
        under_way = self._limits.begin(caller)
        try:
            call, arguments = await self._reader.read(operation, request, caller)
            try:
                answer = await route.handler(call, *arguments)
            except Refusal as refusal:
                answer = await self._first_answer(route, call, refusal)
            return operation.encode(answer, request)
        finally:
            self._limits.end(under_way)

    async def _first_answer(self, route: Route, call: Call[Any, Any], refusal: Refusal) -> Receipt:
        """Of a command that was carried out before, and is refused by now: whom it names may have left since.

        Who has lost access is told nothing more. Raises the refusal, and CommandRepeated for another body.
        """
        if call.key is None or self._repeated is None or route.answer is not Receipt:
            raise refusal
        if isinstance(refusal, (NotFound, NotAllowed, Unavailable)):
            raise refusal
        receipt = await self._repeated(call.key)
        if receipt is None:
            raise refusal
        return receipt

    async def _counted(self, exchange: Exchange, operation: Operation) -> Caller:
        """Who calls, unless they call too often."""
        if operation.route.grants.public:
            self._limits.count_stranger(exchange.address)
            return NOBODY
        authorization = exchange.request.headers.get(b"authorization")
        if not self._authenticator.knows(authorization):
            self._limits.count_stranger(exchange.address)
        exchange.caller = caller = await self._authenticator.caller(authorization)
        self._limits.count(caller)
        return caller

    def _refused(self, exchange: Exchange, error: Exception) -> Answer:
        guarded = exchange.operation is not None and b"if-match" in exchange.request.headers
        refusal = refusal_for(error, guarded=guarded)
        if refusal is None:
            refusal = InternalError()
            self._log.error("request_failed", route=exchange.route, exc_info=error)
        elif refusal is not error and status_of(type(refusal)) >= 500:
            self._log.warning("request_unanswered", route=exchange.route, exc_info=error)
        exchange.code = refusal.code
        self._metrics.refused(exchange.route, refusal.code)
        return problem(refusal)

    def _answer_without(self, exchange: Exchange) -> None:
        """Answers a caller whose handler does not even end when it is cancelled."""
        exchange.code = DeadlineExceeded.code
        task = asyncio.ensure_future(self._answer(exchange, problem(DeadlineExceeded())))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _answer(self, exchange: Exchange, answer: Answer) -> None:
        if exchange.answered:
            return
        exchange.answered = True
        status, headers, body = answer
        await exchange.send({"type": "http.response.start", "status": status, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": b"" if exchange.method == "HEAD" else body})
        self._record(exchange, status)

    def _record(self, exchange: Exchange, status: int) -> None:
        seconds = perf_counter() - exchange.started
        operation = exchange.operation
        if operation is not None:
            operation.count(status, seconds)
        elif status >= 400:
            self._count_others(status, seconds)
        else:
            return  # pages of the kernel's own: probes would be most of the log
        told: dict[str, Any] = {
            "route": exchange.route,
            "method": exchange.method if exchange.method in _METHODS else "OTHER",
            "status": status,
            "ms": int(seconds * 100_000) / 100,
            "caller": exchange.caller.id,
        }
        if exchange.caller.actor is not None:
            told["actor"] = exchange.caller.actor
        if exchange.code:
            told["code"] = exchange.code
        if exchange.request.trace is not None:
            told["trace"] = exchange.request.trace
        self._log.info("request", **told)
