"""Every 4xx and 5xx is a problem document with a stable code, and says nothing that it should not."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest
import structlog

from shared.http import kernel
from shared.http.problems import GENERAL, STATUS, refusal_for, status_of
from shared.refusals import NotFound, Refusal, Unacceptable
from shared.sealing.keys import KeysUnavailable, PersonErased
from tests.http.sample import BEN, ERRORS, ITEM, SHARE, Service, client_of, raising, sample_app

MANAGER = {"audience": {"kind": "manager"}}


def is_problem(answer: httpx2.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"/problems/{code}")
    assert told["title"]
    assert "CANARY" not in answer.text


@pytest.mark.parametrize("code", ERRORS)
async def test_what_a_handler_raises_becomes_a_problem(anna: httpx2.AsyncClient, service: Service, code: str) -> None:
    error = ERRORS[code]()
    service.does = raising(error)
    known = refusal_for(error, guarded=False)
    expected = 500 if known is None else status_of(type(known))
    answer = await anna.post(SHARE, json=MANAGER)
    is_problem(answer, expected, code)
    assert ("retry-after" in answer.headers) == (expected in (429, 503, 504))
    assert (await anna.get(f"/problems/{code}")).status_code == 200


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TimeoutError(), 503, "unavailable"),
        (ConnectionRefusedError(), 503, "unavailable"),
        (asyncpg.InterfaceError("connection is closed"), 503, "unavailable"),
        (asyncpg.ConnectionDoesNotExistError("CANARY"), 503, "unavailable"),
        (asyncpg.CannotConnectNowError("CANARY"), 503, "unavailable"),
        (asyncpg.QueryCanceledError("CANARY"), 503, "unavailable"),
        (KeysUnavailable("CANARY"), 503, "unavailable"),
        (PersonErased("CANARY"), 404, "not-found"),
        (asyncpg.exceptions._base.DataError("CANARY"), 500, "internal-error"),
        (asyncpg.UniqueViolationError("CANARY"), 500, "internal-error"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else str(one),
)
async def test_what_is_missing_is_told_from_what_is_broken(
    anna: httpx2.AsyncClient, service: Service, error: Exception, status: int, code: str
) -> None:
    service.does = raising(error)
    is_problem(await anna.post(SHARE, json=MANAGER), status, code)


async def test_who_named_a_version_is_told_that_it_changed(anna: httpx2.AsyncClient, service: Service) -> None:
    service.does = raising(ERRORS["changed-meanwhile"]())
    answer = await anna.put(f"/v1/baskets/{ITEM}", json=MANAGER, headers={"if-match": '"7"'})
    is_problem(answer, 412, "version-mismatch")


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (None, 428, "precondition-required"),
        ("7", 400, "malformed-request"),
        ('W/"7"', 400, "malformed-request"),
        ('"6", "7"', 400, "malformed-request"),
        ("*", 400, "malformed-request"),
        ('"CANARY"', 400, "malformed-request"),
        ('"99999999999999999999"', 400, "malformed-request"),
    ],
)
async def test_a_guarded_write_needs_one_strong_etag(
    anna: httpx2.AsyncClient, service: Service, given: str | None, status: int, code: str
) -> None:
    headers = {} if given is None else {"if-match": given}
    is_problem(await anna.put(f"/v1/baskets/{ITEM}", json=MANAGER, headers=headers), status, code)
    assert service.calls == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/fruits/", 404, "not-found"),
        ("GET", "//v1/fruits", 404, "not-found"),
        ("GET", "/v1/baskets/not-a-uuid", 404, "not-found"),
        ("GET", f"/v1/baskets/{{{ITEM}}}", 404, "not-found"),
        ("GET", "/v1/baskets/%00", 404, "not-found"),
        ("GET", "/v1/baskets/%ff", 404, "not-found"),
        ("GET", "/v1/baskets/%ED%A0%80", 404, "not-found"),
        ("GET", "/problems/no-such-problem", 404, "not-found"),
        ("POST", f"/v1/people/anna%40example.org/aspirations/{ITEM}/share", 422, "invalid"),
        ("POST", f"/v1/people/{'e' * 201}/aspirations/{ITEM}/share", 404, "not-found"),
        ("PATCH", "/v1/fruits", 405, "method-not-allowed"),
        ("OPTIONS", "/v1/fruits", 405, "method-not-allowed"),
        ("DELETE", f"/v1/baskets/{ITEM}", 403, "not-allowed"),
        ("POST", "/v1/imports", 403, "not-allowed"),
    ],
)
async def test_paths_and_methods(anna: httpx2.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    is_problem(await anna.request(method, path), status, code)


async def test_405_names_the_methods_that_there_are(anna: httpx2.AsyncClient) -> None:
    assert (await anna.patch(f"/v1/baskets/{ITEM}")).headers["allow"] == "DELETE, GET, HEAD, PUT"


async def test_not_yours_and_not_there_answer_alike(service: Service) -> None:
    """What another's thing answers is, byte for byte and header for header, what nothing answers."""
    service.does = raising(NotFound())
    async with client_of(sample_app(service)) as anna:
        not_yours = await anna.get(f"/v1/baskets/{ITEM}")
        service.does = None
        not_there = await anna.get(f"/v1/baskets/{BEN}")
        nowhere = await anna.get("/v1/nowhere")
    assert not_yours.content == not_there.content == nowhere.content
    alike = [sorted((k, v) for k, v in one.headers.items() if k != "date") for one in (not_yours, not_there, nowhere)]
    assert alike[0] == alike[1] == alike[2]


@pytest.mark.parametrize(("who", "error"), [("", None), ("mallory", "invalid_token")])
async def test_401_challenges(service: Service, who: str, error: str | None) -> None:
    async with client_of(sample_app(service), who) as nobody:
        answer = await nobody.get(f"/v1/baskets/{ITEM}")
    is_problem(answer, 401, "unauthenticated")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert (f'error="{error}"' in challenge) == (error is not None)


async def test_who_may_not_come_in_is_told_before_anything_is_read(service: Service) -> None:
    async with client_of(sample_app(service), "service people:read") as files:
        is_problem(await files.post(SHARE, content=b"CANARY"), 403, "not-allowed")
        assert (await files.get(f"/v1/baskets/{ITEM}")).status_code == 200


@pytest.mark.parametrize("header", ["authorization", "content-type", "idempotency-key", "if-match", "traceparent"])
async def test_a_header_with_one_meaning_is_given_once(anna: httpx2.AsyncClient, header: str) -> None:
    headers = [("content-type", "application/json"), (header, "CANARY"), (header, "CANARY")]
    is_problem(await anna.post(SHARE, content=b"{}", headers=headers), 400, "malformed-request")


async def test_no_answer_in_time_is_504_and_the_handler_is_stopped(service: Service) -> None:
    stopped = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    service.does = slow
    async with client_of(sample_app(service, deadline=0.1)) as anna:
        is_problem(await anna.post(SHARE, json=MANAGER), 504, "deadline-exceeded")
    assert stopped.is_set()


async def test_a_handler_that_does_not_heed_its_end_keeps_no_caller_waiting(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.deadlines.GRACE", 0.1)
    released = asyncio.Event()

    async def deaf() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    service.does = deaf
    async with client_of(sample_app(service, deadline=0.1)) as anna:
        is_problem(await anna.post(SHARE, json=MANAGER), 504, "deadline-exceeded")
        released.set()
        service.does = None
        assert (await anna.post(SHARE, json=MANAGER)).status_code == 200


async def test_a_body_that_does_not_arrive_is_408(service: Service) -> None:
    async with client_of(sample_app(service, deadline=0.2)) as anna:
        port = anna.base_url.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"POST {SHARE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer anna\r\n"
            "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request-timeout"' in answer
    assert service.calls == []


async def test_a_caller_who_goes_away_does_not_undo_what_was_begun(service: Service) -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def commit() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    service.does = commit
    async with client_of(sample_app(service)) as anna:
        body = json.dumps(MANAGER)
        _, writer = await asyncio.open_connection("127.0.0.1", anna.base_url.port)
        writer.write(
            f"POST {SHARE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer anna\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
        await asyncio.wait_for(begun.wait(), 5)
        writer.transport.abort()
        go_on.set()
        await asyncio.wait_for(done.wait(), 5)


async def test_more_at_once_than_bearable_are_refused_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "MOST_IN_FLIGHT", 1)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    service.does = wait
    async with client_of(sample_app(service)) as anna:
        first = asyncio.ensure_future(anna.post(SHARE, json=MANAGER))
        await asyncio.wait_for(begun.wait(), 5)
        is_problem(await anna.post(SHARE, json=MANAGER), 503, "overloaded")
        go_on.set()
        assert (await first).status_code == 200


def test_each_family_has_one_status_and_each_general_refusal_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in GENERAL]
    assert len(codes) == len(set(codes))
    assert all(status_of(refusal) == STATUS.get(refusal, status_of(refusal)) for refusal in GENERAL)
    assert status_of(Refusal) == 409


def test_a_services_own_refusal_takes_the_status_of_its_family() -> None:
    class InThePast(Unacceptable, code="in-the-past"):
        """It lies in the past."""

    assert status_of(InThePast) == 422


def test_a_refusal_without_a_sentence_is_no_refusal() -> None:
    with pytest.raises(TypeError):

        class Mute(Refusal, code="mute"):
            pass


@pytest.fixture(autouse=True)
async def _quiet() -> AsyncIterator[Any]:
    with structlog.testing.capture_logs() as lines:
        yield lines
