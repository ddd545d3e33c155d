"""First step of a job: its files are read, record by record, and what they say is staged."""

from collections.abc import AsyncIterator
from uuid import UUID

from services.profiles.identity import AliasStreams
from services.profiles.imports.jobs import File, Options, Progress
from services.profiles.imports.problems import Place, Problem
from services.profiles.imports.records import Record, Records
from services.profiles.imports.rows import (
    Department,
    DepartmentAssignment,
    DepartmentManager,
    HistoryRow,
    Row,
    TitleHeld,
    UnitRow,
    people_in,
)
from services.profiles.imports.shapes import Layout, kind_of, layout
from services.profiles.imports.staging import StagedPerson, StagedRow, Staging
from services.profiles.unit import unit_id

BATCH = 500
"""Rows staged in one transaction; between batches others have their turn."""


class Stager:
    """Reads the files of one job."""

    def __init__(self, options: Options, staging: Staging, aliases: AliasStreams) -> None:
        self._options = options
        self._staging = staging
        self._aliases = aliases
        self._rows: list[StagedRow] = []
        self._people: dict[UUID, StagedPerson] = {}
        self._problems: list[Problem] = []

    async def file(self, number: int, file: File, progress: Progress) -> File:
        """Stages one file and counts in `progress`. Its kind stays None where its header cannot be read."""
        how: Layout | None = None
        begun, rows = False, 0
        async for record in self._records(number):
            if not begun:
                begun, how = True, self._header(number, file, record)
                if how is None:
                    break
            elif how is not None:
                rows += 1
                progress.rows += 1
                self._record(how, number, record)
                if len(self._rows) + len(self._problems) >= BATCH:
                    await self._flush(progress)
        if not begun:
            self._problems.append(Problem(Place(number, 1), "empty", "the file is empty"))
        await self._flush(progress)
        if how is None:
            return file
        return file.model_copy(update={"kind": how.kind, "rows": rows, "columns": how.columns})

    async def _records(self, number: int) -> AsyncIterator[Record]:
        records = Records()
        async for chunk in self._staging.chunks(number):
            for record in records.feed(chunk):
                yield record
        for record in records.feed(b""):
            yield record

    def _header(self, number: int, file: File, record: Record) -> Layout | None:
        mapping = self._options.mapping
        kind = kind_of(file.part, file.name, record.cells, mapping)
        if kind is None:
            detail = "the columns are those of no kind of file, or of several: name the file after its kind"
            self._problems.append(Problem(Place(number, record.line), "unknown-file", detail))
            return None
        snapshot_of = self._options.as_of if self._options.mode == "snapshot" else None
        how = layout(kind, record, number, mapping, snapshot_of=snapshot_of)
        if isinstance(how, Layout):
            return how
        self._problems += how
        return None

    def _record(self, how: Layout, number: int, record: Record) -> None:
        row = how.row(record, number)
        if isinstance(row, list):
            self._problems += row
            if (owner := how.owner(record)) is not None:
                self._name(owner, has_rows=True, is_bad=True)
            return
        self._rows.append(StagedRow(self._about(row), row))
        for employee_number, is_theirs in people_in(row):
            self._name(employee_number, has_rows=is_theirs, is_named=not is_theirs)

    def _about(self, row: Row) -> UUID:
        match row:
            case UnitRow():
                return unit_id(row.unit)
            case Department() | DepartmentManager():
                return unit_id(row.department_id)
            case HistoryRow():
                return self._aliases.stream("employee_number", row.employee_number)
            case DepartmentAssignment() | TitleHeld():
                return self._aliases.stream("employee_number", row.employee_id)

    def _name(
        self, employee_number: str, *, has_rows: bool = False, is_named: bool = False, is_bad: bool = False
    ) -> None:
        about = self._aliases.stream("employee_number", employee_number)
        one = self._people.setdefault(about, StagedPerson(about, employee_number))
        one.has_rows |= has_rows
        one.is_named |= is_named
        one.is_bad |= is_bad

    async def _flush(self, progress: Progress) -> None:
        await self._staging.put(self._rows, self._people.values())
        await self._staging.put_problems(progress.problems, self._problems)
        progress.problems += len(self._problems)
        self._rows, self._people, self._problems = [], {}, []
