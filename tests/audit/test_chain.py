"""What was written cannot be touched without showing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import orjson
import pytest
import time_machine

from shared.audit import Book, Chain, Finding, Shown, Signer, chain, verify
from shared.auth.callers import Caller
from shared.postgres import Pool

SIGNER = Signer(bytes(32))
TODAY = datetime.now(UTC).date()


@pytest.fixture
async def chained(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Rows 1 to 9 in links of two, the last day of which is over and signed."""
    monkeypatch.setattr(chain, "ROWS", 2)
    await note(pool, 9)
    links = Chain(pool, SIGNER)
    assert await links.extend() == 9
    await links.sign(TODAY + timedelta(days=1))
    return pool


async def note(pool: Pool, number: int) -> None:
    notes = Book(pool)
    notes.note(Caller("sam", uuid4()), [Shown("aspiration", uuid4(), uuid4(), "my_manager") for _ in range(number)])
    await notes.flush()


async def found(pool: Pool, signer: Signer = SIGNER) -> list[Finding]:
    async with pool.acquire() as connection:
        return [finding async for finding in verify(connection, signer, TODAY)]


async def test_what_is_as_it_was_is_not_complained_of(chained: Pool) -> None:
    assert await found(chained) == []
    await note(chained, 3)
    assert await found(chained) == []
    assert await Chain(chained, SIGNER).extend() == 3
    assert await Chain(chained, SIGNER).extend() == 0
    assert await found(chained) == []


@pytest.mark.parametrize(
    ("done", "finding"),
    [
        ("update audit.reads set reader = 'lea' where number = 3", Finding("a row was changed", 3)),
        ("update audit.reads set actor = 'x' where number = 9", Finding("a row was changed", 9)),
        ("update audit.reads set at = at + interval '1 us' where number = 1", Finding("a row was changed", 1)),
        ("update audit.reads set case_number = '7' where number = 2", Finding("a row was changed", 2)),
        ("delete from audit.reads where number = 4", Finding("a row is missing", 4)),
        ("delete from audit.reads where number = 9", Finding("a row is missing", 9)),
        ("delete from audit.links where link = 2", Finding("a link is missing before this one", 3)),
        ("delete from audit.links where link = 5", Finding("the last link of a day is missing", TODAY)),
        (
            "update audit.links set digests[1] = sha256('x') where link = 2",
            Finding("a link is not the one that was made", 2),
        ),
        (
            "update audit.links set numbers[1] = 20 where link = 2",
            Finding("a link is not the one that was made", 2),
        ),
        (
            "update audit.links set numbers = '{}', digests = '{}' where link = 2",
            Finding("a link is not the one that was made", 2),
        ),
        (
            "update audit.links set made_at = made_at + interval '100 years' where link = 5",
            Finding("a link is not the one that was made", 5),
        ),
        (
            "update audit.heads set hash = sha256('x')",
            Finding("the head of a day is not the one that was signed", TODAY),
        ),
    ],
)
async def test_what_was_touched_is_named(chained: Pool, done: str, finding: Finding) -> None:
    await chained.execute(done)
    assert finding in await found(chained)


async def test_what_was_chained_before_notes_named_cases_is_as_it_was(chained: Pool) -> None:
    [row] = await chained.fetch(
        "select number, at, reader, actor, kind, record, person, rule, share from audit.reads where number = 1"
    )
    [link] = await chained.fetch("select digests[1] as digest from audit.links where link = 1")
    assert link["digest"] == sha256(orjson.dumps([*row], default=str, option=orjson.OPT_UTC_Z)).digest()


async def test_the_case_of_a_listing_is_chained(pool: Pool) -> None:
    notes, person = Book(pool), uuid4()
    notes.note(Caller("ada", uuid4()), [Shown("reads", person, person, "audit_by_reader", case_number="2027/7")])
    await notes.flush()
    await Chain(pool, SIGNER).extend()
    assert await found(pool) == []
    for case_number in ("'2027/8'", "null"):
        await pool.execute(f"update audit.reads set case_number = {case_number}")
        assert await found(pool) == [Finding("a row was changed", 1)]


async def test_who_has_the_database_alone_makes_no_links(chained: Pool) -> None:
    """Also where the service goes on from what they made, and signs it."""
    await chained.execute("delete from audit.reads where number = 3")
    await chained.execute(
        "update audit.links set numbers = '{4}', digests = digests[2:2], hash = sha256('x') where link = 2"
    )
    await chained.execute("delete from audit.heads")
    await note(chained, 1)
    await Chain(chained, SIGNER).extend()
    await Chain(chained, SIGNER).sign(TODAY + timedelta(days=1))
    assert Finding("a link is not the one that was made", 2) in await found(chained)


async def test_a_day_that_is_over_has_a_head(chained: Pool) -> None:
    await chained.execute("delete from audit.heads")
    async with chained.acquire() as connection:
        told = [one async for one in verify(connection, SIGNER, TODAY + timedelta(days=1))]
    assert told == [Finding("the head of a day is missing", TODAY)]


async def test_a_head_is_signed_by_the_service_alone(chained: Pool) -> None:
    await chained.execute("delete from audit.heads")
    await Chain(chained, Signer(bytes(31) + b"x")).sign(TODAY + timedelta(days=1))
    assert await found(chained) == [Finding("the head of a day is not the one that was signed", TODAY)]


async def test_a_row_slipped_in_is_named(chained: Pool) -> None:
    await chained.execute("delete from audit.reads where number = 4")
    await chained.execute(
        """insert into audit.reads overriding system value
           select 4, at, 'somebody', actor, kind, record, person, rule, share from audit.reads where number = 5"""
    )
    assert await found(chained) == [Finding("a row was changed", 4)]
    await chained.execute("update audit.links set numbers = '{3}', digests = digests[1:1] where link = 2")
    assert Finding("a row was added later", 4) in await found(chained)


async def test_a_note_under_way_is_waited_for(pool: Pool) -> None:
    """Its number was given before that of another which is written already."""
    links = Chain(pool, SIGNER)
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(
            "select audit.note(array[now()], '{lea}', '{null}', '{aspiration}', $1, $1, '{person}', '{null}')",
            [uuid4()],
        )
        await note(pool, 1)
        extending = asyncio.ensure_future(links.extend())
        await _blocked(pool)
        await transaction.commit()
    assert await extending == 2
    assert await found(pool) == []


async def _blocked(pool: Pool) -> None:
    here = "(select oid from pg_database where datname = current_database())"
    while not await pool.fetch(
        f"select from pg_locks where locktype = 'advisory' and not granted and database = {here}"
    ):
        await asyncio.sleep(0.01)


async def test_two_who_chain_at_once_make_one_chain(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "ROWS", 3)
    await note(pool, 20)
    await asyncio.gather(*(Chain(pool, SIGNER).extend() for _ in range(3)))
    assert await found(pool) == []
    assert (await pool.fetch("select sum(cardinality(numbers))::int from audit.links"))[0][0] == 20


async def test_each_day_that_is_over_is_signed_once(pool: Pool) -> None:
    links = Chain(pool, SIGNER)
    days = [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY]
    for day in days:
        await note(pool, 1)
        with time_machine.travel(_noon(day), tick=False):
            await links.extend()
    for _ in range(2):
        await links.sign(TODAY)
    assert [row["day"] for row in await pool.fetch("select day from audit.heads order by day")] == days[:2]
    assert await found(pool) == []


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
