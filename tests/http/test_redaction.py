"""Canaries in every text that a caller can send: none comes out in a log, a metric or a problem."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared import logs
from shared.logs import configure
from shared.metrics import Metrics
from tests.http.sample import ITEM, SHARE, Service, client_of, raising, sample_app

CANARY = "CANARY"


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    """What is logged, as a process logs it."""
    out = io.BytesIO()
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure("sample", "api", "test-1", out=out)
    yield out
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def told(lines: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


@pytest.mark.parametrize("fails", [None, ValueError(CANARY), KeyError(CANARY), LookupError(f"{CANARY}-x")])
async def test_no_canary_comes_out(lines: io.BytesIO, fails: Exception | None) -> None:
    service, metrics = Service(), Metrics("sample")
    service.does = None if fails is None else raising(fails)
    body = {
        "audience": {"kind": "manager"},
        "note": f"{CANARY}-note",
        "title": f"{CANARY}-title",
        "free": {f"{CANARY}-key": f"{CANARY}-value"},
        "tags": [f"{CANARY}-tag"],
    }
    wrong = [{**body, "audience": {"kind": CANARY}}, {**body, "count": CANARY}, {**body, CANARY + "!": 1}]
    headers = {"idempotency-key": CANARY, "user-agent": CANARY, "x-canary": CANARY, "traceparent": CANARY}
    async with client_of(sample_app(service, metrics=metrics)) as anna:
        answers = [await anna.post(SHARE, json=one, headers=headers) for one in (body, *wrong)]
        typed = {**headers, "content-type": "application/json"}
        answers.append(await anna.post(SHARE, content=f'{{"{CANARY}'.encode(), headers=typed))
        answers.append(await anna.post(f"/v1/people/{CANARY}/aspirations/{ITEM}/share", json=body, headers=headers))
        answers.append(await anna.get(f"/v1/fruits?kind={CANARY}&cursor={CANARY}"))
        answers.append(await anna.get(f"/v1/{CANARY}?{CANARY}={CANARY}"))
        answers.append(await anna.get("/v1/fruits", headers={"authorization": f"Bearer {CANARY}"}))
        shown = metrics.render()
    assert {answer.status_code for answer in answers} == {200 if fails is None else 500, 400, 401, 404, 422}
    structlog.get_logger().warning("flushed")
    assert len(told(lines)) >= len(answers)
    assert CANARY.encode() not in lines.getvalue()
    assert CANARY.encode() not in shown
    assert not any(CANARY in answer.text or CANARY in str(answer.headers) for answer in answers)


async def test_a_request_is_logged_by_its_template(lines: io.BytesIO) -> None:
    async with client_of(sample_app(Service())) as anna:
        await anna.post(SHARE, json={"audience": {"kind": "manager"}})
    structlog.get_logger().warning("flushed")
    (request, _) = told(lines)
    assert isinstance(request.pop("time"), str)
    assert isinstance(request.pop("ms"), float)
    assert request == {
        "level": "info",
        "action": "request",
        "service": "sample",
        "process": "api",
        "instance": "test-1",
        "route": "/v1/people/{person}/aspirations/{aspiration}/share",
        "method": "POST",
        "status": 200,
        "caller": "0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0001",
    }


async def test_who_acts_on_whose_behalf_is_logged(lines: io.BytesIO) -> None:
    async with client_of(sample_app(Service()), "anna@app act:read") as app:
        await app.get(f"/v1/baskets/{ITEM}")
        await app.post(SHARE, json={"audience": {"kind": "manager"}})
    structlog.get_logger().warning("flushed")
    done, refused, _ = told(lines)
    assert (done["caller"], done["actor"], done["status"]) == ("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0001", "app", 200)
    assert (refused["caller"], refused["actor"], refused["status"]) == (done["caller"], "app", 403)


def test_an_error_is_logged_by_its_kind_and_place(lines: io.BytesIO) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise RuntimeError(CANARY) from error
    except RuntimeError:
        structlog.get_logger().error("broke", exc_info=True)
    (line,) = told(lines)
    assert line["error"] == "RuntimeError < ValueError"
    assert "test_redaction.py" in str(line["frames"])
    assert CANARY not in str(line)


def test_keys_that_nobody_allowed_are_redacted(lines: io.BytesIO) -> None:
    structlog.get_logger().warning("noted", note=CANARY, reason="known", count=3, names=[CANARY], first={"a": CANARY})
    (line,) = told(lines)
    assert (line["note"], line["names"], line["reason"], line["count"]) == ("[redacted]", "[redacted]", "known", 3)
    assert CANARY not in str(line)


@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        ("cannot reach %s: %s", ("host", CANARY), "cannot reach %s: %s"),
        (f"Task exception was never retrieved\nfuture: {CANARY}", (), "Task exception was never retrieved"),
        (f"Exception in callback handle('{CANARY}')", (), "Exception in callback handle"),
    ],
)
def test_libraries_are_logged_by_their_template(
    lines: io.BytesIO, message: str, arguments: tuple[str, ...], shown: str
) -> None:
    logging.getLogger("library").warning(message, *arguments)
    (line,) = told(lines)
    assert (line["action"], line["logger"], line["template"]) == ("library", "library", shown)


def test_a_library_that_says_the_same_again_and_again_is_counted(
    lines: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = logging.getLogger("library")
    for number in range(500):
        library.warning("cannot reach %s", number)
    library.warning("something else")
    assert [line["template"] for line in told(lines)] == ["cannot reach %s", "something else"]
    monkeypatch.setattr(logs, "SAME", 0.0)
    library.warning("cannot reach %s", "it")
    assert told(lines)[-1]["count"] == 500


def test_a_reader_who_has_gone_stops_nothing() -> None:
    out = io.BytesIO()
    before = structlog.get_config()
    configure("sample", out=out)
    out.close()
    structlog.get_logger().error("unheard")
    structlog.configure(**before)
