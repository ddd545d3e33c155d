"""Idempotency-Key becomes two MACs: one for caller, route and key, one for what was asked."""

import httpx2
import pytest

from shared.eventstore import CommandKey
from tests.http.sample import BEN, ITEM, SHARE, Service, client_of, sample_app

BODY = b'{"audience":{"kind":"manager"},"note":"words"}'


async def key_of(service: Service, who: str, path: str, body: bytes, key: str, *, method: str = "POST") -> CommandKey:
    async with client_of(sample_app(service), who) as client:
        answer = await client.request(
            method,
            path,
            content=body,
            headers={"content-type": "application/json", "idempotency-key": key, "if-match": '"1"'},
        )
    assert answer.is_success, answer.text
    assert service.key is not None
    return service.key


async def test_the_same_again_has_the_same_key_and_fingerprint(service: Service) -> None:
    first = await key_of(service, "anna", SHARE, BODY, "k1")
    spaced = b' {"note": "words", "audience": {"kind": "manager"}} '
    assert await key_of(service, "anna", SHARE, BODY, "k1") == first
    assert await key_of(service, "anna", SHARE, spaced, "k1") == first


@pytest.mark.parametrize(
    ("who", "path", "method", "key"),
    [("ben", SHARE, "POST", "k1"), ("anna", f"/v1/baskets/{ITEM}", "PUT", "k1"), ("anna", SHARE, "POST", "k2")],
)
async def test_a_key_belongs_to_one_caller_and_route(
    service: Service, who: str, path: str, method: str, key: str
) -> None:
    first = await key_of(service, "anna", SHARE, BODY, "k1")
    other = await key_of(service, who, path, BODY, key, method=method)
    assert other.key != first.key


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SHARE, BODY.replace(b"words", b"other words")),
        (SHARE, BODY.replace(b'"note"', b'"title"')),
        (SHARE.replace(str(ITEM), str(BEN)), BODY),
    ],
)
async def test_something_else_under_the_same_key_has_another_fingerprint(
    service: Service, path: str, body: bytes
) -> None:
    first = await key_of(service, "anna", SHARE, BODY, "k1")
    other = await key_of(service, "anna", path, body, "k1")
    assert other.key == first.key
    assert other.fingerprint != first.fingerprint


async def test_neither_half_can_be_read(service: Service) -> None:
    made = await key_of(service, "anna", SHARE, BODY, "my-own-key")
    assert len(made.key) == len(made.fingerprint) == 16
    assert b"my-own" not in made.key + made.fingerprint


async def test_without_the_header_there_is_no_key(anna: httpx2.AsyncClient, service: Service) -> None:
    await anna.post(SHARE, content=BODY, headers={"content-type": "application/json"})
    assert service.key is None
    assert service.calls[-1].origin.key is None


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "é"])
async def test_a_key_is_one_printable_word(anna: httpx2.AsyncClient, service: Service, key: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"idempotency-key", key.encode())]
    answer = await anna.post(SHARE, content=BODY, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["header"] == "Idempotency-Key"
    assert service.calls == []
