"""What the files of one import say, from their arrival on: sealed, in PostgreSQL, read a page at a time."""

import hmac
import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.profiles.imports.problems import Place, Problem
from services.profiles.imports.rows import PersonSide, Row, UnitSide, pack, unpack
from shared.postgres import Pool

MOST_PROBLEMS = 1000
"""Problems that are listed. All are counted."""

SLICE = 5000
"""Rows deleted in one statement, so that none lasts."""


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row, and the unit (by id) or person (by the stream of their employee number) that it is about."""

    about: UUID
    row: Row


@dataclass(slots=True)
class StagedPerson:
    """Somebody whom the files name."""

    about: UUID
    number: str
    has_rows: bool = False
    is_named: bool = False
    is_bad: bool = False
    person: UUID | None = None


class Staging:
    """One import's part of the tables. `secret` is the service's own; each import has a key that follows from it."""

    def __init__(self, pool: Pool, secret: bytes, job: UUID) -> None:
        self._pool = pool
        self._job = job
        self._cipher = AESGCM(hmac.digest(secret, b"careers import " + job.bytes, "sha256"))

    # The files as they came

    async def put_chunk(self, file: int, number: int, content: bytes) -> None:
        await self._pool.execute(
            "insert into import_chunks (import, file, number, sealed) values ($1, $2, $3, $4)",
            self._job,
            file,
            number,
            self._seal(content),
        )

    async def chunks(self, file: int) -> AsyncIterator[bytes]:
        """A file's content, in order; one chunk at a time is held."""
        number = 0
        query = "select sealed from import_chunks where import = $1 and file = $2 and number = $3"
        while row := await self._pool.fetchrow(query, self._job, file, number):
            yield self._open(row["sealed"])
            number += 1

    # What they say

    async def put(self, rows: Sequence[StagedRow], people: Collection[StagedPerson]) -> None:
        """Adds rows and whom they name. A line is added once."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.copy_records_to_table(
                "import_rows",
                columns=["import", "of_unit", "about", "file", "line", "sealed"],
                records=[
                    (
                        self._job,
                        isinstance(one.row, UnitSide),
                        one.about,
                        one.row.at.file,
                        one.row.at.line,
                        self._seal(pack(one.row)),
                    )
                    for one in rows
                ],
            )
            ordered = sorted(people, key=lambda one: one.about)
            await connection.execute(
                """insert into import_people as held (import, about, number, has_rows, is_named, is_bad)
                   select $1, * from unnest($2::uuid[], $3::bytea[], $4::bool[], $5::bool[], $6::bool[])
                   on conflict (import, about) do update set has_rows = held.has_rows or excluded.has_rows,
                       is_named = held.is_named or excluded.is_named, is_bad = held.is_bad or excluded.is_bad
                   where (held.has_rows, held.is_named, held.is_bad) is distinct from
                       (held.has_rows or excluded.has_rows, held.is_named or excluded.is_named,
                        held.is_bad or excluded.is_bad)""",
                self._job,
                [one.about for one in ordered],
                [self._seal(one.number.encode()) for one in ordered],
                [one.has_rows for one in ordered],
                [one.is_named for one in ordered],
                [one.is_bad for one in ordered],
            )

    async def unit_rows(self) -> list[UnitSide]:
        """All rows of units: they are few."""
        rows = await self._pool.fetch(
            "select file, line, sealed from import_rows where import = $1 and of_unit order by file, line", self._job
        )
        found = (unpack(self._open(row["sealed"]), Place(row["file"], row["line"])) for row in rows)
        return [row for row in found if isinstance(row, UnitSide)]

    async def person_rows(self, about: Collection[UUID]) -> dict[UUID, list[PersonSide]]:
        """The rows of some people, by the person and then in the order of the files."""
        rows = await self._pool.fetch(
            """select about, file, line, sealed from import_rows
               where import = $1 and not of_unit and about = any ($2) order by about, file, line""",
            self._job,
            list(about),
        )
        found: dict[UUID, list[PersonSide]] = {}
        for person, group in groupby(rows, key=lambda row: row["about"]):
            unpacked = (unpack(self._open(row["sealed"]), Place(row["file"], row["line"])) for row in group)
            found[person] = [row for row in unpacked if isinstance(row, PersonSide)]
        return found

    # Whom they name

    async def people(self, after: UUID | None, limit: int, *, where: str) -> list[StagedPerson]:
        """A page of people; `where` is a condition on import_people, a constant of the caller's."""
        rows = await self._pool.fetch(
            f"""select about, number, has_rows, is_named, is_bad, person from import_people
                where import = $1 and ($2::uuid is null or about > $2) and {where} order by about limit $3""",
            self._job,
            after,
            limit,
        )
        return [
            StagedPerson(
                row["about"],
                self._open(row["number"]).decode(),
                row["has_rows"],
                row["is_named"],
                row["is_bad"],
                row["person"],
            )
            for row in rows
        ]

    async def count(self, where: str) -> int:
        row = await self._pool.fetchrow(
            f"select count(*) as n from import_people where import = $1 and {where}", self._job
        )
        return int(row["n"]) if row is not None else 0

    async def found(self, about: Collection[UUID]) -> dict[UUID, tuple[bool, UUID | None]]:
        """Of those named: whether the files have rows of them, and who they are where that is known."""
        rows = await self._pool.fetch(
            "select about, has_rows, person from import_people where import = $1 and about = any ($2)",
            self._job,
            list(about),
        )
        return {row["about"]: (row["has_rows"], row["person"]) for row in rows}

    async def resolve(self, people: Mapping[UUID, UUID]) -> None:
        """Who those named are."""
        if people:
            await self._pool.execute(
                """update import_people p set person = n.person
                   from unnest($2::uuid[], $3::uuid[]) as n (about, person)
                   where p.import = $1 and p.about = n.about and p.person is distinct from n.person""",
                self._job,
                list(people),
                list(people.values()),
            )

    async def doubled(self) -> list[UUID]:
        """Those who have rows under several employee numbers, by each of these."""
        rows = await self._pool.fetch(
            """select about from (
                   select about, count(*) over (partition by person) as numbers
                   from import_people where import = $1 and has_rows and person is not null) as p
               where numbers > 1 order by about""",
            self._job,
        )
        return [row["about"] for row in rows]

    async def leave_out(self, about: Collection[UUID]) -> None:
        """Of these people a row is bad: none of their rows is taken."""
        if about:
            await self._pool.execute(
                "update import_people set is_bad = true where import = $1 and about = any ($2)",
                self._job,
                list(about),
            )

    async def absent(self, on: date, after: UUID | None, limit: int) -> list[UUID]:
        """A page of people who are employed on a day, as far as relations know, and whom the files do not have."""
        rows = await self._pool.fetch(
            f"""{_employed("and ($2::uuid is null or f.person > $2)")} and not exists (select from import_people p
                                where p.import = $3 and p.person = e.person and p.has_rows)
                order by e.person limit $4""",
            on,
            after,
            self._job,
            limit,
        )
        return [row["person"] for row in rows]

    async def absentees(self, on: date) -> tuple[int, int]:
        """How many are employed on a day, and how many of them the files do not have."""
        row = await self._pool.fetchrow(
            f"""select count(*) as employed, count(*) filter (where not exists (
                    select from import_people p where p.import = $2 and p.person = e.person and p.has_rows)) as absent
                from ({_employed()}) as e""",
            on,
            self._job,
        )
        return (row["employed"], row["absent"]) if row is not None else (0, 0)

    # What is wrong with them

    async def put_problems(self, first: int, problems: Iterable[Problem]) -> None:
        """Adds problems, numbered from `first` on; those beyond MOST_PROBLEMS are not kept."""
        kept = [(number, one) for number, one in enumerate(problems, first) if number < MOST_PROBLEMS]
        if not kept:
            return
        async with self._pool.acquire() as connection:
            await connection.copy_records_to_table(
                "import_problems",
                columns=["import", "number", "file", "line", "column", "field", "code", "detail"],
                records=[
                    (self._job, number, one.at.file, one.at.line, one.column, one.field, one.code, one.detail)
                    for number, one in kept
                ],
            )

    async def clear(self, *, problems: bool = True, content: bool = True) -> None:
        """Deletes what was staged, a slice at a time."""
        tables = ["import_rows", "import_people", *["import_problems"] * problems, *["import_chunks"] * content]
        for table in tables:
            slice_ = f"select ctid from {table} where import = $1 limit $2"
            delete = f"delete from {table} where ctid = any (array({slice_}))"
            limit = SLICE if table != "import_chunks" else 20
            while await self._pool.execute(delete, self._job, limit) != "DELETE 0":
                pass

    def _seal(self, content: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def _open(self, sealed: bytes) -> bytes:
        return self._cipher.decrypt(sealed[:12], sealed[12:], None)


def _employed(those: str = "") -> str:
    """SQL: who is in the organisation on a day ($1): of the facts that have begun by then, the newest is no leaving."""
    return f"""
        select e.person from (
            select distinct on (f.person) f.person, f.kind from employment_facts f
            where f.effective_on + (f.kind = 'left')::int <= $1 {those}
            order by f.person, f.effective_on + (f.kind = 'left')::int desc, f.seq desc) as e
        where e.kind <> 'left'"""
