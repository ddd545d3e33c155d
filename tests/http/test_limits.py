"""Who calls too often is told to wait, and for how long; nobody else notices."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.auth import NOBODY, Caller
from shared.http import limits as limits_module
from shared.http.limits import MOST_OF_PERSON, UNLIMITED, Buckets, Limits, Rate
from shared.http.problems import TooManyRequests
from shared.service import Settings
from tests.http.sample import ANNA, BEN, ITEM, SHARE, Service, client_of, sample_app

MANAGER = {"audience": {"kind": "manager"}}
PERSON = Caller(str(ANNA), person=ANNA)
ACCOUNT = Caller("service:files", service="files")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(limits: Limits, caller: Caller) -> int | None:
    """The seconds to wait, where a request of a caller is refused."""
    try:
        limits.count(caller)
    except TooManyRequests as too_many:
        return too_many.retry_after
    return None


def test_so_many_at_once_then_so_many_a_second(clock: Clock) -> None:
    limits = Limits(person=Rate(2, 5), clock=clock)
    assert [refused(limits, PERSON) for _ in range(7)] == [None] * 5 + [1] * 2
    clock.now += 1
    assert [refused(limits, PERSON) for _ in range(3)] == [None] * 2 + [1]
    clock.now += 3600
    assert [refused(limits, PERSON) for _ in range(6)] == [None] * 5 + [1]


def test_who_waits_as_told_gets_in(clock: Clock) -> None:
    buckets = Buckets(Rate(1, 1), clock)
    assert buckets.take("anna") == 0
    clock.now += 0.25
    wait = buckets.take("anna")
    assert wait == 1
    clock.now += wait
    assert buckets.take("anna") == 0


def test_a_caller_takes_nothing_from_another(clock: Clock) -> None:
    limits = Limits(person=Rate(1, 1), service=Rate(1, 1), clock=clock)
    other = Caller("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0002")
    assert [refused(limits, who) for who in (PERSON, PERSON, other, ACCOUNT, ACCOUNT)] == [None, 1, None, None, 1]


def test_without_a_rate_there_is_no_limit(clock: Clock) -> None:
    limits = Limits(person=Rate(1, 1), clock=clock)
    assert {refused(limits, ACCOUNT) for _ in range(1000)} == {None}


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 40)), max_size=200), st.integers(1, 5))
def test_forgetting_idle_buckets_changes_no_answer(calls: list[tuple[str, int]], at_once: int) -> None:
    """As by a bucket of tokens for each, kept for ever; times in quarters of a second, which floats hold exactly."""
    clock = Clock()
    buckets = Buckets(Rate(4, at_once), clock)
    left: dict[str, tuple[float, float]] = {}
    for who, quarters in calls:
        clock.now += quarters / 4
        tokens, since = left.get(who, (float(at_once), clock.now))
        tokens = min(at_once, tokens + (clock.now - since) * 4)
        allowed = tokens >= 1
        left[who] = (tokens - 1 if allowed else tokens, clock.now)
        assert (buckets.take(who) == 0) is allowed


def test_memory_is_bounded(clock: Clock) -> None:
    buckets = Buckets(Rate(1, 100), clock, most=10)
    sizes = set()
    for number in range(100):
        buckets.take(f"caller {number}")
        sizes.add(len(buckets))
    assert max(sizes) == 10
    for _ in range(3):  # two turns, and whoever came before is not held any more
        clock.now += 100
        buckets.take("anna")
    assert len(buckets) <= 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::2%eth1"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
def test_strangers_of_one_address_share_a_limit(clock: Clock, one: str, other: str) -> None:
    limits = Limits(address=Rate(1, 1), clock=clock)
    limits.count_stranger(one)
    with pytest.raises(TooManyRequests):
        limits.count_stranger(other)


@pytest.mark.parametrize(("one", "other"), [("192.0.2.7", "192.0.2.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1")])
def test_strangers_of_two_addresses_do_not(clock: Clock, one: str, other: str) -> None:
    limits = Limits(address=Rate(1, 1), clock=clock)
    limits.count_stranger(one)
    limits.count_stranger(other)


async def test_too_many_requests_are_answered_so(service: Service, clock: Clock) -> None:
    async with client_of(sample_app(service, limits=Limits(person=Rate(1, 2), clock=clock))) as anna:
        for _ in range(2):
            assert (await anna.get(f"/v1/baskets/{ITEM}")).status_code == 200
        answer = await anna.post(SHARE, json=MANAGER)
        assert answer.status_code == 429
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["code"] == "too-many-requests"
        assert len(service.calls) == 2
        clock.now += 1
        assert (await anna.post(SHARE, json=MANAGER)).status_code == 200


async def test_what_is_refused_counts_as_well(service: Service, clock: Clock) -> None:
    async with client_of(sample_app(service, limits=Limits(person=Rate(1, 1), clock=clock))) as anna:
        assert (await anna.delete(f"/v1/baskets/{ITEM}")).status_code == 403
        assert (await anna.delete(f"/v1/baskets/{ITEM}")).status_code == 429


@pytest.mark.parametrize(("who", "path"), [("", f"/v1/baskets/{ITEM}"), ("", "/v1/fruits/quantity")])
async def test_who_is_not_known_is_counted_by_address(service: Service, clock: Clock, who: str, path: str) -> None:
    async with client_of(sample_app(service, limits=Limits(address=Rate(1, 1), clock=clock)), who) as anyone:
        first = await anyone.get(path)
        assert first.status_code in (200, 401)
        assert (await anyone.get(path)).status_code == 429


async def test_who_is_known_is_not_counted_by_address(service: Service, clock: Clock) -> None:
    async with client_of(sample_app(service, limits=Limits(address=Rate(1, 1), clock=clock))) as anna:
        for _ in range(5):
            assert (await anna.get(f"/v1/baskets/{ITEM}")).status_code == 200


async def test_one_caller_has_so_many_under_way_and_keeps_nobody_else_out(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "MOST_OF_PERSON", 1)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    service.does = wait
    app = sample_app(service, limits=Limits(person=Rate(100, 100), clock=clock))
    async with client_of(app) as anna:
        first = asyncio.ensure_future(anna.post(SHARE, json=MANAGER))
        await asyncio.wait_for(begun.wait(), 5)
        answer = await anna.post(SHARE, json=MANAGER)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        go_on.set()
        assert (await first).status_code == 200
        assert (await anna.post(SHARE, json=MANAGER)).status_code == 200


@pytest.mark.parametrize("other", ["ben", "service", "on behalf", "nobody"])
def test_what_one_caller_has_under_way_is_no_matter_for_another(clock: Clock, other: str) -> None:
    callers = {
        "ben": Caller(str(BEN), person=BEN),
        "service": ACCOUNT,
        "on behalf": Caller(str(ANNA), person=ANNA, actor="files"),
        "nobody": NOBODY,
    }
    limits = Limits(person=Rate(1, 1), service=Rate(1, 1), clock=clock)
    held = [limits.begin(PERSON) for _ in range(MOST_OF_PERSON)]
    with pytest.raises(TooManyRequests):
        limits.begin(PERSON)
    limits.end(limits.begin(callers[other]))
    for one in held:
        limits.end(one)
    limits.end(limits.begin(PERSON))


async def test_pages_of_the_kernels_own_have_no_limit(service: Service, clock: Clock) -> None:
    limits = Limits(person=Rate(1, 1), address=Rate(1, 1), clock=clock)
    async with client_of(sample_app(service, limits=limits), "") as anyone:
        for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems/not-found") * 3:
            assert (await anyone.get(path)).status_code == 200


REQUIRED: dict[str, Any] = {
    "database_url": "",
    "keys_url": "",
    "kafka_bootstrap_servers": "",
    "issuer_url": "",
    "master_key_file": "/dev/null",
    "secret_file": "/dev/null",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in UNLIMITED:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_setting_sizes_the_limits(settings: pytest.MonkeyPatch) -> None:
    usual = Settings(**REQUIRED)
    assert (usual.rate_person, usual.rate_service, usual.rate_address) == (
        Rate(50, 200),
        Rate(500, 2000),
        Rate(200, 1000),
    )
    settings.setenv("RATE_PERSON", "7/9")
    assert Settings(**REQUIRED).rate_person == Rate(7, 9)
    for name in UNLIMITED:
        settings.setenv(name, "0")
    off = Settings(**REQUIRED)
    assert (off.rate_person, off.rate_service, off.rate_address) == (None, None, None)


@pytest.mark.parametrize("text", ["", "50", "0/5", "5/0", "-1/5", "1/2/3", "a/b", "0.5/1", "9999999/1", " 5/5"])
def test_a_rate_without_meaning_is_refused(settings: pytest.MonkeyPatch, text: str) -> None:
    settings.setenv("RATE_PERSON", text)
    with pytest.raises(ValidationError):
        Settings(**REQUIRED)
