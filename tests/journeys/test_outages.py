"""Kafka or PostgreSQL gone: who says what meanwhile, and that everything comes back by itself."""

import os
import signal
import time
from collections.abc import Iterator

import httpx2
import pytest

from deploy.local.state import State
from tests.journeys.house import House, opened

WISH = {"grain": "theme", "certainty": "exploring", "text": "Work with people more"}
DEADLINE = 12.0
"""Seconds within which every caller has an answer: the API's ten, and the way."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with servers of its own, which may be killed."""
    nothing = {"DATABASE_URL": "", "KAFKA_BOOTSTRAP_SERVERS": ""}
    with opened(tmp_path_factory.mktemp("own"), nothing) as house:
        yield house


def pid(house: House, part: str) -> int:
    state = State.load(house.folder)
    assert state is not None
    return state.parts[part].pid


def ready(url: str) -> tuple[int, str]:
    try:
        answer = httpx2.get(f"{url}/readyz", timeout=10, trust_env=False)
    except httpx2.HTTPError:
        return 0, ""
    return answer.status_code, answer.text


def worker(house: House) -> str:
    state = State.load(house.folder)
    assert state is not None
    return state.parts["profiles-worker"].url


def test_without_kafka_commands_go_on_and_are_seen_when_it_is_back(own):
    amina = own.hire()
    path = f"/v1/people/{amina.id}/aspirations"
    broker = pid(own, "kafka")
    os.kill(broker, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        wish = amina.post("profiles", path, WISH)
        assert wish.status == 201
        late = amina.get("profiles", path, after=wish.after)
        assert (late.status, late.code) == (503, "not-yet")
        assert time.monotonic() - begun < DEADLINE
        assert ready(own.urls["profiles"])[0] == 200
        own.until(lambda: ready(worker(own))[0] == 503, seconds=40)
    finally:
        os.kill(broker, signal.SIGCONT)
    seen = own.until(
        lambda: [a for a in [amina.get("profiles", path, after=wish.after)] if a.status == 200], seconds=60
    )
    assert [one["aspiration"] for one in seen[0].body["items"]] == [wish.id]
    own.until(lambda: ready(worker(own))[0] == 200, seconds=60)


def test_a_broker_that_was_killed_comes_back_and_nothing_is_lost(own):
    amina = own.hire()
    path = f"/v1/people/{amina.id}/aspirations"
    os.kill(pid(own, "kafka"), signal.SIGKILL)
    wishes = [amina.post("profiles", path, WISH) for _ in range(5)]
    assert {wish.status for wish in wishes} == {201}
    last = wishes[-1].after
    seen = own.until(lambda: [a for a in [amina.get("profiles", path, after=last)] if a.status == 200], seconds=60)
    assert {one["aspiration"] for one in seen[0].body["items"]} == {wish.id for wish in wishes}


def test_without_postgresql_every_caller_has_an_answer_in_time_and_it_recovers(own):
    amina = own.hire()
    path = f"/v1/people/{amina.id}/aspirations"
    before = pid(own, "postgres")
    os.kill(before, signal.SIGKILL)
    begun = time.monotonic()
    answer = amina.post("profiles", path, WISH)
    assert time.monotonic() - begun < DEADLINE
    assert answer.status in (201, 503, 504)
    if answer.status != 201:
        assert answer.headers["content-type"] == "application/problem+json"
    said: set[object] = set()

    def written() -> bool:
        answer = amina.post("profiles", path, WISH)
        said.add((answer.status, answer.body.get("code")))
        return bool(answer.status == 201)

    try:
        own.until(written, seconds=60)
    except AssertionError:
        raise AssertionError(said, ready(own.urls["profiles"])) from None
    own.until(lambda: ready(own.urls["profiles"])[0] == 200, seconds=60)
    assert pid(own, "postgres") != before
    own.until(
        lambda: amina.get("profiles", path, after=amina.post("profiles", path, WISH).after).status == 200, seconds=60
    )
