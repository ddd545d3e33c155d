"""An erasure among all else that goes on: writers, a model that is built anew, a topic that is behind, processes that
are killed at any step, and a file of HR's that names the person again."""

import asyncio
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.state import State
from services.projections.timeline import Timeline
from shared.contracts.erasure import SERVICES
from shared.kafka.cluster import Cluster
from shared.kafka.counts import Counts
from shared.kafka.rebuild import Rebuilt, rebuild
from shared.metrics import Metrics
from tests.journeys.canaries import Search, as_service
from tests.journeys.house import TODAY, Caller, House
from tests.journeys.test_erasure import WISH, erased, hired
from tests.journeys.test_imports import ended, send

DUE = (TODAY + timedelta(days=9)).isoformat()
WRITERS = 50
PACE = 1.0
"""Seconds between the writes of one: fifty are on their way at once, and no process is kept from all else."""


@pytest.fixture
def team(house: House) -> tuple[Caller, Caller, Caller]:
    return hired(house)


def left(house: House, word: str) -> Search:
    return asyncio.run(Search(house, word).everywhere())


def pid(house: House, part: str) -> int:
    state = State.load(house.folder)
    assert state is not None
    return state.parts[part].pid


@contextmanager
def writing(write: Callable[[int], Any]) -> Iterator[list[Any]]:
    """Fifty at once, again and again, until the block ends; gives what they were answered."""
    stop, answers = threading.Event(), []

    def one(number: int) -> None:
        answers.append(write(number))
        while not stop.wait(PACE):
            answers.append(write(number))

    with ThreadPoolExecutor(WRITERS) as pool:
        for number in range(WRITERS):
            pool.submit(one, number)
        try:
            yield answers
        finally:
            stop.set()


@pytest.mark.timeout(300)
def test_words_are_written_by_fifty_at_once_meanwhile(house, team):
    """What was written before it began is gone; what came later is either gone or whole, never in between."""
    amina, _, _ = team
    word = f"CANARY{uuid4().hex[:10]}"
    path = f"/v1/people/{amina.id}/aspirations"
    before = amina.post("profiles", path, {**WISH, "text": f"{word} before"})
    with writing(lambda number: amina.post("profiles", path, {**WISH, "text": f"{word} {number}"})) as answers:
        erased(house, amina, amina.id)
    assert {answer.status for answer in answers} <= {201}
    assert len(answers) > WRITERS
    assert amina.get("profiles", f"{path}/{before.id}", after=answers[-1].after).code == "not-found"
    for shown in amina.get("profiles", path, limit=200).body["items"]:
        assert shown["content"] is None or shown["content"]["text"].startswith(word)
    erased(house, amina, amina.id)
    seen = left(house, word)
    assert (seen.found, seen.sealed) == (set(), set())


@pytest.mark.timeout(300)
def test_others_write_about_somebody_who_is_erased_meanwhile(house, team):
    amina, ben, admin = team
    word = f"CANARY{uuid4().hex[:10]}"
    mine = {"party": "employee", "text": f"{word} mine", "due_on": DUE}
    his = {"party": "manager", "text": f"{word}-of-ben", "due_on": DUE}
    assert amina.post("conversations", f"/v1/people/{amina.id}/commitments", mine).status == 201
    made = ben.post("conversations", f"/v1/people/{amina.id}/commitments", his)
    assert made.status == 201
    house.told(f"/v1/people/{amina.id}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})

    def write(number: int) -> Any:
        if number % 2:
            return ben.post("conversations", f"/v1/commitments/{made.id}/keep")
        return house.hr.post(
            "profiles",
            f"/v1/people/{amina.id}/describe",
            {"given_name": f"{word} given", "family_name": f"{word} family", "language": "en"},
        )

    with writing(write) as answers:
        erased(house, admin, amina.id, "person", "end_of_retention")
    assert {answer.status for answer in answers} <= {200, 404, 409}
    assert house.hr.get("profiles", f"/v1/people/{amina.id}").code == "not-found"
    kept = ben.get("conversations", f"/v1/commitments/{made.id}")
    assert (kept.status, kept.body["text"]) == (200, f"{word}-of-ben"), "what Ben said is his"
    seen = left(house, f"{word} ")  # Ben's words have none of these
    assert (seen.found, seen.sealed) == (set(), set())


@pytest.mark.timeout(300)
def test_the_timeline_is_built_anew_meanwhile_and_afterwards(house, team):
    amina, _, _ = team
    word = f"CANARY{uuid4().hex[:10]}"
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", {**WISH, "text": word})
    amina.get("projections", f"/v1/people/{amina.id}/timeline", after=wish.after)

    async def again() -> Rebuilt:
        cluster = Cluster(house.env["KAFKA_BOOTSTRAP_SERVERS"], "anew", house.given["TOPIC_PREFIX"])
        async with as_service(house, "projections") as parts:
            url = parts.settings.database_url
            return await rebuild(url, cluster, Timeline(), Counts(Metrics("anew")), accept_differences=False)

    done: list[Rebuilt] = []
    stop = threading.Event()

    def keep_building() -> None:
        while not stop.is_set():
            done.append(asyncio.run(again()))

    building = threading.Thread(target=keep_building)
    building.start()
    try:
        erased(house, amina, amina.id)
    finally:
        stop.set()
        building.join()
    done.append(asyncio.run(again()))
    assert [(list(one.differences), one.switched) for one in done] == [([], True)] * len(done)

    def kinds() -> set[str]:
        return {entry["kind"] for entry in amina.get("projections", f"/v1/people/{amina.id}/timeline").body["items"]}

    house.until(lambda: {"aspiration_recorded", "words_erased"} <= kinds())
    seen = left(house, word)
    assert (seen.found, seen.sealed) == (set(), set())


@pytest.mark.timeout(300)
def test_a_topic_that_is_behind_brings_nothing_back(house, team):
    """The conversations that were recorded are published only when the erasure is under way already."""
    amina, _, _ = team
    word = f"CANARY{uuid4().hex[:10]}"
    worker = pid(house, "conversations-worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        promise = {"party": "employee", "text": word, "due_on": DUE}
        promised = amina.post("conversations", f"/v1/people/{amina.id}/commitments", promise)
        assert promised.status == 201
        asked = amina.post("profiles", f"/v1/people/{amina.id}/erasures", {"scope": "words"})
        path = f"/v1/people/{amina.id}/erasures/{asked.id}"

        def done() -> set[str]:
            services = amina.get("profiles", path).body["services"]
            return {one["service"] for one in services if one["cleaned"]}

        house.until(lambda: {"profiles", "opportunities"} <= done(), 60)
        assert not {"conversations", "projections"} & done()
    finally:
        os.kill(worker, signal.SIGCONT)
    house.until(lambda: amina.get("profiles", path).body["state"] == "complete", 60)
    shown = amina.get("conversations", f"/v1/people/{amina.id}/commitments").body["items"]
    assert [one["text"] for one in shown] == [None]
    story = amina.get("projections", f"/v1/people/{amina.id}/timeline", after=promised.after).body["items"]
    assert "commitment_made" in {entry["kind"] for entry in story}
    seen = left(house, word)
    assert (seen.found, seen.sealed) == (set(), set())


@pytest.mark.timeout(300)
def test_who_is_killed_at_any_step_goes_on_from_there(house, team, seed):
    amina, _, _ = team
    word = f"CANARY{uuid4().hex[:10]}"
    chance = random.Random(seed)
    amina.post("profiles", f"/v1/people/{amina.id}/aspirations", {**WISH, "text": word})
    asked = amina.post("profiles", f"/v1/people/{amina.id}/erasures", {"scope": "words"})
    path = f"/v1/people/{amina.id}/erasures/{asked.id}"
    steps = ["asked", "keys_destroyed", "cleaning"]

    def further(step: str) -> bool:
        found = amina.get("profiles", path)
        return found.status == 200 and [*steps, "complete"].index(found.body["state"]) >= steps.index(step)

    for step in steps:
        house.until(partial(further, step), 60)
        for service in chance.sample(SERVICES, 3):
            with suppress(ProcessLookupError):  # it was killed at the step before, and is not back yet
                os.kill(pid(house, f"{service}-worker"), signal.SIGKILL)
    house.until(lambda: amina.get("profiles", path).body["state"] == "complete", 120)
    seen = left(house, word)
    assert (seen.found, seen.sealed) == (set(), set())

    def told() -> int:
        story = amina.get("projections", f"/v1/people/{amina.id}/timeline").body["items"]
        return [entry["kind"] for entry in story].count("words_erased")

    house.until(told)
    assert told() == 1


@pytest.mark.timeout(300)
def test_tomorrows_file_does_not_bring_them_back(house, team):
    amina, _, admin = team
    known = amina.get("profiles", f"/v1/people/{amina.id}").body
    units = house.hr.get("profiles", "/v1/units", limit=200).body["items"]
    number, unit = known["employee_number"], next(one["code"] for one in units if one["unit"] == known["unit"])
    house.told(f"/v1/people/{amina.id}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})
    erased(house, admin, amina.id, "person", "end_of_retention")
    word = f"CANARY{uuid4().hex[:10]}"
    rows = "employee_number,given_name,family_name,unit,title,legal_entity,country,time_zone,effective_on,reason"
    row = f"{number},{word},{word},{unit},Engineer,FR01,FR,Europe/Paris,2024-01-01,hire"
    report = ended(house, send(house, {"job_history.csv": f"{rows}\n{row}\n".encode()}, take_good_rows="true"))
    problems = house.hr.get("profiles", f"/v1/imports/{report['id']}/problems").body["items"]
    assert [one["code"] for one in problems] == ["erased"], (report, problems)
    assert house.hr.get("profiles", f"/v1/people/{number}").code == "not-found"
    seen = left(house, word)
    assert (seen.found, seen.sealed) == (set(), set())
    assert UUID(amina.id).hex not in str(house.hr.get("profiles", "/v1/people", limit=200).body)
