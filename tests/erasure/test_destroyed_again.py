"""A key database that was restored has keys that were destroyed since its backup: they go again by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.profiles import erasing, erasure
from services.profiles.app import SERVICE
from services.profiles.erasing import ASKED
from shared.contracts.event import Sealed
from shared.contracts.profiles import Aspiration, AspirationRecorded
from shared.sealing.sealer import UNAVAILABLE
from shared.streams import Origin
from tests.api.stage import Stage, stage

TODAY = datetime.now(UTC).date()


async def test_the_worker_destroys_again_when_it_starts(database_url: str) -> None:
    async with stage(database_url, SERVICE) as on:
        erased, other = uuid4(), uuid4()
        gone, whole = await _said(on, erased, other)
        await _erased(on, erased)
        async with _worker(on):
            await _unreadable(on, gone)
        assert (await on.parts.sealer.unseal([whole]))[whole]["text"] == "Lead the customer team"


async def test_an_erasure_that_waits_for_a_service_has_its_keys_destroyed_again(database_url: str) -> None:
    async with stage(database_url, SERVICE) as on:
        person, under_way = uuid4(), uuid4()
        [gone] = await _said(on, person)
        for command in (
            erasure.RequestErasure(
                under_way,
                person,
                "words",
                "asked_by_the_person",
                asked_by=person,
                employed=True,
                comes_back=False,
                on=TODAY,
            ),
            erasure.NoteKeysDestroyed(under_way, 1, TODAY),
        ):
            await on.parts.streams.execute(erasure.DECIDER, erasure.record_id(person), command, Origin("erasure"))
        await on.parts.pool.execute(ASKED, under_way, person, "words")
        async with _worker(on):
            await _unreadable(on, gone)


async def test_however_few_are_destroyed_again_at_once_all_are(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", 1)
    monkeypatch.setattr(erasing, "POLL", 0.0)
    async with stage(database_url, SERVICE) as on:
        people = [uuid4() for _ in range(5)]
        words = await _said(on, *people)
        for person in people:
            await _erased(on, person)
        async with _worker(on):
            await _unreadable(on, *words)


async def _said(on: Stage, *people: UUID) -> list[Sealed]:
    words = Aspiration(grain="role", certainty="likely", text="Lead the customer team")
    said = [
        AspirationRecorded(aspiration=uuid4(), person=person, effective_on=TODAY, content=words) for person in people
    ]
    return [cast("Sealed", AspirationRecorded.read(body).content) for body in await on.parts.sealer.write(said)]


async def _erased(on: Stage, person: UUID) -> None:
    """As a restore leaves it: profiles knows of the erasure, the key database does not."""
    done = uuid4()
    await on.parts.pool.execute(ASKED, done, person, "words")
    await on.parts.pool.execute("update erasures set complete = true where erasure = $1", done)


@asynccontextmanager
async def _worker(on: Stage) -> AsyncIterator[None]:
    run: asyncio.Future[Any] = asyncio.ensure_future(SERVICE.work(on.parts).tasks["erasures"]())
    try:
        yield
        assert not run.done()
    finally:
        run.cancel()
        await asyncio.wait({run})


async def _unreadable(on: Stage, *words: Sealed) -> None:
    async with asyncio.timeout(30):
        while any(clear is not UNAVAILABLE for clear in (await on.parts.sealer.unseal(words)).values()):
            await asyncio.sleep(0.01)
