"""The probes: alive, ready with reasons, and the metrics."""

import asyncio

import httpx2
import pytest

from shared.http import Check, Health
from shared.http.pages import pages_alone
from shared.metrics import Metrics
from tests.http.sample import ITEM, Service, client_of, sample_app, serving


async def fine() -> str | None:
    return None


async def away() -> str | None:
    return "PostgreSQL does not answer"


async def broken() -> str | None:
    raise ValueError("CANARY")


async def hanging() -> str | None:
    await asyncio.Event().wait()
    return None


async def test_ready_when_all_is_there(service: Service) -> None:
    service.checks = [Check("postgres", fine)]
    async with client_of(sample_app(service), "") as probe:
        answer = await probe.get("/readyz")
        assert (await probe.get("/livez")).json() == {"status": "alive"}
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": [{"name": "postgres", "state": "ok"}]}


async def test_degraded_without_what_is_not_required(service: Service) -> None:
    service.checks = [Check("postgres", fine), Check("kafka", away, required=False)]
    async with client_of(sample_app(service), "") as probe:
        answer = await probe.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


@pytest.mark.parametrize(
    ("ask", "reason"),
    [(away, "PostgreSQL does not answer"), (broken, "failed with ValueError"), (hanging, "no answer within 0.1 s")],
)
async def test_not_ready_says_why(service: Service, ask: object, reason: str) -> None:
    service.checks = [Check("postgres", ask, seconds=0.1)]  # type: ignore[arg-type]
    async with client_of(sample_app(service), "") as probe:
        answer = await probe.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not-ready"
    assert answer.json()["checks"] == [{"name": "postgres", "state": "failing", "reason": reason}]


async def test_a_crowd_of_probes_asks_once() -> None:
    asked = 0

    async def count() -> str | None:
        nonlocal asked
        asked += 1
        return None

    health = Health([Check("postgres", count)])
    await asyncio.gather(*(health.state() for _ in range(50)))
    assert asked == 1


async def test_a_broken_task_makes_the_process_unready() -> None:
    health = Health([Check("postgres", fine)])
    health.broken("relay", "the task has ended")
    state, checks = await health.state()
    assert state == "not-ready"
    assert checks[-1] == {"name": "relay", "state": "failing", "reason": "the task has ended"}


async def test_metrics_count_by_template(anna: httpx2.AsyncClient) -> None:
    await anna.get(f"/v1/baskets/{ITEM}")
    await anna.get("/v1/baskets/CANARY-not-a-uuid")
    await anna.get("/CANARY")
    text = (await anna.get("/metrics")).text
    assert 'careers_http_requests_total{method="GET",route="/v1/baskets/{basket}",status="200"} 1.0' in text
    assert 'careers_http_request_seconds_count{method="GET",route="/v1/baskets/{basket}"} 2.0' in text
    assert 'careers_http_refusals_total{code="not-found",route="none"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert "CANARY" not in text


async def test_a_process_without_an_api_has_its_probes() -> None:
    pages = Health([Check("kafka", away)]).pages(Metrics("worker"))
    async with serving(pages_alone(pages)) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as probe:
        assert (await probe.get("/livez")).status_code == 200
        assert (await probe.get("/readyz")).json()["code"] == "not-ready"
        assert (await probe.get("/metrics")).status_code == 200
        assert (await probe.get("/v1/people")).json()["code"] == "not-found"
        assert (await probe.post("/livez")).json()["code"] == "method-not-allowed"
        assert (await probe.head("/livez")).content == b""
