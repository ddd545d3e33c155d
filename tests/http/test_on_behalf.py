"""A service account acts on behalf of a person as far as its token's scopes allow; both stand in what is recorded."""

import pytest

from shared.auth.callers import on_whose_behalf
from shared.http.limits import Limits, Rate
from tests.http.sample import ANNA, ITEM, SHARE, Service, client_of, sample_app
from tests.http.test_limits import Clock

BASKET, FIND, MANAGER = f"/v1/baskets/{ITEM}", "/v1/fruits/find", {"audience": {"kind": "manager"}}


@pytest.mark.parametrize(
    ("scopes", "reads", "commands"),
    [("", 403, 403), (" act:read", 200, 403), (" act:write", 403, 200), (" act:read act:write", 200, 200)],
)
async def test_without_the_scope_there_is_nothing(service: Service, scopes: str, reads: int, commands: int) -> None:
    async with client_of(sample_app(service), f"anna@app{scopes}") as app:
        assert (await app.get(BASKET)).status_code == reads
        assert (await app.post(FIND, json={})).status_code == reads
        assert (await app.post(SHARE, json=MANAGER)).status_code == commands


async def test_what_the_person_may_not_do_is_not_done_for_them(service: Service) -> None:
    async with client_of(sample_app(service), "anna@app act:read act:write") as app:
        assert (await app.delete(BASKET)).status_code == 403
        assert (await app.post("/v1/imports")).status_code == 403
    assert service.calls == []


async def test_both_stand_in_what_is_recorded(service: Service) -> None:
    async with client_of(sample_app(service), "anna@app act:write") as app:
        await app.post(SHARE, json=MANAGER)
    by = service.calls[-1].origin.by
    assert by == f"{ANNA} via service:app"
    assert on_whose_behalf(by) == str(ANNA)
    assert on_whose_behalf("service:hr") == "service:hr"


async def test_the_same_key_of_the_person_and_of_two_services_are_three(service: Service) -> None:
    keys = set()
    for who in ("anna", "anna@app act:write", "anna@web act:write"):
        async with client_of(sample_app(service), who) as client:
            await client.post(SHARE, json=MANAGER, headers={"idempotency-key": "one"})
        assert service.key is not None
        keys.add(service.key.key)
    assert len(keys) == 3


async def test_what_is_sent_on_behalf_counts_for_who_sends_it(service: Service) -> None:
    app = sample_app(service, limits=Limits(person=Rate(1, 1), service=Rate(1, 2), clock=Clock()))
    async with client_of(app, "anna@app act:read") as acting, client_of(app) as anna:
        assert [(await acting.get(BASKET)).status_code for _ in range(3)] == [200, 200, 429]
        assert [(await anna.get(BASKET)).status_code for _ in range(2)] == [200, 429]


async def test_the_scope_is_told(service: Service) -> None:
    paths = sample_app(service).openapi()["paths"]
    assert "`act:read`" in paths["/v1/baskets/{basket}"]["get"]["description"]
    assert "`act:read`" in paths["/v1/fruits/find"]["post"]["description"]
    assert "`act:write`" in paths["/v1/baskets"]["post"]["description"]
    assert "act:" not in paths["/v1/imports"]["post"]["description"]
    assert "act:" not in paths["/v1/fruits/quantity"]["get"]["description"]
