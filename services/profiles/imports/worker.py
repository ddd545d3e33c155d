"""The worker's task: one import after the other, one worker at a time. It holds an advisory lock of its session."""

import asyncio
from contextlib import suppress
from uuid import UUID

import asyncpg
import structlog

from services.profiles.imports.apply import Unfinished
from services.profiles.imports.job import Carrying, Refused
from services.profiles.imports.jobs import Job, Jobs, State
from services.profiles.imports.staging import Staging
from shared.eventstore import OutcomeUnknown, Overloaded
from shared.postgres import connect
from shared.sealing.keys import KeysUnavailable
from shared.service import Parts

LOCK = 0x696D706F727473
"""One import at a time in a database."""

POLL = 1.0
"""Seconds between looks for something to do."""

MOST_ATTEMPTS = 20
"""How often a job is begun without coming further: one that kills its worker must not do so for ever."""

PASSING = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the connection was lost in the midst of asyncpg's own work
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    KeysUnavailable,
    OutcomeUnknown,
    Overloaded,
    Unfinished,
)
"""What passes: the job goes on later from where it is."""

_log = structlog.get_logger("imports")


class Importer:
    """Carries out imports."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._jobs = Jobs(parts.pool)

    async def run(self) -> None:
        """For ever: waits for the lock, then for jobs; begins again when the connection that holds the lock is lost."""
        while True:
            try:
                connection = await connect(self._parts.settings.database_url, name="profiles imports")
                try:
                    await self._work(connection)
                finally:
                    connection.terminate()
            except PASSING as error:
                _log.warning("import_interrupted", reason=type(error).__name__)
            await asyncio.sleep(POLL)

    async def _work(self, connection: asyncpg.Connection) -> None:
        held = False
        while True:
            if held:
                await connection.execute("select 1")  # the lock is held as long as its connection
            else:
                held = await connection.fetchval("select pg_try_advisory_lock($1)", LOCK)
            if not held or not await self.work_once():
                await asyncio.sleep(POLL)

    async def work_once(self) -> bool:
        """Carries out the oldest job that has not ended, if there is one. Raises what passes (PASSING)."""
        for id_ in await self._jobs.abandoned():
            await self._staging(id_).clear()
            await self._jobs.forget(id_)
        await self._jobs.forget_names()
        job = await self._jobs.next()
        if job is None:
            return False
        _log.info("import_begun", job=job.id, state=job.state, attempt=job.attempts + 1)
        if job.attempts >= MOST_ATTEMPTS:
            await self._end(job, "failed", "it was begun again too often without coming further")
            return True
        await self._jobs.attempt(job.id)
        try:
            await Carrying(job, self._jobs, self._staging(job.id), self._parts).to_the_end()
        except PASSING:
            with suppress(*PASSING):
                await self._jobs.passed(job.id)
            raise
        except Refused as refused:
            await self._end(job, "refused", str(refused))
        except Exception as error:  # noqa: BLE001 (a job that cannot be carried out must not keep others waiting)
            _log.error("import_failed", job=job.id, exc_info=error)
            await self._end(job, "failed", "it could not be carried out; the log of the worker says more")
        else:
            await self._end(job, "done")
        return True

    async def _end(self, job: Job, state: State, trouble: str | None = None) -> None:
        """The report stays; what the files say does not."""
        await self._staging(job.id).clear(problems=False)
        await self._jobs.end(job.id, state, trouble)
        _log.info("import_ended", job=job.id, state=state)

    def _staging(self, id_: UUID) -> Staging:
        return Staging(self._parts.pool, self._parts.settings.secret, id_)
