"""An import as a job: what was asked, how far it is, what came of it. One row each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.profiles.imports.mapping import AS_IT_IS, ColumnMapping
from services.profiles.imports.shapes import Kind, Mode
from shared.eventstore import CommandKey
from shared.postgres import Migration, Pool

NAMES_KEPT = timedelta(days=30)
"""For how long after its end an import's report has the names of files, which may be somebody's."""

State = Literal["receiving", "waiting", "staging", "checking", "applying", "done", "refused", "failed"]


def migrations() -> list[Migration]:
    """The tables of imports, for profiles' own database."""
    here = Path(__file__).parent
    return [Migration(f"imports/{name}", (here / f"{name}.sql").read_text()) for name in ("0001_imports", "0002_names")]


class Options(BaseModel):
    """What was asked. `as_of` is the day of a snapshot."""

    model_config = ConfigDict(frozen=True)

    mode: Mode = "complete"
    as_of: date
    absent: Literal["untouched", "left"] = "untouched"
    dry_run: bool = False
    take_good_rows: bool = False
    mapping: ColumnMapping = AS_IT_IS


class File(BaseModel):
    """A file as it came. `part` is the form field it came in, which may say its kind."""

    model_config = ConfigDict(frozen=True)

    name: str
    part: str = "file"
    bytes: int = 0
    kind: Kind | None = None
    rows: int = 0
    columns: dict[str, int] = {}
    """Our columns, and where they stand in the file, from 1."""


class Progress(BaseModel):
    """How far an import is, and what came of it so far. In a dry run: what would have come of it."""

    rows: Annotated[int, Field(description="Rows read.")] = 0
    problems: Annotated[int, Field(description="Bad rows and contradictions found; the first 1,000 are listed.")] = 0
    units: Annotated[int, Field(description="Units that the files speak of.")] = 0
    units_changed: Annotated[int, Field(description="Units of which something new was told.")] = 0
    people: Annotated[int, Field(description="People whose rows the files have.")] = 0
    people_checked: int = 0
    people_left_out: Annotated[int, Field(description="People of whom a row is bad.")] = 0
    people_done: int = 0
    people_new: Annotated[int, Field(description="People who joined by this import.")] = 0
    people_changed: Annotated[int, Field(description="People known before of whom something new was told.")] = 0
    people_unchanged: int = 0
    people_known_by_id: Annotated[int, Field(description="Leaders and managers who have no rows and never joined.")] = 0
    people_left: Annotated[int, Field(description="People absent from a snapshot who have left by it.")] = 0
    corrections: Annotated[int, Field(description="Facts told again, changed.")] = 0
    events: Annotated[dict[str, int], Field(description="Events by type.")] = {}


@dataclass(frozen=True, slots=True)
class Job:
    """A row of `imports`."""

    id: UUID
    state: State
    options: Options
    by: str
    files: tuple[File, ...]
    progress: Progress
    trouble: str | None
    checkpoint: UUID | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


FIELDS = (
    """id, state, options, by, files, progress, trouble, checkpoint, attempts, created_at, started_at, finished_at"""
)


def job(row: Mapping[str, Any] | asyncpg.Record) -> Job:
    return Job(
        id=row["id"],
        state=row["state"],
        options=Options.model_validate_json(row["options"]),
        by=row["by"],
        files=tuple(File.model_validate(one) for one in orjson.loads(row["files"])),
        progress=Progress.model_validate_json(row["progress"]),
        trouble=row["trouble"],
        checkpoint=row["checkpoint"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A problem as it was kept."""

    number: int
    file: int
    line: int
    column: int | None
    field: str | None
    code: str
    detail: str


class Jobs:
    """The table of jobs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, id_: UUID, options: Options, by: str, at: datetime) -> None:
        """A job whose files are arriving."""
        await self._pool.execute(
            """insert into imports (id, state, options, by, files, progress, created_at, changed_at)
               values ($1, 'receiving', $2, $3, '[]', '{}', $4, $4)""",
            id_,
            options.model_dump_json().encode(),
            by,
            at,
        )

    async def arriving(self, id_: UUID) -> None:
        """More has arrived."""
        await self._pool.execute("update imports set changed_at = clock_timestamp() where id = $1", id_)

    async def arrived(self, id_: UUID, options: Options, files: Sequence[File], key: CommandKey | None) -> None:
        """All files are here: the job waits for its turn. Raises UniqueViolationError for a key known."""
        await self._pool.execute(
            """update imports set state = 'waiting', options = $2, files = $3, command_key = $4, command_print = $5,
                   changed_at = clock_timestamp() where id = $1""",
            id_,
            options.model_dump_json().encode(),
            _files(files),
            key.key if key is not None else None,
            key.fingerprint if key is not None else None,
        )

    async def known(self, key: CommandKey) -> tuple[Job, bytes] | None:
        """The job begun under a key, and the fingerprint of what was asked."""
        row = await self._pool.fetchrow(f"select {FIELDS}, command_print from imports where command_key = $1", key.key)
        return (job(row), row["command_print"]) if row is not None else None

    async def get(self, id_: UUID) -> Job | None:
        row = await self._pool.fetchrow(f"select {FIELDS} from imports where id = $1", id_)
        return job(row) if row is not None else None

    async def page(self, before: tuple[datetime, UUID] | None, limit: int) -> list[Job]:
        """The newest first."""
        at, id_ = before or (None, None)
        rows = await self._pool.fetch(
            f"""select {FIELDS} from imports where $1::timestamptz is null or (created_at, id) < ($1, $2)
                order by created_at desc, id desc limit $3""",
            at,
            id_,
            limit,
        )
        return [job(row) for row in rows]

    async def problems(self, id_: UUID, after: Sequence[int] | None, limit: int) -> list[Listed]:
        """As they stand in the files; `after` is file, line, column (0: none) and number."""
        rows = await self._pool.fetch(
            """select number, file, line, "column", field, code, detail from import_problems
               where import = $1 and (file, line, coalesce("column", 0), number) > ($2, $3, $4, $5)
               order by file, line, coalesce("column", 0), number limit $6""",
            id_,
            *(after or (-1, 0, 0, 0)),
            limit,
        )
        return [Listed(*row) for row in rows]

    async def next(self) -> Job | None:
        """The oldest job that has arrived and not ended."""
        row = await self._pool.fetchrow(
            f"""select {FIELDS} from imports where finished_at is null and state <> 'receiving'
                order by created_at limit 1"""
        )
        return job(row) if row is not None else None

    async def attempt(self, id_: UUID) -> None:
        """Work on the job begins, or begins again."""
        await self._pool.execute(
            """update imports set attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp())
               where id = $1""",
            id_,
        )

    async def passed(self, id_: UUID) -> None:
        """What interrupted the job passes by itself: it does not count as an attempt."""
        await self._pool.execute("update imports set attempts = greatest(attempts - 1, 0) where id = $1", id_)

    async def advance(
        self,
        id_: UUID,
        state: State,
        progress: Progress,
        *,
        files: Sequence[File] | None = None,
        checkpoint: UUID | None = None,
    ) -> None:
        """How far the job is now."""
        await self._pool.execute(
            """update imports set state = $2, progress = $3, files = coalesce($4, files), checkpoint = $5,
                   attempts = case when checkpoint is distinct from $5 then 1 else attempts end,
                   changed_at = clock_timestamp() where id = $1""",
            id_,
            state,
            progress.model_dump_json().encode(),
            _files(files) if files is not None else None,
            checkpoint,
        )

    async def end(self, id_: UUID, state: State, trouble: str | None = None) -> None:
        await self._pool.execute(
            """update imports set state = $2, trouble = $3, checkpoint = null, changed_at = clock_timestamp(),
                   finished_at = clock_timestamp() where id = $1""",
            id_,
            state,
            trouble,
        )

    async def forget(self, id_: UUID) -> None:
        """A job whose files never arrived whole."""
        await self._pool.execute("delete from imports where id = $1 and state = 'receiving'", id_)

    async def forget_names(self) -> None:
        """Files of imports that ended long ago are called by their kind and number."""
        rows = await self._pool.fetch(
            f"select {FIELDS} from imports where named and finished_at < now() - $1::interval limit 10", NAMES_KEPT
        )
        for old in map(job, rows):
            files = [
                one.model_copy(update={"name": f"{one.kind or 'file'}-{number}.csv"})
                for number, one in enumerate(old.files, 1)
            ]
            await self._pool.execute(
                "update imports set files = $2, named = false where id = $1", old.id, _files(files)
            )

    async def abandoned(self) -> list[UUID]:
        """Jobs whose files have stopped arriving."""
        rows = await self._pool.fetch(
            "select id from imports where state = 'receiving' and changed_at < now() - interval '1 hour' limit 10"
        )
        return [row["id"] for row in rows]


def _files(files: Sequence[File]) -> bytes:
    return orjson.dumps([one.model_dump() for one in files])
