"""An import that is killed at any step goes on, others may write at the same time, and nobody is made twice."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.profiles.identity import AliasStreams, holder
from services.profiles.imports import worker
from services.profiles.imports.jobs import Jobs
from services.profiles.imports.staging import Staging
from services.profiles.imports.worker import LOCK, Importer
from shared.contracts.profiles import AliasClaimed, PersonJoined
from shared.eventstore import OutcomeUnknown
from shared.postgres import connect
from shared.sealing.keys import KeysUnavailable
from tests.imports.conftest import ADMIN, SECRET, Imports
from tests.imports.stories import history_file
from tests.imports.test_imports import PLAIN, UNITS

PEOPLE = 120


class Killed(BaseException):
    """The process is gone: nothing below catches it."""


def files() -> dict[str, bytes]:
    rows = []
    for number in range(PEOPLE):
        one = {
            **PLAIN,
            "employee_number": f"E{number}",
            "email": "",
            "manager": f"E{number // 8}" if number > 7 else "",
        }
        rows += [one, {**one, "title": "Lead", "effective_on": "2022-01-01"}]
    random.shuffle(rows)
    return {"units.csv": UNITS, "history.csv": history_file(rows)}


def dying(method: Callable[..., Awaitable[Any]], step: int, *, first: bool) -> Callable[..., Awaitable[Any]]:
    """The method, at whose `step`-th call the process dies: before it did anything, or after."""
    calls = 0

    async def call(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        mine = calls
        if mine == step and first:
            raise Killed
        answer = await method(*given, **more)
        if mine == step:
            raise Killed
        return answer

    return call


async def what_holds(imports: Imports) -> Counter[str]:
    """Everything that is known of everybody, without the ids that differ from one import to the next."""
    people = {number: await imports.person(f"E{number}") for number in range(PEOPLE)}
    numbers = {person: number for number, person in people.items()}
    found: Counter[str] = Counter()
    for number in people:
        known = await imports.known(f"E{number}")
        for fact in known.facts.values():
            words = fact.model_dump(exclude={"fact", "person"})
            words["manager"] = numbers.get(words["manager"]) if words.get("manager") else None
            found[f"{number} {fact.type} {words}"] += 1
        found[f"{number} {known.name} {known.language} {sorted(known.aliases)}"] += 1
    return found


@pytest.mark.parametrize(
    ("target", "method", "steps"),
    [
        (Jobs, "advance", (1, 2, 4, 6)),
        (Staging, "put", (2, 3)),
        (Staging, "resolve", (1, 2, 3)),
        (None, "append", (1, 4, 10)),
    ],
)
async def test_killed_at_any_step_it_goes_on_to_the_same_end(
    imports: Imports, monkeypatch: pytest.MonkeyPatch, target: Any, method: str, steps: tuple[int, ...]
) -> None:
    monkeypatch.setattr("services.profiles.imports.job.PAGE", 20)
    target = target or type(imports.stage.parts.store)
    whole = getattr(target, method)
    answer = await imports.send(files())
    died = 0
    for step in steps:
        for first in (True, False):
            monkeypatch.setattr(target, method, dying(whole, step, first=first))
            try:
                while await Importer(imports.stage.parts).work_once():
                    pass
            except Killed:
                died += 1
            monkeypatch.setattr(target, method, whole)
    while await Importer(imports.stage.parts).work_once():
        pass
    assert died >= len(steps)
    report = await imports.get(f"/v1/imports/{answer.json()['id']}")
    assert (report["state"], report["progress"]["people_done"]) == ("done", PEOPLE)
    recorded = await imports.log()
    assert sum(one.type == PersonJoined.type for one in recorded) == PEOPLE
    assert sum(one.type == AliasClaimed.type for one in recorded) == PEOPLE + 1
    held = await what_holds(imports)
    assert set(held.values()) == {1}
    again = await imports.bring(files())
    assert again["progress"]["events"] == {}


async def test_the_importer_outlives_every_way_in_which_its_connection_is_lost(
    imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[Exception] = [
        ConnectionResetError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError(),
    ]
    passed = asyncio.Event()

    async def work_once(_: Importer) -> bool:
        if losses:
            raise losses.pop()
        passed.set()
        return False

    monkeypatch.setattr(Importer, "work_once", work_once)
    monkeypatch.setattr(worker, "POLL", 0.01)
    running = asyncio.create_task(Importer(imports.stage.parts).run())
    try:
        async with asyncio.timeout(10):
            await passed.wait()
    finally:
        running.cancel()


async def test_a_lost_answer_is_looked_up_and_not_told_again(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    store = type(imports.stage.parts.store)
    whole, chance = store.append, random.Random(3)

    async def append(*given: Any) -> Any:
        answer = await whole(*given)
        if chance.random() < 0.2:
            raise OutcomeUnknown
        return answer

    monkeypatch.setattr(store, "append", append)
    report = await imports.bring(files())
    monkeypatch.setattr(store, "append", whole)
    assert report["state"] == "done"
    assert sum(one.type == PersonJoined.type for one in await imports.log()) == PEOPLE


async def test_who_is_reported_by_the_api_and_by_a_file_at_once_is_one_person(imports: Imports) -> None:
    await imports.send(files())
    headers = {"authorization": f"Bearer {ADMIN} admin"}

    async def report(number: int) -> int:
        body = {
            "employee_number": f"e{number}",
            "given_name": "Ana",
            "family_name": "Diaz",
            "language": "es",
            "joined_on": "2021-05-01",
        }
        return (await imports.client.post("/v1/people", json=body, headers=headers)).status_code

    work = asyncio.create_task(imports.importer.work_once())
    statuses: Counter[int] = Counter()
    for number in range(PEOPLE):
        statuses[await report(number)] += 1
    assert await work
    assert set(statuses) <= {201, 409}
    recorded = await imports.log()
    claims = [one for one in recorded if one.type == AliasClaimed.type]
    assert len({one.stream for one in claims}) == len(claims) == PEOPLE + 1
    joined = [one.subject for one in recorded if one.type == PersonJoined.type]
    assert len(set(joined)) == PEOPLE
    aliases = AliasStreams(SECRET)
    for number in range(PEOPLE):
        one = holder(await imports.stage.parts.store.read(aliases.stream("employee_number", f"E{number}")))
        assert one.person in joined
    again = await imports.bring(files())
    assert again["progress"]["events"] == {}


async def test_one_import_at_a_time(imports: Imports) -> None:
    """Whoever holds the lock works; another worker waits for it, and takes it when the holder is gone."""
    other = await connect(imports.stage.parts.settings.database_url)
    assert await other.fetchval("select pg_try_advisory_lock($1)", LOCK)
    job = (await imports.send(files())).json()["id"]
    running = asyncio.create_task(imports.importer.run())
    jobs = Jobs(imports.stage.parts.pool)

    async def waits_for_the_lock() -> bool:
        asked = (
            "select from pg_stat_activity where application_name = 'profiles imports' and datname = current_database()"
        )
        return bool(await other.fetch(asked))

    async def is_done() -> bool:
        found = await jobs.get(UUID(job))
        return found is not None and found.finished_at is not None

    try:
        await until(waits_for_the_lock)
        assert not await is_done()
        other.terminate()
        await until(is_done)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_passes_is_no_attempt(imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the keys are away, the job waits."""
    keys = imports.stage.parts.sealer._keys
    whole = keys.for_sealing

    async def away(*_: Any) -> Any:
        raise KeysUnavailable

    monkeypatch.setattr(keys, "for_sealing", away)
    job = (await imports.send(files())).json()["id"]
    for _ in range(30):
        with pytest.raises(KeysUnavailable):
            await imports.importer.work_once()
    monkeypatch.setattr(keys, "for_sealing", whole)
    assert await imports.importer.work_once()
    assert (await imports.get(f"/v1/imports/{job}"))["state"] == "done"


async def test_a_job_that_kills_its_worker_again_and_again_is_given_up(imports: Imports) -> None:
    job = (await imports.send(files())).json()["id"]
    await imports.stage.parts.pool.execute("update imports set attempts = 20")
    assert await imports.importer.work_once()
    assert (await imports.get(f"/v1/imports/{job}"))["state"] == "failed"
    assert not await imports.importer.work_once()


async def test_files_that_never_arrived_whole_are_forgotten(imports: Imports) -> None:
    await imports.send(files())
    pool = imports.stage.parts.pool
    await pool.execute("update imports set state = 'receiving', changed_at = now() - interval '2 hours'")
    assert not await imports.importer.work_once()
    assert await pool.fetch("select from imports") == []
    assert await pool.fetch("select from import_chunks") == []


async def test_what_files_were_called_is_forgotten_after_a_month(imports: Imports) -> None:
    rows = history_file([{**PLAIN, "country": "nowhere"}])
    report = await imports.bring({"units.csv": UNITS, "Zoé Martin, corrected.csv": rows})
    pool = imports.stage.parts.pool
    await pool.execute("update imports set finished_at = now() - interval '29 days'")
    assert not await imports.importer.work_once()
    assert (await imports.problems(report))[0][0] == "Zoé Martin, corrected.csv"

    await pool.execute("update imports set finished_at = now() - interval '31 days'")
    assert not await imports.importer.work_once()
    assert (await imports.problems(report))[0][0] == "job_history-2.csv"
    assert [file["name"] for file in (await imports.get("/v1/imports"))["items"][0]["files"]] == [
        "units-1.csv",
        "job_history-2.csv",
    ]
    assert "Zoé" not in str(await pool.fetch("select to_jsonb(imports) from imports"))


async def until(look: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await look():
            await asyncio.sleep(0.02)
