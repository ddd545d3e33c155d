"""Problem documents (RFC 9457), and the one table that gives refusals their HTTP status."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import orjson
from asyncpg import QueryCanceledError

from shared.auth.callers import Unauthenticated
from shared.eventstore import CommandRepeated, OutcomeUnknown, Overloaded, VersionConflict
from shared.postgres import Closed
from shared.postgres.connections import LOST
from shared.refusals import Invalid, NotAllowed, NotFound, Outdated, Refusal, Unacceptable, Unavailable
from shared.sealing.keys import KeysUnavailable, PersonErased
from shared.streams import ChangedTooOften

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class MalformedRequest(Refusal, code="malformed-request"):
    """The request could not be read: its body is not JSON as this API takes it, or a header has no meaning."""


class MethodNotAllowed(Refusal, code="method-not-allowed"):
    """This path has other methods; the Allow header names them."""

    def __init__(self, methods: Iterable[str] = ()) -> None:
        super().__init__()
        known = set(methods)
        self.methods = sorted(known | {"HEAD"} if "GET" in known else known)


class RequestTimeout(Refusal, code="request-timeout"):
    """The request did not arrive in time."""


class ChangedMeanwhile(Refusal, code="changed-meanwhile"):
    """Others changed the same thing at the same moment; read it again and decide again."""


class BodyTooLarge(Refusal, code="body-too-large"):
    """The body is larger than this API takes."""


class HeadTooLarge(Refusal, code="head-too-large"):
    """The request's line and headers are larger than this API takes."""


class UnsupportedMediaType(Refusal, code="unsupported-media-type"):
    """The body must be of the media type that the API describes."""


class KeyReused(Refusal, code="idempotency-key-reused"):
    """This Idempotency-Key stands for another command; use a new key for a new command."""


class AlreadyDone(Refusal, code="already-done"):
    """This very command was carried out before."""


class PreconditionRequired(Refusal, code="precondition-required"):
    """Say which version you mean to change: send If-Match with the ETag you read."""


class TooManyRequests(Refusal, code="too-many-requests"):
    """You have sent more requests than allowed; wait before the next."""


class InternalError(Refusal, code="internal-error"):
    """Something broke here. It has been recorded; trying again later may help."""


class Overload(Refusal, code="overloaded"):
    """Too much is going on here at this moment; try again shortly."""


class MaybeDone(Refusal, code="outcome-unknown"):
    """It is not known whether this was done. Repeat it with the same Idempotency-Key: it is done once at most."""


class DeadlineExceeded(Refusal, code="deadline-exceeded"):
    """No answer was ready in time. A command may have been done: repeat it with the same Idempotency-Key."""


class NotYet(Refusal, code="not-yet"):
    """What you wait for with `after` is not visible here yet; try again shortly."""


class Parked(Refusal, code="parked"):
    """What you wait for with `after` was set aside for an operator to look at; it will not be visible before that."""


STATUS: Mapping[type[Refusal], int] = {
    MalformedRequest: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    Refusal: 409,
    Outdated: 412,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    Unacceptable: 422,
    KeyReused: 422,
    PreconditionRequired: 428,
    TooManyRequests: 429,
    HeadTooLarge: 431,
    InternalError: 500,
    Unavailable: 503,
    Overload: 503,
    MaybeDone: 503,
    NotYet: 503,
    DeadlineExceeded: 504,
}
"""Family → status. A refusal gets the status of the nearest class above it."""

RETRY_AFTER = {408: 1, 429: 1, 503: 1, 504: 1}

GENERAL: tuple[type[Refusal], ...] = (
    *(family for family in STATUS if family is not Refusal),
    ChangedMeanwhile,
    AlreadyDone,
    ChangedTooOften,
    Parked,
)
"""The kernel's own, which any route may answer with."""


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status of a refusal."""
    return next(STATUS[family] for family in refusal.__mro__ if family in STATUS)


def refusal_for(error: Exception, *, guarded: bool) -> Refusal | None:
    """What the kernel's own errors mean to a caller; None for an error that nobody foresaw."""
    match error:
        case Refusal():
            return error
        case VersionConflict():
            return Outdated() if guarded else ChangedMeanwhile()
        case CommandRepeated(matches=False):
            return KeyReused()
        case CommandRepeated():
            return AlreadyDone()
        case Overloaded():
            return Overload()
        case OutcomeUnknown():
            return MaybeDone()
        case KeysUnavailable():
            return Unavailable("The keys that protect personal words do not answer.")
        case PersonErased():
            return NotFound()  # who was erased looks like who never was
        case ValueError():
            return None  # asyncpg's errors about arguments are among those of lost connections, too: they are ours
        case _:
            lost = isinstance(error, (*LOST, QueryCanceledError, Closed))
            return Unavailable("The database does not answer now.") if lost else None


def problem(refusal: Refusal, more: Mapping[str, Any] | None = None) -> Answer:
    """The document for a refusal, with members of its own kind, and the headers that go with it."""
    status = status_of(type(refusal))
    members = document(type(refusal))
    if refusal.detail:
        members["detail"] = refusal.detail
    if refusal.invalid:
        members["errors"] = [_error(one) for one in refusal.invalid]
    body = orjson.dumps({**members, **(more or {})})
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *_headers(refusal, status),
    ]
    return status, headers, body


def document(refusal: type[Refusal]) -> dict[str, Any]:
    """The members that every problem document of a kind has."""
    return {
        "type": f"/problems/{refusal.code}",
        "title": refusal.sentence,
        "status": status_of(refusal),
        "code": refusal.code,
    }


def _headers(refusal: Refusal, status: int) -> Headers:
    wait = refusal.retry_after or RETRY_AFTER.get(status)
    headers = [(b"retry-after", b"%d" % wait)] if wait is not None else []
    match refusal:
        case Unauthenticated():
            headers.append((b"www-authenticate", refusal.challenge.encode()))
        case MethodNotAllowed():
            headers.append((b"allow", ", ".join(refusal.methods).encode()))
        case BodyTooLarge() | RequestTimeout():
            headers.append((b"connection", b"close"))  # the rest of the body is not waited for
        case _:
            pass
    return headers


def _error(invalid: Invalid) -> dict[str, str]:
    match invalid.within:
        case "query":
            return {"parameter": invalid.where, "detail": invalid.detail}
        case "header":
            return {"header": invalid.where, "detail": invalid.detail}
        case _:
            return {"pointer": invalid.where, "detail": invalid.detail}


def explanation(refusal: type[Refusal]) -> bytes:
    """The page that a problem's `type` leads to."""
    code, sentence, status = escape(refusal.code), escape(refusal.sentence), status_of(refusal)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{code}</title>'
        f"<h1>{code}</h1><p>{sentence}</p><p>HTTP status {status}.</p></html>"
    ).encode()
