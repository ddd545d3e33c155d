"""The chain over what was written, and what shows that it was not touched.

A link keeps a digest of each row, and a hash over these and the link before it, made with a key that no database holds:
who has the database alone can make no link. Each day's last link is signed besides, for whoever is to believe it later.
What was written since the last link, a minute at most, is not protected yet; nor is the end of the chain, for who can
take its last links away, but by the log, which is told each link.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg
import orjson
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.postgres import Closed, Pool
from shared.postgres.connections import LOST

EVERY = 60.0
"""Seconds between two links."""

ROWS = 10_000
"""In one link at most."""

log = structlog.get_logger("audit")

_PASSES = (*LOST, Closed, TimeoutError, asyncpg.PostgresError)
_BEGINNING = bytes(32)
_FIELDS = "number, at, reader, actor, kind, record, person, rule, share, case_number, stands_in_for"


class Signer:
    """Makes hashes of links and signs heads, with keys made from the service's secret, which no database holds."""

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(SHA256(), 32, salt=None, info=b"careers audit head").derive(secret)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._links = HKDF(SHA256(), 32, salt=None, info=b"careers audit link").derive(secret)

    def hash_of(self, before: bytes, made_at: datetime, numbers: Sequence[int], digests: Sequence[bytes]) -> bytes:
        """Of a link: the one before it, when it was made, and each row's number and digest."""
        hashed = hmac.new(self._links, before + made_at.isoformat().encode(), hashlib.sha256)
        for number, one in zip(numbers, digests, strict=True):
            hashed.update(number.to_bytes(8, "big") + one)
        return hashed.digest()

    def sign(self, day: date, link: int, hashed: bytes) -> bytes:
        """Of a day's last link."""
        return self._key.sign(_head(day, link, hashed))

    def signed(self, signature: bytes, day: date, link: int, hashed: bytes) -> bool:
        """Whether this signature is ours."""
        try:
            self._key.public_key().verify(signature, _head(day, link, hashed))
        except InvalidSignature:
            return False
        return True


class Chain:
    """Makes the links of one service's audit. Several may run: a link is made once."""

    def __init__(self, pool: Pool, signer: Signer) -> None:
        self._pool = pool
        self._signer = signer

    async def run(self) -> None:
        """Makes links for ever."""
        while True:
            try:
                await self.extend()
                await self.sign(datetime.now(UTC).date())
            except _PASSES as error:
                log.warning("audit_not_chained", error=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def extend(self) -> int:
        """Chains what was written and is not chained; how many rows that were."""
        chained = 0
        while rows := await self._link():
            chained += rows
        return chained

    async def _link(self) -> int:
        settled = (await self._pool.fetch("select audit.settled() as number"))[0]["number"]
        async with self._pool.acquire() as connection:
            before = await connection.fetchrow(
                "select link, numbers[cardinality(numbers)] as last, hash from audit.links order by link desc limit 1"
            )
            link, last, hashed = (before["link"], before["last"], before["hash"]) if before else (0, 0, _BEGINNING)
            if last is None:
                log.error("audit_not_chained", reason="the last link is broken", position=link)
                return 0
            rows = await connection.fetch(
                f"select {_FIELDS} from audit.reads where number > $1 and number <= $2 order by number limit $3",
                last,
                settled,
                ROWS,
            )
            if not rows:
                return 0
            numbers, digests = [row["number"] for row in rows], [digest(row) for row in rows]
            now = datetime.now(UTC)
            hashed = self._signer.hash_of(hashed, now, numbers, digests)
            made = await connection.execute(
                """insert into audit.links (link, numbers, digests, hash, made_at) values ($1, $2, $3, $4, $5)
                   on conflict do nothing""",
                link + 1,
                numbers,
                digests,
                hashed,
                now,
            )
        if made.endswith(" 1"):
            log.info("audit_link", position=link + 1, state=hashed.hex(), count=len(rows))
        return len(rows)

    async def sign(self, today: date) -> None:
        """Signs the last link of each day before today that has none."""
        days = await self._pool.fetch(
            """select distinct on (day) (made_at at time zone 'UTC')::date as day, link, hash from audit.links
               where link > coalesce((select max(link) from audit.heads), 0)
                 and (made_at at time zone 'UTC')::date < $1
               order by day, link desc""",
            today,
        )
        for row in days:
            day, link, hashed = row["day"], row["link"], row["hash"]
            await self._pool.execute(
                "insert into audit.heads (day, link, hash, signature) values ($1, $2, $3, $4) on conflict do nothing",
                day,
                link,
                hashed,
                self._signer.sign(day, link, hashed),
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as it was: `what` in words, and the row, link or day that it is about."""

    what: str
    about: int | date


async def verify(connection: asyncpg.Connection, signer: Signer, today: date) -> AsyncIterator[Finding]:
    """Reads all of it, link by link, and yields each thing that is not as it was written."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        heads = {row["link"]: row for row in await connection.fetch("select * from audit.heads")}
        signed = {row["day"] for row in heads.values()}
        before, expected, last = _BEGINNING, 1, 0
        unsigned: set[date] = set()
        async for link in connection.cursor("select * from audit.links order by link", prefetch=1):
            number, numbers, digests = link["link"], link["numbers"], link["digests"]
            if number != expected:
                yield Finding("a link is missing before this one", number)
            expected = number + 1
            if (
                not numbers
                or len(numbers) != len(digests)
                or link["hash"] != signer.hash_of(before, link["made_at"], numbers, digests)
            ):
                yield Finding("a link is not the one that was made", number)
            async for finding in _compared(connection, last, numbers, digests):
                yield finding
            day = link["made_at"].astimezone(UTC).date()
            if day < today and day not in signed:
                unsigned.add(day)
            if (head := heads.pop(number, None)) is not None and not (
                (head["hash"], head["day"]) == (link["hash"], day)
                and signer.signed(head["signature"], day, number, link["hash"])
            ):
                yield Finding("the head of a day is not the one that was signed", head["day"])
            before, last = link["hash"], numbers[-1] if numbers else last
    for day in sorted(unsigned):
        yield Finding("the head of a day is missing", day)
    for head in heads.values():
        yield Finding("the last link of a day is missing", head["day"])


async def _compared(
    connection: asyncpg.Connection, last: int, numbers: Sequence[int], digests: Sequence[bytes]
) -> AsyncIterator[Finding]:
    until = numbers[-1] if numbers else last
    rows = await connection.fetch(
        f"select {_FIELDS} from audit.reads where number > $1 and number <= $2 order by number", last, until
    )
    found = {row["number"]: digest(row) for row in rows}
    for number, was in zip(numbers, digests, strict=False):
        now = found.pop(number, None)
        if now is None:
            yield Finding("a row is missing", number)
        elif now != was:
            yield Finding("a row was changed", number)
    for number in found:
        yield Finding("a row was added later", number)


def digest(row: asyncpg.Record) -> bytes:
    """Of all that a row says; where it says nothing that rows could not say at first, the same as then."""
    later = [row["case_number"], row["stands_in_for"]]
    said = [*row][: -len(later)] + (later if any(later) else [])
    return hashlib.sha256(orjson.dumps(said, default=str, option=orjson.OPT_UTC_Z)).digest()


def _head(day: date, link: int, hashed: bytes) -> bytes:
    return b"careers audit head\0%b\0%d\0%b" % (day.isoformat().encode(), link, hashed)
