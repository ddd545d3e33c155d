"""The issuer's keys: found, kept, changed, and never fetched more often than is decent."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from shared.auth.issuer import KEEP, PAUSE, IssuerUnavailable
from shared.auth.tokens import InvalidToken
from tests.auth.issuing import URL, Clock, FakeIssuer, ec, issuer_of, okp, rsa


async def test_a_key_is_found_by_discovery() -> None:
    fake = FakeIssuer()
    issuer = issuer_of(fake)
    assert not issuer.ready
    assert (await issuer.key("rsa")).kid == "rsa"
    assert (await issuer.key("ec")).kid == "ec"
    assert issuer.ready
    assert fake.asked == 1


async def test_without_an_id_the_only_key_is_meant() -> None:
    fake = FakeIssuer(keys=[rsa().as_dict(private=False)])
    assert (await issuer_of(fake).key(None)).kid == "rsa"
    with pytest.raises(InvalidToken):
        await issuer_of(FakeIssuer()).key(None)


async def test_invented_key_ids_do_not_make_us_ask_again() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    for number in range(100):
        with pytest.raises(InvalidToken):
            await issuer.key(f"invented-{number}")
    assert fake.asked == 1
    clock.now += PAUSE + 1
    with pytest.raises(InvalidToken):
        await issuer.key("invented")
    assert fake.asked == 2


async def test_many_at_once_wait_for_one_answer() -> None:
    fake = FakeIssuer()
    issuer = issuer_of(fake)
    found = await asyncio.gather(*(issuer.key("rsa") for _ in range(50)))
    assert len(found) == 50
    assert fake.asked == 1


async def test_a_caller_who_gives_up_does_not_stop_the_others() -> None:
    fake = FakeIssuer()
    issuer = issuer_of(fake)
    impatient = asyncio.ensure_future(issuer.key("rsa"))
    patient = asyncio.ensure_future(issuer.key("rsa"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).kid == "rsa"


async def test_a_new_key_is_found_and_an_old_one_forgotten() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    await issuer.key("rsa")
    before = issuer.changes
    fake.keys = [ec().as_dict(private=False), rsa("rotated").as_dict(private=False)]
    clock.now += PAUSE + 1
    assert (await issuer.key("rotated")).kid == "rotated"
    assert issuer.changes == before + 1
    with pytest.raises(InvalidToken):
        await issuer.key("rsa")


async def test_the_same_keys_again_are_no_change() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    await issuer.refresh()
    clock.now += PAUSE + 1
    await issuer.refresh()
    assert (fake.asked, issuer.changes) == (2, 1)


async def test_keys_are_kept_for_a_time_while_the_issuer_is_away() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    await issuer.key("rsa")
    fake.down = True
    clock.now += KEEP - 1
    assert (await issuer.key("rsa")).kid == "rsa"
    clock.now += 2
    assert not issuer.ready
    with pytest.raises(IssuerUnavailable):
        await issuer.key("rsa")
    fake.down = False
    clock.now += PAUSE + 1
    assert (await issuer.key("rsa")).kid == "rsa"


async def test_while_the_issuer_is_away_a_key_that_is_not_known_may_be_a_new_one() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    await issuer.key("rsa")
    fake.down = True
    fake.keys = [rsa("rotated").as_dict(private=False)]
    clock.now += PAUSE + 1
    before = fake.tried
    for kid in ("rotated", "invented", None):
        with pytest.raises(IssuerUnavailable) as refused:
            await issuer.key(kid)
        assert refused.value.retry_after
    assert fake.tried == before + 1
    assert (await issuer.key("rsa")).kid == "rsa"
    fake.down = False
    clock.now += PAUSE + 1
    assert (await issuer.key("rotated")).kid == "rotated"
    with pytest.raises(InvalidToken):
        await issuer.key("invented")


async def test_while_the_issuer_does_not_answer_nobody_waits_for_what_has_failed_before() -> None:
    fake, clock = FakeIssuer(), Clock()
    issuer = issuer_of(fake, clock)
    await issuer.key("rsa")
    fake.down = True
    clock.now += PAUSE + 1
    await issuer.refresh()
    fake.silent = asyncio.Event()
    clock.now += PAUSE + 1
    looking = asyncio.ensure_future(issuer.refresh())
    await asyncio.sleep(0)
    with pytest.raises(IssuerUnavailable):
        await asyncio.wait_for(issuer.key("rotated"), 1)
    fake.silent.set()
    await looking


async def test_without_any_keys_nobody_is_let_in_and_nobody_waits() -> None:
    fake = FakeIssuer(down=True)
    issuer = issuer_of(fake)
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            await issuer.key("rsa")


@pytest.mark.parametrize(
    "change",
    [
        {"discovery": {"issuer": "https://evil.example", "jwks_uri": f"{URL}/keys"}},
        {"discovery": {"issuer": f"{URL}/", "jwks_uri": f"{URL}/keys"}},
        {"discovery": {"issuer": URL}},
        {"discovery": {"issuer": URL, "jwks_uri": "http://issuer.example/keys"}},
        {"discovery": {"issuer": URL, "jwks_uri": "file:///etc/passwd"}},
        {"discovery": {"issuer": URL, "jwks_uri": ["https://issuer.example/keys"]}},
        {"redirect": True},
        {"body": b"not json"},
        {"body": b"[]"},
        {"body": b'{"keys":{}}'},
        {"body": b'{"keys":["x",null,{}]}'},
        {"body": b'{"keys":[]}'},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "kid": ["rsa"]}]}).encode()},
        {"body": b"x" * 300_000},
        {"body": json.dumps({"keys": [{"kty": "oct", "kid": "rsa", "k": "c2VjcmV0"}]}).encode()},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "use": "enc"}]}).encode()},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "key_ops": ["encrypt"]}]}).encode()},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "n": "!"}]}).encode()},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "e": "AQ"}]}).encode()},
        {"body": json.dumps({"keys": [{**rsa().as_dict(private=False), "e": "AA"}]}).encode()},
        {
            "body": json.dumps(
                {"keys": [{**ec().as_dict(private=False), "y": ec().as_dict(private=False)["x"]}]}
            ).encode()
        },
        {"body": json.dumps({"keys": [{**ec().as_dict(private=False), "crv": "P-384"}]}).encode()},
        {"body": json.dumps({"keys": [{**okp().as_dict(private=False), "x": "AA"}]}).encode()},
        {"body": json.dumps({"keys": [rsa("weak", 1024).as_dict(private=False)]}).encode()},
    ],
)
async def test_what_is_no_set_of_public_keys_is_none(change: dict[str, Any]) -> None:
    issuer = issuer_of(FakeIssuer(**change))
    await issuer.refresh()
    assert not issuer.ready


async def test_a_private_key_published_by_mistake_is_taken_as_its_public_half() -> None:
    fake = FakeIssuer(keys=[okp().as_dict(private=True)])
    key = await issuer_of(fake).key("okp")
    assert not key.is_private


async def test_keys_are_read_again_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.auth.issuer.REFRESH", 0.0)
    monkeypatch.setattr("shared.auth.issuer.PAUSE", 0.0)
    asked_enough = asyncio.Event()

    class Counting(FakeIssuer):
        def answer(self, request: httpx2.Request) -> httpx2.Response:
            if self.asked >= 3:
                asked_enough.set()
            return super().answer(request)

    running = asyncio.ensure_future(issuer_of(Counting()).run())
    await asyncio.wait_for(asked_enough.wait(), 5)
    running.cancel()
