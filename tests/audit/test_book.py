"""Notes of reads get into the table, whatever the database does meanwhile."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import structlog

from shared.audit import AuditUnavailable, Book, Read, book, readers
from shared.audit.entries import Reader
from shared.postgres import Pool
from tests.kafka.conftest import until

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PERSON, RECORD = uuid4(), uuid4()


def read(reader: str = "sam", *, record: UUID = RECORD, at: datetime = AT) -> Read:
    return Read(at, reader, None, "aspiration", record, PERSON, "my_manager")


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
    notes.note(read(), read(at=AT.replace(day=3)), read("lea"), read("lea", record=uuid4()))
    await notes.flush()
    told = await readers(pool, PERSON, RECORD)
    sam = Reader(
        reader="sam", actor=None, rule="my_manager", share=None, first_on="2026-03-01", last_on="2026-03-03", times=2
    )
    assert told[0] == sam
    assert [(one.reader, one.times) for one in told] == [("sam", 2), ("lea", 1)]
    assert await readers(pool, uuid4(), RECORD) == []


async def test_notes_are_written_by_themselves_and_those_left_at_the_end(pool: Pool) -> None:
    notes = Book(pool)
    async with running(notes):
        notes.note(read())
        await until(lambda: not notes.waiting)
        notes.note(read())
    assert await numbers(pool) == 2
    assert notes.waiting == 0


async def test_while_nothing_can_be_written_notes_wait(pool: Pool) -> None:
    notes = Book(pool)
    await pool.execute("alter table audit.reads rename to away")
    with structlog.testing.capture_logs() as said:
        async with running(notes):
            notes.note(read())
            await until(lambda: said)
            assert notes.waiting == 1
            await pool.execute("alter table audit.away rename to reads")
            await until(lambda: not notes.waiting)
    assert said[0]["event"] == "audit_waits"
    assert await numbers(pool) == 1


async def test_who_cannot_be_noted_is_shown_nothing(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST", 2)
    notes = Book(pool)
    notes.note(read())
    with pytest.raises(AuditUnavailable):
        notes.note(read(), read())
    notes.note(read())
    await notes.flush()
    assert await numbers(pool) == 2


async def test_many_are_written_in_parts(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "TOGETHER", 10)
    notes = Book(pool)
    notes.note(*(read() for _ in range(25)))
    await notes.flush()
    assert await numbers(pool) == 25
