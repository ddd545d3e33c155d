"""Routes of imports: files come in, a job is begun, and its report is read."""

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field
from uuid_utils.compat import uuid7

from services.profiles.imports.jobs import Job, Jobs, Listed, Options, Progress, State
from services.profiles.imports.receive import Receiving
from services.profiles.imports.shapes import Kind, Mode
from services.profiles.imports.staging import Staging
from shared.access import matrix
from shared.auth.callers import Role, Scope
from shared.eventstore import CommandKey, CommandRepeated
from shared.http import Call, Day, Listing, Page, Query, Routes, Upload
from shared.postgres import Pool
from shared.refusals import Invalid, NotFound, Unacceptable

LARGEST = 512 * 1024 * 1024
"""Bytes of all files together."""

_HR = (Role.ADMIN, Scope.IMPORTS_WRITE)
_UNITS = "unit,name,leader,effective_on\r\nrnd,Research,E1002,2015-01-01\r\n"
_FORM = (
    "--x\r\n"
    'Content-Disposition: form-data; name="units"; filename="units.csv"\r\n'
    "Content-Type: text/csv\r\n"
    f"\r\n{_UNITS}\r\n"
    "--x--\r\n"
)


class ImportQuery(Query):
    """What is to be done with the files."""

    mode: Annotated[
        Mode,
        Field(description="complete: the files have all history of whom they name; snapshot: how things are on a day."),
    ] = "complete"
    as_of: Annotated[Day | None, Field(description="A snapshot's day; today if not given.")] = None
    absent: Annotated[
        Literal["untouched", "left"],
        Field(description="left: who is not in the snapshot has left, unless these are more than 2 %."),
    ] = "untouched"
    dry_run: Annotated[bool, Field(description="Report what would happen, and take nothing.")] = False
    take_good_rows: Annotated[
        bool, Field(description="Take the people of whom every row is good, although others are bad.")
    ] = False


class FileView(BaseModel):
    name: str
    kind: Kind | None
    bytes: int
    rows: int


class ImportView(BaseModel):
    """An import. `refused`: nothing of the files was taken; `trouble` says why, and the problems say where."""

    id: UUID
    state: State
    trouble: str | None
    mode: Mode
    as_of: date
    absent: Literal["untouched", "left"]
    dry_run: bool
    take_good_rows: bool
    by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    files: list[FileView]
    progress: Progress


class ProblemView(BaseModel):
    """Something wrong in a file. `column` counts from 1; `field` is our name for it."""

    file: str
    line: int
    column: int | None
    field: str | None
    code: str
    detail: str


def add_routes(routes: Routes, pool: Pool, secret: bytes) -> None:
    """Adds the routes of imports. `secret` is the service's own."""
    jobs = Jobs(pool)

    @routes.post(
        "/v1/imports",
        access=matrix.IMPORT,
        allow=_HR,
        status=202,
        accepts=("multipart/form-data", "text/csv"),
        largest=LARGEST,
        example={"multipart/form-data": _FORM, "text/csv": _UNITS},
    )
    async def begin_import(call: Call[Upload, ImportQuery]) -> ImportView:
        """Send HR's files: one as text/csv, or several as a form.

        In a form each file is a field of its own, named `file` or after its kind (`job_history`, `units`,
        `departments`, `department_managers`, `department_assignments`, `titles`); a field named `mapping` renames
        columns. The answer is the job, which goes on without you: read it until `finished_at` is set.
        """
        options = _options(call.query, call.at.astimezone(UTC).date())
        if call.key is not None and (known := await jobs.known(call.key)) is not None:
            received = Receiving(None)
            await received.all(call.body)
            return _view(_same(known, received.key(call.key)))
        id_, key = uuid7(), None
        await jobs.begin(id_, options, call.caller.by, call.at)
        staging = Staging(pool, secret, id_)
        try:
            received = Receiving(staging)
            await received.all(call.body, lambda: jobs.arriving(id_))
            options = options.model_copy(update={"mapping": received.mapping()})
            key = received.key(call.key) if call.key is not None else None
            await jobs.arrived(id_, options, received.files, key)
        except asyncpg.UniqueViolationError:
            await _forget(jobs, staging, id_)
            if key is None or (known := await jobs.known(key)) is None:
                raise
            return _view(_same(known, key))
        except Exception:
            await _forget(jobs, staging, id_)
            raise
        return _view(await _get(jobs, id_))

    @routes.get("/v1/imports", access=matrix.IMPORT, allow=_HR)
    async def list_imports(call: Call[None, Listing]) -> Page[ImportView]:
        """Imports, the newest first."""
        before = (datetime.fromisoformat(str(call.cursor[0])), UUID(str(call.cursor[1]))) if call.cursor else None
        found = await jobs.page(before, call.query.limit + 1)
        shown = found[: call.query.limit]
        last = (shown[-1].created_at.isoformat(), str(shown[-1].id)) if len(found) > len(shown) else None
        return Page([_view(one) for one in shown], last)

    @routes.get("/v1/imports/{import_id}", access=matrix.IMPORT, allow=_HR)
    async def read_import(_call: Call, import_id: UUID) -> ImportView:
        """One import: how far it is and what came of it."""
        return _view(await _get(jobs, import_id))

    @routes.get("/v1/imports/{import_id}/problems", access=matrix.IMPORT, allow=_HR)
    async def list_import_problems(call: Call[None, Listing], import_id: UUID) -> Page[ProblemView]:
        """What is wrong in an import's files, by file, line and column; the first 1,000 found are kept."""
        job = await _get(jobs, import_id)
        after = [int(str(part)) for part in call.cursor] if call.cursor else None
        found = await jobs.problems(import_id, after, call.query.limit + 1)
        shown = found[: call.query.limit]
        return Page([_problem(job, one) for one in shown], _key(shown[-1]) if len(found) > len(shown) else None)


def _options(query: ImportQuery, today: date) -> Options:
    if query.as_of is not None and (query.mode != "snapshot" or query.as_of > today):
        detail = "is the day of a snapshot, at most today"
        raise Unacceptable(invalid=(Invalid("as_of", detail, "query"),))
    if query.absent == "left" and query.mode != "snapshot":
        raise Unacceptable(invalid=(Invalid("absent", "can be left in a snapshot alone", "query"),))
    return Options(
        mode=query.mode,
        as_of=query.as_of or today,
        absent=query.absent,
        dry_run=query.dry_run,
        take_good_rows=query.take_good_rows,
    )


def _same(known: tuple[Job, bytes], key: CommandKey) -> Job:
    """The job begun under a key. Raises CommandRepeated when other files or options came with it."""
    job, fingerprint = known
    if fingerprint != key.fingerprint:
        raise CommandRepeated((), matches=False)
    return job


async def _get(jobs: Jobs, id_: UUID) -> Job:
    job = await jobs.get(id_)
    if job is None:
        raise NotFound
    return job


async def _forget(jobs: Jobs, staging: Staging, id_: UUID) -> None:
    """What did not arrive whole. If this fails too, the worker does it after an hour."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await staging.clear()
        await jobs.forget(id_)


def _view(job: Job) -> ImportView:
    return ImportView(
        id=job.id,
        state=job.state,
        trouble=job.trouble,
        mode=job.options.mode,
        as_of=job.options.as_of,
        absent=job.options.absent,
        dry_run=job.options.dry_run,
        take_good_rows=job.options.take_good_rows,
        by=job.by,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        files=[FileView(name=one.name, kind=one.kind, bytes=one.bytes, rows=one.rows) for one in job.files],
        progress=job.progress,
    )


def _key(one: Listed) -> tuple[int, int, int, int]:
    return one.file, one.line, one.column or 0, one.number


def _problem(job: Job, one: Listed) -> ProblemView:
    return ProblemView(
        file=job.files[one.file].name,
        line=one.line,
        column=one.column,
        field=one.field,
        code=one.code,
        detail=one.detail,
    )
