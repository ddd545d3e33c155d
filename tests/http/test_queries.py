"""Query parameters are read as strictly as bodies."""

import httpx2
import pytest

from tests.http.sample import ITEM, SHARE, Service

COUNT = "/v1/fruits/quantity"


@pytest.mark.parametrize(
    ("url", "status", "parameter"),
    [
        (f"{COUNT}?of=apples,pears", 200, None),
        (f"{COUNT}?of=apples%2Cpears&exact=true", 200, None),
        (f"{COUNT}?since=2027-01-31T10:00:00%2B01:00", 200, None),
        (f"{COUNT}?since=2027-01-31T10:00:00+01:00", 422, "since"),  # an unescaped plus is a space
        (f"{COUNT}?since=1493979010", 422, "since"),
        (f"{COUNT}?on=1900-01-01", 200, None),
        (f"{COUNT}?on=1899-12-31", 422, "on"),
        (f"{COUNT}?on=2027-02-29", 422, "on"),
        (f"{COUNT}?on=20270228", 422, "on"),
        (f"{COUNT}?on=0", 422, "on"),
        (f"{COUNT}?on=9999-12-31", 422, "on"),
        (f"{COUNT}?of=CANARY", 422, "of"),
        (f"{COUNT}?of=", 422, "of"),
        (f"{COUNT}?of=apples&of=pears", 422, "of"),
        (f"{COUNT}?unknown=CANARY", 422, "unknown"),
        (f"{COUNT}?CANARY%20x=1", 422, "?"),
        (f"{COUNT}?after=profiles:7:123", 200, None),
        (f"{COUNT}?after=CANARY", 422, "after"),
        (f"{COUNT}?after=profiles:-7:123", 422, "after"),
        (f"{COUNT}?after=profiles:7:{10**30}", 422, "after"),
        (f"{COUNT}?after=profiles:23:1", 200, None),
        (f"{COUNT}?after=profiles:24:1", 422, "after"),
        (f"{COUNT}?after=nope:1:1", 422, "after"),
        (f"{COUNT}?after=elsewhere:1:1", 422, "after"),  # it records nothing
        (f"{COUNT}?exact=perhaps", 422, "exact"),
        (f"{COUNT}?of=%ff", 400, None),
        (f"{COUNT}?of=%00", 400, None),
        (f"{COUNT}?of=%ED%A0%80", 400, None),
        (f"{COUNT}?{'&'.join(f'p{n}=1' for n in range(100))}", 400, None),
        (f"{COUNT}?&", 422, "?"),
        ("/v1/fruits?limit=0", 422, "limit"),
        ("/v1/fruits?limit=201", 422, "limit"),
        ("/v1/fruits?limit=1e2", 422, "limit"),
        ("/v1/fruits?limit=", 422, "limit"),
        ("/v1/fruits?limit=5&limit=5", 422, "limit"),
        ("/v1/fruits?cursor=CANARY", 422, "cursor"),
        (f"/v1/fruits?cursor={'A' * 3000}", 422, "cursor"),
        (f"/v1/baskets/{ITEM}?anything=1", 422, "anything"),
    ],
)
async def test_query(anna: httpx2.AsyncClient, url: str, status: int, parameter: str | None) -> None:
    answer = await anna.get(url)
    assert answer.status_code == status, answer.text
    assert "CANARY" not in answer.text
    if parameter is not None:
        assert parameter in [one.get("parameter") for one in answer.json()["errors"]]


async def test_a_command_without_parameters_takes_none(anna: httpx2.AsyncClient, service: Service) -> None:
    answer = await anna.post(f"{SHARE}?dry=1", json={"audience": {"kind": "manager"}})
    assert answer.status_code == 422
    assert service.calls == []
