"""Appends as groups: one function call, one transaction, one flush to disk, and an outcome for each.

Where an answer is lost, the truth is found in the events: they have ids of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from shared.eventstore.bell import CHANNEL
from shared.eventstore.events import Append, Appended, Overloaded, VersionConflict, size
from shared.eventstore.lane import Job
from shared.eventstore.reads import COMMANDS, repetition
from shared.eventstore.versions import Versions
from shared.postgres import LOST, Held

AppendJob = Job[Append, Appended]

ATTEMPTS = 3
"""How often an append is sent again after its connection was lost without a trace of it."""

_ONE = "select append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
_MANY = """select last, at, repeated, conflicting, contested
           from append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"""
# By the first event of each append: an append is there whole, or not at all.
_FIND = """select e.id, e.position, e.recorded_at
           from unnest($1::uuid[], $2::int[], $3::uuid[]) as a (stream, version, id)
           join events e on e.stream = a.stream and e.version = a.version and e.id = a.id"""

NOT_NOW = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""The server has undone the transaction for a reason that passes."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What is prepared on the connection."""

    one: PreparedStatement
    many: PreparedStatement
    find: PreparedStatement
    commands: PreparedStatement


async def prepare(versions: Versions, connection: asyncpg.Connection) -> Statements:
    """Prepares all of them. Behind a new connection may be a database that was restored to an earlier day."""
    versions.forget()
    return Statements(*[await connection.prepare(query) for query in (_ONE, _MANY, _FIND, COMMANDS)])


async def append_over(connection: asyncpg.Connection, append: Append) -> None:
    """One append without a store, for who appends now and then: on a connection that is in no transaction.

    A command that was carried out before changes nothing. Raises VersionConflict.
    """
    [(_, _, repeated, _, contested)] = await connection.fetch(_MANY, *columns([append], Versions()))
    if contested and not repeated:
        raise VersionConflict(contested[0])
    await connection.execute(f"notify {CHANNEL}")


class Appends:
    """Carries out groups of appends on a held connection."""

    def __init__(self, held: Held[Statements], versions: Versions) -> None:
        self._held = held
        self._versions = versions

    async def run(self, jobs: Sequence[AppendJob]) -> None:
        """Answers each job."""
        for _ in range(ATTEMPTS):
            try:
                await self._carry_out(jobs)
                return
            except LOST:
                jobs = await self._not_found(jobs)
                if not jobs:
                    return
        for job in jobs:
            job.fail(Overloaded("the connection is lost again and again"))

    async def _carry_out(self, jobs: Sequence[AppendJob]) -> None:
        """Raises LOST."""
        try:
            if len(jobs) == 1 and await self._alone(jobs[0]):
                return
            await self._together(jobs)
        except LOST:
            raise
        except NOT_NOW as error:
            for job in jobs:
                job.fail(Overloaded(f"PostgreSQL: {type(error).__name__}"))
        except Exception as error:  # noqa: BLE001 (whoever asked raises it)
            # What PostgreSQL cannot take (a NUL, no JSON) harms nobody but who brought it.
            if len(jobs) == 1:
                jobs[0].fail(ValueError(type(error).__name__) if isinstance(error, asyncpg.DataError) else error)
            else:
                for job in jobs:
                    await self._carry_out((job,))

    async def _alone(self, job: AppendJob) -> bool:
        """The shortest way, for one event; False where it cannot be gone."""
        append = job.asked
        change = append.changes[0]
        if len(append.changes) > 1 or len(change.events) > 1 or self._held.now is None:
            return False
        event, key = change.events[0], append.key
        stream, expected = change.stream, change.expected
        try:
            row = await self._held.now.one.fetchval(
                stream,
                expected + 1,
                self._versions.unseen(stream, expected),
                event.id,
                event.type,
                event.subject,
                event.withheld,
                event.body,
                append.by,
                append.origin,
                append.trace,
                key and key.key,
                key and key.fingerprint,
            )
        except asyncpg.IntegrityConstraintViolationError:
            return False
        position, at = row
        self._versions.seen(stream, expected + 1)
        job.succeed(Appended(position, position, at))
        return True

    async def _together(self, jobs: Sequence[AppendJob]) -> None:
        statements = await self._held.ready()
        arrays = columns([job.asked for job in jobs], self._versions)
        [(last, at, repeated, conflicting, contested)] = await statements.many.fetch(*arrays)
        if repeated is not None:
            jobs = await self._refused(jobs, statements, repeated, dict(zip(conflicting, contested, strict=True)))
        first = last + 1 - sum(size(job.asked) for job in jobs)
        for job in jobs:
            for change in job.asked.changes:
                self._versions.seen(change.stream, change.expected + len(change.events))
            before, first = first, first + size(job.asked)
            job.succeed(Appended(before, first - 1, at))

    async def _refused(
        self, jobs: Sequence[AppendJob], statements: Statements, repeated: list[int], contested: dict[int, UUID]
    ) -> list[AppendJob]:
        """Answers those that were refused; the others are left."""
        if repeated:
            keys = [key.key for number in repeated if (key := jobs[number - 1].asked.key)]
            commands = await statements.commands.fetch(keys)
            for number in repeated:
                if key := jobs[number - 1].asked.key:
                    jobs[number - 1].fail(repetition(key, [row for row in commands if row["command_key"] == key.key]))
        for number, stream in contested.items():
            jobs[number - 1].fail(VersionConflict(stream))
        refused = {*repeated, *contested}
        return [job for number, job in enumerate(jobs, 1) if number not in refused]

    async def _not_found(self, jobs: Sequence[AppendJob]) -> list[AppendJob]:
        """The connection is lost. When there is a new one, the former's server process has ended: what is not there
        now, will not be. Answers those that are there, and returns the others."""
        while True:
            self._held.lost()
            statements = await self._held.ready()
            firsts = [(job.asked.changes[0], job.asked.changes[0].events[0].id) for job in jobs]
            try:
                rows = await statements.find.fetch(
                    [change.stream for change, _ in firsts],
                    [change.expected + 1 for change, _ in firsts],
                    [first for _, first in firsts],
                )
            except LOST:
                continue
            found = {row["id"]: Appended(row["position"], row["position"], row["recorded_at"]) for row in rows}
            left = []
            for job, (_, first) in zip(jobs, firsts, strict=True):
                if appended := found.get(first):
                    job.succeed(appended._replace(last=appended.first + size(job.asked) - 1))
                elif not job.answer.done():
                    left.append(job)
            return left


def columns(appends: Sequence[Append], versions: Versions) -> list[list[object]]:
    """The arrays that `append` takes."""
    rows: list[tuple[object, ...]] = []
    for append in appends:
        by, origin, trace = append.by, append.origin, append.trace
        key, fingerprint = append.key or (None, None)
        events: int | None = size(append)
        for stream, expected, new in append.changes:
            version, prior = expected, versions.unseen(stream, expected)
            for event_id, type_, subject, body, withheld in new:
                version += 1
                rows.append(
                    (
                        stream,
                        version,
                        prior,
                        event_id,
                        type_,
                        subject,
                        withheld,
                        body,
                        by,
                        origin,
                        trace,
                        key,
                        fingerprint,
                        events,
                    )
                )
                prior, key, fingerprint, events = 0, None, None, None
    return [list(column) for column in zip(*rows, strict=True)]
