"""Notes of reads get into the table, whatever the database does meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
import structlog
import time_machine

from shared.audit import AuditUnavailable, Book, Reader, Shown, book, entries, read_by_oneself, readers
from shared.auth.callers import Caller
from shared.http import Page
from shared.postgres import Pool
from tests.kafka.conftest import until

PERSON, RECORD = uuid4(), uuid4()
SAM, LEA = Caller("sam", uuid4()), Caller("lea", uuid4())
SHOWN = Shown("aspiration", RECORD, PERSON, "my_manager")


@contextlib.asynccontextmanager
async def running(notes: Book) -> AsyncIterator[None]:
    task = asyncio.ensure_future(notes.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def numbers(pool: Pool) -> int:
    return int((await pool.fetch("select count(*) from audit.reads"))[0][0])


async def test_who_has_seen_a_record_is_told_by_days(pool: Pool) -> None:
    notes = Book(pool)
    with time_machine.travel("2026-03-01T23:30+00:00", tick=False) as clock:
        notes.note(LEA, [SHOWN, SHOWN._replace(record=uuid4())])
        notes.note(SAM, [SHOWN])
        clock.shift(timedelta(hours=1))
        notes.note(SAM, [SHOWN])
    await notes.flush()
    first, second = (await readers(pool, PERSON, RECORD)).items
    assert first == Reader(
        kind="aspiration",
        record=RECORD,
        reader="sam",
        actor=None,
        rule="my_manager",
        share=None,
        case_number=None,
        stands_in_for=None,
        first_on=date(2026, 3, 1),
        last_on=date(2026, 3, 2),
        times=2,
    )
    assert (second.reader, second.times) == ("lea", 1)
    assert await readers(pool, uuid4(), RECORD) == Page([])


async def test_readers_are_told_page_by_page_also_while_some_read_on(pool: Pool) -> None:
    notes = Book(pool)
    everybody = [Caller(f"reader {number}", uuid4()) for number in range(5)]
    for caller in everybody:
        notes.note(caller, [SHOWN])
    await notes.flush()
    told: list[str] = []
    page = await readers(pool, PERSON, limit=2)
    while True:
        told += [one.reader for one in page.items]
        notes.note(everybody[0], [SHOWN])
        notes.note(SAM, [SHOWN])
        await notes.flush()
        if page.next is None:
            break
        page = await readers(pool, PERSON, cursor=tuple(page.next), limit=2)
    assert told == [caller.id for caller in reversed(everybody)]


async def test_a_page_looks_at_a_stretch_and_those_behind_it_tell_the_rest(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "SPAN", 3)
    notes = Book(pool)
    for caller in (LEA, LEA, SAM, SAM, LEA, SAM, SAM):
        notes.note(caller, [SHOWN])
        await notes.flush()
    for record in (None, RECORD):
        page, told = await readers(pool, PERSON, record, limit=1), list[tuple[str, int]]()
        while page.next is not None:
            told += [(one.reader, one.times) for one in page.items]
            page = await readers(pool, PERSON, record, cursor=tuple(page.next), limit=1)
        told += [(one.reader, one.times) for one in page.items]
        assert told == [("sam", 2), ("lea", 1), ("sam", 2), ("lea", 1), ("lea", 1)]
    assert (await read_by_oneself(pool, uuid4(), cursor=None, limit=5)).items == []


async def test_who_read_on_whose_behalf_is_noted(pool: Pool) -> None:
    notes = Book(pool)
    notes.note(replace(LEA, actor="portal"), [SHOWN])
    notes.note(LEA, [SHOWN])
    await notes.flush()
    assert {(one.reader, one.actor) for one in (await readers(pool, PERSON, RECORD)).items} == {
        ("lea", "portal"),
        ("lea", None),
    }


async def test_notes_are_written_by_themselves_and_those_left_at_the_end(pool: Pool) -> None:
    notes = Book(pool)
    async with running(notes):
        notes.note(SAM, [SHOWN])
        await until(lambda: not notes.waiting)
        notes.note(SAM, [SHOWN])
    assert await numbers(pool) == 2
    assert notes.waiting == 0


async def test_while_nothing_can_be_written_notes_wait(pool: Pool) -> None:
    notes = Book(pool)
    await pool.execute("alter table audit.reads rename to away")
    with structlog.testing.capture_logs() as said:
        async with running(notes):
            notes.note(SAM, [SHOWN])
            await until(lambda: said)
            assert notes.waiting == 1
            await pool.execute("alter table audit.away rename to reads")
            await until(lambda: not notes.waiting)
    assert said[0]["event"] == "audit_waits"
    assert await numbers(pool) == 1


async def test_who_cannot_be_noted_is_shown_nothing(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST", 2)
    notes = Book(pool)
    notes.note(SAM, [SHOWN])
    with pytest.raises(AuditUnavailable):
        notes.note(SAM, [SHOWN, SHOWN])
    notes.note(SAM, [SHOWN])
    await notes.flush()
    assert await numbers(pool) == 2


async def test_many_are_written_in_parts(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "TOGETHER", 10)
    notes = Book(pool)
    notes.note(SAM, [SHOWN] * 25)
    await notes.flush()
    assert await numbers(pool) == 25
