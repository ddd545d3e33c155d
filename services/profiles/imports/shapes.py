"""Which file is which, and from a record to a row: the columns that each kind of file has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Literal

from services.profiles.imports import columns
from services.profiles.imports.columns import Column
from services.profiles.imports.mapping import ColumnMapping
from services.profiles.imports.problems import Place, Problem, Wrong
from services.profiles.imports.records import Record
from services.profiles.imports.rows import (
    Department,
    DepartmentAssignment,
    DepartmentManager,
    HistoryRow,
    Row,
    TitleHeld,
    UnitRow,
)

Mode = Literal["complete", "snapshot"]
Kind = Literal["job_history", "units", "departments", "department_managers", "department_assignments", "titles"]

POSITION = "main"
UNSAID = {"legal_entity": "main", "country": "ZZ", "time_zone": "UTC"}
"""What holds for the shape of four files, which says nothing of these, unless a mapping's defaults say otherwise."""

KINDS: Mapping[Kind, tuple[type[Row], tuple[Column, ...]]] = MappingProxyType(
    {
        # The columns stand in the order of the row's fields.
        "job_history": (
            HistoryRow,
            (
                Column("employee_number", columns.code, needed=True),
                Column("given_name", columns.text),
                Column("family_name", columns.text),
                Column("email", columns.email),
                Column("language", columns.language),
                Column("position", columns.code, default=POSITION),
                Column("unit", columns.code, needed=True),
                Column("title", columns.text, needed=True),
                Column("job_level", columns.job_level),
                Column("legal_entity", columns.code, needed=True),
                Column("country", columns.country, needed=True),
                Column("time_zone", columns.time_zone, needed=True),
                Column("fte", columns.fte),
                Column("primary", columns.yes_or_no, default=True),
                Column("status", columns.status, default="active"),
                Column("manager", columns.code),
                Column("dotted_line_manager", columns.code),
                Column("reason", columns.reason),
                Column("effective_on", columns.day, needed=True),
                Column("held_until", columns.last_day),
                Column("left_on", columns.last_day),
            ),
        ),
        "units": (
            UnitRow,
            (
                Column("unit", columns.code, needed=True),
                Column("name", columns.text, needed=True),
                Column("parent", columns.code),
                Column("legal_entity", columns.code),
                Column("leader", columns.code),
                Column("replaced_by", columns.codes, default=()),
                Column("effective_on", columns.day, needed=True),
            ),
        ),
        "departments": (
            Department,
            (Column("department_id", columns.code, needed=True), Column("name", columns.text, needed=True)),
        ),
        "department_managers": (
            DepartmentManager,
            (
                Column("employee_id", columns.code, needed=True),
                Column("department_id", columns.code, needed=True),
                Column("from_date", columns.day, needed=True),
                Column("to_date", columns.last_day),
            ),
        ),
        "department_assignments": (
            DepartmentAssignment,
            (
                Column("employee_id", columns.code, needed=True),
                Column("department_id", columns.code, needed=True),
                Column("from_date", columns.day, needed=True),
                Column("to_date", columns.last_day),
            ),
        ),
        "titles": (
            TitleHeld,
            (
                Column("employee_id", columns.code, needed=True),
                Column("title", columns.text, needed=True),
                Column("from_date", columns.day, needed=True),
                Column("to_date", columns.last_day),
            ),
        ),
    }
)

_DATED = ("effective_on", "held_until", "left_on")

SHAPES: tuple[tuple[frozenset[Kind], frozenset[Kind]], ...] = (
    (frozenset(("job_history",)), frozenset(("job_history", "units"))),
    (frozenset(("units",)), frozenset(("job_history", "units"))),
    (
        frozenset(("departments", "department_assignments", "titles")),
        frozenset(("departments", "department_assignments", "titles", "department_managers")),
    ),
)
"""What an import may consist of: kinds that must be there, kinds that may."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's records are read, once its header is known."""

    kind: Kind
    width: int
    cells: tuple[tuple[int | None, Column, Callable[[str], Any], Any], ...]
    """For each of our columns: where it stands, how it is read, and what an empty cell stands for."""
    values: Mapping[str, Mapping[str, str]]
    fixed: tuple[Any, ...] = ()
    """What follows after the cells: a snapshot's rows are of its one day."""

    def row(self, record: Record, file: int) -> Row | list[Problem]:
        """The row of a record, or everything that is wrong with it."""
        at = Place(file, record.line)
        if record.broken is not None:
            return [Problem(at, "broken-line", record.broken)]
        if len(record.cells) != self.width:
            return [
                Problem(at, "wrong-column-count", f"has {len(record.cells)} columns where the header has {self.width}")
            ]
        values: list[Any] = []
        problems: list[Problem] = []
        for index, column, read, default in self.cells:
            try:
                values.append(self._value(record.cells[index] if index is not None else "", column, read, default))
            except Wrong as wrong:
                where = index + 1 if index is not None else None
                problems.append(Problem(at, wrong.code, wrong.detail, where, column.name))
        if problems:
            return problems
        row = KINDS[self.kind][0](at, *values, *self.fixed)
        return list(_ends(row, self)) or row

    def _value(self, cell: str, column: Column, read: Callable[[str], Any], default: Any) -> Any:
        cell = columns.fit(cell) if cell else cell
        if (ours := self.values.get(column.name)) is not None:
            cell = ours.get(cell, cell)
        if cell:
            return read(cell)
        if column.needed and default is None:
            raise Wrong("missing", "must not be empty")
        return default

    def owner(self, record: Record) -> str | None:
        """The employee number of a bad row, where at least that can be read."""
        for index, column, read, _ in self.cells:
            if column.name in ("employee_number", "employee_id") and index is not None and index < len(record.cells):
                try:
                    return str(read(columns.fit(record.cells[index])))
                except Wrong:
                    return None
        return None

    @property
    def columns(self) -> dict[str, int]:
        """Our columns, and where they stand in the file, from 1."""
        return {one.name: index + 1 for index, one, _, _ in self.cells if index is not None}


def kind_of(part: str, file_name: str, header: Sequence[str], mapping: ColumnMapping) -> Kind | None:
    """Which kind of file it is: said by whoever sends it, else by its name, else by its columns."""
    for word in (part, PurePath(file_name).stem):
        if (said := word.strip().lower()) in KINDS:
            return said  # type: ignore[return-value]
    names = {mapping.column(one) for one in header}
    fitting = [
        kind
        for kind, (_, known) in KINDS.items()
        if {one.name for one in known if one.needed and one.name not in mapping.defaults} - set(_DATED) <= names
    ]
    return fitting[0] if len(fitting) == 1 else None


def layout(
    kind: Kind, record: Record, file: int, mapping: ColumnMapping, *, snapshot_of: date | None = None
) -> Layout | list[Problem]:
    """How to read the file whose header this is, or what is wrong with the header."""
    at = Place(file, record.line)
    if record.broken is not None:
        return [Problem(at, "broken-line", record.broken)]
    snapshot = snapshot_of is not None and kind == "job_history"
    known = {one.name: one for one in KINDS[kind][1] if not (snapshot and one.name in _DATED)}
    found: dict[str, int] = {}
    problems: list[Problem] = []
    for index, cell in enumerate(record.cells):
        try:
            name = mapping.column(columns.fit(cell))
        except Wrong as wrong:
            problems.append(Problem(at, wrong.code, wrong.detail, index + 1))
            continue
        if name is None:
            continue
        if name in found:
            problems.append(Problem(at, "duplicate-column", "stands for the same column as one before", index + 1))
        elif name in known:
            found[name] = index
        elif snapshot and name in _DATED:
            detail = "a snapshot says how things are on one day: leave this column out, or map it to nothing"
            problems.append(Problem(at, "dated-column", detail, index + 1, name))
        else:
            detail = f"is no column of a {kind} file: rename it with a mapping, or map it to nothing"
            problems.append(Problem(at, "unknown-column", detail, index + 1))
    cells = []
    for name, column in known.items():
        read = columns.with_dates(column.read, mapping.dates)
        try:
            default = _default(column, mapping)
        except Wrong as wrong:
            problems.append(Problem(at, wrong.code, f"the mapping's default {wrong.detail}", None, name))
            continue
        if name not in found and column.needed and default is None:
            problems.append(Problem(at, "missing-column", "the file has no such column", None, name))
        cells.append((found.get(name), column, read, default))
    if problems:
        return problems
    fixed = (snapshot_of, None, None) if snapshot else ()
    return Layout(kind, len(record.cells), tuple(cells), mapping.values, fixed)


def check_files(kinds: Sequence[Kind], mode: Mode) -> Iterator[str]:
    """What is wrong with the files of an import as a set, in words."""
    given = set(kinds)
    if not any(must <= given <= may for must, may in SHAPES):
        yield (
            "an import is either job histories and units, or departments, department_assignments and titles "
            "with department_managers if there are any"
        )
    if mode == "snapshot" and not given <= {"job_history", "units"}:
        yield "a snapshot is a job_history file without dates: the shape of four files is a history"


def check_mapping(mapping: ColumnMapping) -> None:
    """Raises Wrong where a mapping names a column that no kind of file has."""
    known = {column.name for _, found in KINDS.values() for column in found}
    named = {ours for ours in mapping.columns.values() if ours} | {*mapping.defaults} | {*mapping.values}
    if named - known:
        raise Wrong("bad-mapping", "names a column that there is not")


def _default(column: Column, mapping: ColumnMapping) -> Any:
    written = mapping.defaults.get(column.name)
    if written is None:
        return column.default
    return columns.with_dates(column.read, mapping.dates)(columns.fit(written))


def _ends(row: Row, layout: Layout) -> Iterator[Problem]:
    """What ends before it begins."""
    match row:
        case HistoryRow():
            spans = [(row.effective_on, row.held_until, 0, "held_until"), (row.effective_on, row.left_on, 0, "left_on")]
        case DepartmentManager() | DepartmentAssignment() | TitleHeld():
            spans = [(row.from_date, row.to_date, 1, "to_date")]
        case _:
            return
    for begin, end, least, name in spans:
        if end is not None and (end - begin).days < least:
            yield Problem(row.at, "end-before-start", "ends before it begins", layout.columns.get(name), name)
