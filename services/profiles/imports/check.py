"""Second step of a job: all that was staged is looked at before anything of it is taken."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from services.profiles.identity import AliasStreams, holder
from services.profiles.imports import units as unit_rules
from services.profiles.imports.jobs import File, Options, Progress
from services.profiles.imports.problems import Problem
from services.profiles.imports.reading import managers_named, units_named, unknown, wrong_between
from services.profiles.imports.rows import DepartmentManager, PersonSide, UnitRow, UnitSide
from services.profiles.imports.shapes import UNSAID
from services.profiles.imports.snapshot import MOST_LEAVERS
from services.profiles.imports.staging import Staging
from services.profiles.imports.units import StatedUnit
from services.profiles.unit import unit_id
from shared.eventstore import EventStore

PAGE = 200
"""People looked at together."""

NAMES = 500
"""Employee numbers looked up together."""

MOST_ROWS = 500
"""Rows of one person: more is a broken file, and would all be held at once."""

Advance = Callable[[], Awaitable[None]]


class Checker:
    """Looks at what one job has staged, and writes what is wrong into its report."""

    def __init__(self, options: Options, staging: Staging, store: EventStore, aliases: AliasStreams) -> None:
        self.files: Sequence[File] = ()
        self._options = options
        self._staging = staging
        self._store = store
        self._aliases = aliases
        self._units: dict[str, bool] = {}

    async def check(self, progress: Progress, advance: Advance) -> None:
        """Finds what is wrong, and marks the people of whom a row is bad."""
        stated, problems = await self.stated_units()
        progress.units = len(stated)
        await self._report(problems, progress)
        await self.resolve()
        progress.people = await self._staging.count("has_rows")
        await self._one_number_each(progress)
        after: UUID | None = None
        while page := await self._staging.people(after, PAGE, where="has_rows and not is_bad"):
            after = page[-1].about
            rows = await self._staging.person_rows([one.about for one in page])
            bad = await self._people(rows, progress)
            await self._staging.leave_out(bad)
            progress.people_checked += len(page)
            await advance()
        progress.people_left_out = await self._staging.count("is_bad")

    async def stated_units(self) -> tuple[list[StatedUnit], list[Problem]]:
        """The units that can be taken, and what is wrong with the others."""
        rows = await self._staging.unit_rows()
        problems = unit_rules.check(rows)
        wrong = {problem.at for problem in problems}
        bad = {_code(row) for row in rows if row.at in wrong}
        while True:
            # A unit that cannot be taken may be what another one names.
            taken = [row for row in rows if _code(row) not in bad]
            found = await self._unknown_units(taken)
            if not found:
                break
            problems += [problem for _, problem in found]
            bad |= {code for code, _ in found}
        self._units.update({_code(row): True for row in taken})
        defaults = {**UNSAID, **self._options.mapping.defaults}
        stated = unit_rules.stated(taken, leaders_told=self._leaders_told(), legal_entity=defaults["legal_entity"])
        return stated, problems

    async def resolve(self) -> None:
        """Finds out who those named are, as far as they are known."""
        after: UUID | None = None
        while page := await self._staging.people(after, NAMES, where="person is null"):
            after = page[-1].about
            streams = await self._store.read_many([one.about for one in page])
            people = {about: holder(stored).person for about, stored in streams.items()}
            await self._staging.resolve({about: person for about, person in people.items() if person is not None})

    async def trouble(self) -> str | None:
        """Why nobody may be taken to have left, in words."""
        if self._options.mode != "snapshot" or self._options.absent != "left":
            return None
        employed, absent = await self._staging.absentees(self._options.as_of)
        if absent > MOST_LEAVERS * employed:
            return (
                f"{absent} of {employed} people are absent from the snapshot: more than {MOST_LEAVERS:.0%} cannot leave"
            )
        return None

    async def _one_number_each(self, progress: Progress) -> None:
        """Two histories of one person would undo each other."""
        doubled = await self._staging.doubled()
        for start in range(0, len(doubled), PAGE):
            rows = await self._staging.person_rows(doubled[start : start + PAGE])
            detail = "begins the rows of somebody whom the files have under another number, too"
            await self._report([Problem(mine[0].at, "two-numbers", detail) for mine in rows.values()], progress)
        await self._staging.leave_out(doubled)

    async def _people(self, rows: dict[UUID, list[PersonSide]], progress: Progress) -> list[UUID]:
        """Of a page of people, those of whom a row is bad."""
        named = {number for mine in rows.values() for number in managers_named(mine)}
        streams = {number: self._aliases.stream("employee_number", number) for number in named}
        found = await self._staging.found(set(streams.values()))
        known = {about for about, (has_rows, person) in found.items() if has_rows or person is not None}
        people = {number for number, about in streams.items() if about in known}
        units = await self._known_units({code for mine in rows.values() for code in units_named(mine)})
        bad: list[UUID] = []
        problems: list[Problem] = []
        for about, mine in rows.items():
            if len(mine) > MOST_ROWS:
                wrong = [Problem(mine[0].at, "too-many-rows", f"begins more than {MOST_ROWS} rows of one person")]
            else:
                wrong = [*wrong_between(mine), *unknown(mine, units, people)]
            if wrong:
                bad.append(about)
                problems += sorted(wrong, key=lambda one: (one.at.file, one.at.line))
        await self._report(problems, progress)
        return bad

    async def _unknown_units(self, rows: Sequence[UnitSide]) -> list[tuple[str, Problem]]:
        """Units with rows that name a unit which is in no file and not known, each with the problem."""
        here = {_code(row) for row in rows if not isinstance(row, DepartmentManager)}
        elsewhere = {code for row in rows if isinstance(row, UnitRow) for _, code in _references(row)} - here
        known = here | await self._known_units(elsewhere)
        found = [
            (row.unit, Problem(row.at, "unknown-unit", "names a unit that is not known", field=field))
            for row in rows
            if isinstance(row, UnitRow)
            for field, code in _references(row)
            if code not in known
        ]
        found += [
            (
                row.department_id,
                Problem(row.at, "unknown-unit", "names a department that has no row", field="department_id"),
            )
            for row in rows
            if isinstance(row, DepartmentManager) and row.department_id not in here
        ]
        return found

    async def _known_units(self, codes: Collection[str]) -> set[str]:
        """Those that are in the files or stand already."""
        asked = [code for code in codes if code not in self._units]
        if asked:
            streams = await self._store.read_many([unit_id(code) for code in asked])
            self._units.update({code: bool(streams[unit_id(code)]) for code in asked})
        return {code for code in codes if self._units[code]}

    def _leaders_told(self) -> bool:
        kinds = {file.kind for file in self.files}
        return "department_managers" in kinds or any("leader" in file.columns for file in self.files)

    async def _report(self, problems: Iterable[Problem], progress: Progress) -> None:
        """Problems between rows know the field: where it stands in the file is known by its header."""
        placed = [
            replace(one, column=self.files[one.at.file].columns.get(one.field)) if one.field is not None else one
            for one in problems
        ]
        await self._staging.put_problems(progress.problems, placed)
        progress.problems += len(placed)


def _code(row: UnitSide) -> str:
    return row.unit if isinstance(row, UnitRow) else row.department_id


def _references(row: UnitRow) -> list[tuple[str, str]]:
    parents = [("parent", row.parent)] if row.parent is not None else []
    return [*parents, *(("replaced_by", code) for code in row.replaced_by)]
