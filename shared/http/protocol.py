"""uvicorn's HTTP protocol with what it leaves out: bounds on a request's head, and problem documents for bad HTTP."""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.http.problems import HeadTooLarge, MalformedRequest, RequestTimeout, problem
from shared.refusals import Refusal

LARGEST_HEAD = 64 * 1024
HEAD_SECONDS = 10.0


class Protocol(HttpToolsProtocol):
    """One connection."""

    _head_size = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A connection that never says anything is closed as an idle one is."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone."""
        self._head_done()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. Its head mostly comes in one piece; one that does not has a deadline and a bound."""
        super().data_received(data)
        if "method" in (self.scope or ()):
            if self._head_size:
                self._head_done()
            return
        self._head_size += len(data)
        if self._head_size > LARGEST_HEAD:
            self._refuse(HeadTooLarge())
        elif self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._refuse, RequestTimeout())

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's words are no problem document)
        """What is no HTTP is answered like any other refusal."""
        self._refuse(MalformedRequest("This is not HTTP/1.1 as this server reads it."))

    def _refuse(self, refusal: Refusal) -> None:
        self._head_done()
        if self.transport.is_closing():
            return
        status, headers, body = problem(refusal)
        given = {**dict(self.server_state.default_headers), **dict(headers), b"connection": b"close"}
        lines = [b"%b: %b\r\n" % pair for pair in given.items()]
        self.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", body)))
        self.transport.close()

    def _head_done(self) -> None:
        self._head_size = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
