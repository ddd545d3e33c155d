"""What HR asks of moves: figures by at most two things, and the people behind a figure.

Decided here: HR partners get exact numbers and people of the moves from or to the units that are theirs as of now, also
for moves of before. A service account with the scope gets figures of the whole organisation, and nobody's moves.
Analysts get releases (moves_releases.py). A claim that HR has not confirmed is counted beside, and lists nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field

from services.projections.movement import Kind, MoveKind
from shared.audit import Book, Shown
from shared.auth.callers import Caller, Role, Scope
from shared.http import Page
from shared.refusals import NotAllowed
from shared.relations.reads import Relations, Rows, partners_unit

GroupBy = Literal["flow", "from_unit", "to_unit", "kind", "month", "title"]


@dataclass(frozen=True, slots=True)
class UnitName:
    """A unit, as it is called today; null where nothing was heard of it yet."""

    id: UUID
    code: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """How many moves; of what they were grouped by, the others are null."""

    moves: Annotated[int, Field(description="As HR reported them.")]
    unconfirmed: Annotated[int, Field(description="Claimed, and not reported by HR so far.")]
    from_unit: UnitName | None = None
    to_unit: UnitName | None = None
    kind: Kind | None = None
    month: Annotated[str | None, Field(description="Such as 2027-01, by effective date.")] = None
    from_title: str | None = None
    to_title: str | None = None
    period: Annotated[
        str | None,
        Field(description="Of a release, by month: the finest that is told: 2027-01, 2027-Q1, 2027, or ever."),
    ] = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Most first. Live numbers are exact, `moves` and `unconfirmed` the sums of the cells; a release counts groups."""

    moves: int
    unconfirmed: int
    cells: list[Cell]
    release: Annotated[int | None, Field(description="Which release these are from; null: live.")] = None
    other: Annotated[
        int, Field(description="Of a release: those of `moves` in no cell, as it does not tell what is grouped by.")
    ] = 0
    wider: Annotated[
        int,
        Field(description="Of a release: not in `moves`, as told for a longer time that reaches into what is asked."),
    ] = 0


@dataclass(frozen=True, slots=True)
class MoveView:
    """One person's move, as HR reported it."""

    id: UUID
    person: UUID
    kind: Kind
    effective_on: date
    from_unit: UnitName | None
    to_unit: UnitName | None
    from_title: str | None
    to_title: str | None
    from_level: int | None
    to_level: int | None


@dataclass(frozen=True, slots=True)
class MovesAsked:
    """Which moves: both days included; `unit` stands for either side, and for the units below it as of now."""

    begins: date | None = None
    ends: date | None = None
    unit: UUID | None = None
    kind: Sequence[Kind] = ()
    group_by: Sequence[GroupBy] = ()
    from_unit: UUID | None = None
    to_unit: UUID | None = None
    from_title: str | None = None
    to_title: str | None = None


class MovesReads:
    """What the API asks. Raises NotAllowed, RelationsStale."""

    def __init__(self, rows: Rows, relations: Relations, audit: Book) -> None:
        self._rows = rows
        self._relations = relations
        self._audit = audit

    async def figures(self, caller: Caller, asked: MovesAsked) -> Figures:
        """Counts what the caller may see."""
        partner = await self._partner(caller, individuals=False)
        groups = tuple(name for name in get_args(GroupBy) if name in asked.group_by)
        found = await self._rows.fetch(_figures(groups, partner is not None), *_arguments(partner, asked))
        return Figures(
            moves=sum(row["moves"] for row in found),
            unconfirmed=sum(row["unconfirmed"] for row in found),
            cells=[Cell(**_named(dict(row))) for row in found] if groups else [],
        )

    async def people(
        self, caller: Caller, asked: MovesAsked, after: tuple[date, UUID] | None, limit: int
    ) -> Page[MoveView]:
        """Who is behind the figures, newest first; `after` is day and id of the move before the page."""
        partner = await self._partner(caller, individuals=True)
        arguments = [*_arguments(partner, asked), *(after or (None, None)), limit + 1]
        found = [MoveView(**_named(dict(row))) for row in await self._rows.fetch(_PEOPLE, *arguments)]
        others = dict.fromkeys(move.person for move in found[:limit] if move.person != caller.person)
        self._audit.note(caller, [Shown("move", person, person, "hr_partner") for person in others])
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], None if last is None else (last.effective_on.isoformat(), str(last.id)))

    async def _partner(self, caller: Caller, *, individuals: bool) -> UUID | None:
        """The HR partner whose population counts; None: everybody's moves do."""
        if caller.person is not None and Role.HR_PARTNER in caller.roles:
            await self._relations.require_fresh()
            return caller.person
        if individuals or Scope.MOVES_READ not in caller.scopes:
            raise NotAllowed
        return None


MOVES: Sequence[Kind] = get_args(MoveKind)
"""What is meant by moves where no kind is asked for: joining, leaving and coming back stand apart."""

# The partner's units as of now, and the unit asked for with those below it.
_UNITS = f"""
    with mine as materialized (select u.unit from units u where {partners_unit("u.unit", "$9::uuid")}),
    below as materialized (
        select p.unit from unit_paths p where p.ancestor = $3 and p.from_on <= current_date
            and (p.to_on is null or p.to_on > current_date)
    )"""
_CHOSEN = """
    m.effective_on >= coalesce($1::date, '-infinity') and m.effective_on <= coalesce($2::date, 'infinity')
    and m.begins_at <= now() and m.ends_at > now() and m.kind = any ($4::text[])
    and ($3::uuid is null or m.from_unit in (select unit from below) or m.to_unit in (select unit from below))
    and ($5::uuid is null or m.from_unit = $5) and ($6::uuid is null or m.to_unit = $6)
    and ($7::text is null or m.from_title = $7) and ($8::text is null or m.to_title = $8)"""
_MINE = "(m.from_unit in (select unit from mine) or m.to_unit in (select unit from mine))"
_NAMES = "f.code as from_code, f.name as from_name, t.code as to_code, t.name as to_name"

_PEOPLE = f"""{_UNITS}
    select m.id, m.person, m.kind, m.effective_on, m.from_unit, m.to_unit, m.from_title, m.to_title, m.from_level,
        m.to_level, {_NAMES}
    from moves m left join units f on f.unit = m.from_unit left join units t on t.unit = m.to_unit
    where {_CHOSEN} and {_MINE} and m.confirmed
        and ($10::date is null or (m.effective_on, m.id) < ($10, $11::uuid))
    order by m.effective_on desc, m.id desc limit $12"""

_GROUPS: dict[GroupBy, dict[str, str]] = {
    "flow": {"from_unit": "m.from_unit", "to_unit": "m.to_unit"},
    "from_unit": {"from_unit": "m.from_unit"},
    "to_unit": {"to_unit": "m.to_unit"},
    "kind": {"kind": "m.kind"},
    "month": {"month": "to_char(m.effective_on, 'YYYY-MM')"},
    "title": {"from_title": "m.from_title", "to_title": "m.to_title"},
}
_ONLY: dict[GroupBy, str] = {"flow": "m.from_unit <> m.to_unit", "title": "m.from_title <> m.to_title"}
"""A flow is between two units, a change of title between two titles: what else was chosen is in no such cell."""


@cache
def _figures(groups: tuple[GroupBy, ...], population: bool) -> str:  # noqa: FBT001
    """The statement for a grouping: few, so that each is prepared once a connection."""
    by = {name: value for group in groups for name, value in _GROUPS[group].items()}
    chosen = [
        _CHOSEN,
        *(_ONLY[group] for group in groups if group in _ONLY),
        _MINE if population else "$9::uuid is null",
    ]
    columns = "".join(f"{value} as {name}, " for name, value in by.items())
    grouped = f"group by {', '.join(by.values())}" if by else ""
    counted = f"""select {columns} count(*) filter (where m.confirmed) as moves,
            count(*) filter (where not m.confirmed) as unconfirmed
        from moves m where {" and ".join(chosen)} {grouped}"""
    sides = [side for side in ("from", "to") if f"{side}_unit" in by]
    names = "".join(f", {side}_is.code as {side}_code, {side}_is.name as {side}_name" for side in sides)
    joins = "".join(f" left join units {side}_is on {side}_is.unit = c.{side}_unit" for side in sides)
    order = ", ".join(["c.moves desc", "c.unconfirmed desc", *(f"c.{name}" for name in by)])
    return f"{_UNITS} select c.*{names} from ({counted}) c{joins} order by {order}"


def _arguments(partner: UUID | None, asked: MovesAsked) -> list[object]:
    return [
        asked.begins,
        asked.ends,
        asked.unit,
        list(asked.kind or MOVES),
        asked.from_unit,
        asked.to_unit,
        asked.from_title,
        asked.to_title,
        partner,
    ]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """Units by id, code and name."""
    for side in ("from", "to"):
        unit, code, name = row.get(f"{side}_unit"), row.pop(f"{side}_code", None), row.pop(f"{side}_name", None)
        row[f"{side}_unit"] = None if unit is None else UnitName(id=unit, code=code, name=name)
    return row
