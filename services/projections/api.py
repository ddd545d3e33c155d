"""Routes of projections: the career timeline, and HR's moves."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.projections.entries import Entry
from services.projections.movement import Kind as KindOfMove
from services.projections.moves_reads import Figures, GroupBy, MovesAsked, MovesReads, MoveView
from services.projections.moves_releases import MovesReleases, ReleasesNotYet, ReleaseView, reads_releases
from services.projections.stories import Kind
from services.projections.timeline import Asked, Order, TimelineReads
from shared.access import matrix
from shared.auth.callers import Role, Scope
from shared.groups import MOST_DIMENSIONS
from shared.http import Alias, Call, Day, Found, Line, Listing, Moment, Page, Query, Routes, Several
from shared.refusals import Invalid, NotAllowed, Unacceptable
from shared.relations.reads import Relations


class TimelineQuery(Listing):
    as_of: Annotated[Day | None, Field(description="The story up to this day. Never later than today.")] = None
    known_at: Annotated[Moment | None, Field(description="The facts as they were known at this time.")] = None
    kinds: Annotated[Several[Kind], Field(description="Only these kinds of entries.")] = ()
    order: Order = "newest"


class _Chosen(Query):
    """Which moves."""

    begins: Annotated[Day | None, Field(alias="from", description="The first effective day.")] = None
    ends: Annotated[Day | None, Field(alias="to", description="The last effective day: it is included.")] = None
    unit: Annotated[UUID | None, Field(description="Moves from or to this unit, or a unit below it as of now.")] = None
    kind: Annotated[
        Several[KindOfMove],
        Field(description="Only these kinds. Without it all moves: joining, leaving and coming back stand apart."),
    ] = ()


class FiguresQuery(_Chosen):
    group_by: Annotated[
        Several[GroupBy],
        Field(description="At most two. A flow is the unit left and the unit joined, a title the old and the new one."),
    ] = ()
    release: Annotated[
        int | None, Field(ge=1, le=2**31 - 1, description="For analysts: an older release than the latest.")
    ] = None


class PeopleQuery(_Chosen, Listing):
    """The people behind a figure: give what its cell says."""

    from_unit: UUID | None = None
    to_unit: UUID | None = None
    from_title: Line | None = None
    to_title: Line | None = None


_UNITS = [
    {"id": f"0192e4a0-7c1e-7000-8000-00000000000{number}", "code": code, "name": name}
    for number, (code, name) in enumerate((("D5", "Development"), ("D8", "Research")))
]
_RELEASED = {
    "moves": 21,
    "unconfirmed": 0,
    "cells": [
        {
            "moves": 13,
            "unconfirmed": 0,
            "from_unit": _UNITS[0],
            "to_unit": _UNITS[1],
            "kind": None,
            "month": None,
            "from_title": None,
            "to_title": None,
            "period": "2027-Q1",
        }
    ],
    "release": 3,
    "other": 8,
    "wider": 6,
}
_RELEASES = {
    "items": [
        {
            "release": 3,
            "made_at": "2027-04-08T02:10:00Z",
            "covers_until": "2027-03-31",
            "minimum": 5,
            "readable": {"month": 46, "quarter": 552, "year": 648, "ever": 520},
        }
    ],
    "next": None,
}


def add_timeline(routes: Routes, relations: Relations, timeline: TimelineReads) -> None:
    """Adds the career timeline."""

    @routes.get("/v1/people/{person}/timeline", access=matrix.READ_TIMELINE)
    async def read_timeline(call: Call[None, TimelineQuery], person: Alias) -> Page[Entry]:
        """The career story of a person: one's own; as manager or HR partner what is official or shared.

        Who may read what is judged as of now: neither `as_of` nor `known_at` brings back what was withdrawn.
        """
        query = call.query
        asked = Asked(
            as_of=query.as_of,
            known_at=_moment(query.known_at),
            kinds=frozenset(query.kinds) or None,
            order=query.order,
            after=_place(call.cursor),
            limit=query.limit,
        )
        return await timeline.find(await relations.named(person, call.caller), call.caller, asked, call.at)


def add_moves(routes: Routes, moves: MovesReads, releases: MovesReleases) -> None:
    """Adds HR's moves."""

    @routes.get(
        "/v1/moves",
        access=matrix.COUNT_MOVES,
        allow=(Role.HR_PARTNER, Role.HR_ANALYST, Scope.MOVES_READ),
        refuses=(ReleasesNotYet,),
        example_answer=_RELEASED,
    )
    async def count_moves(call: Call[None, FiguresQuery]) -> Found[Figures]:
        """How many moved, by flow, unit, kind, month or title: exact, for the units whose HR partner you are.

        A service account with the scope counts the whole organisation. An analyst who is no HR partner reads the latest
        release, or the one named: figures about groups of people, by whole months and without `unit`.
        """
        query = call.query
        if len(query.group_by) > MOST_DIMENSIONS:
            raise Unacceptable(invalid=(Invalid("group_by", "must name at most two", "query"),))
        asked = _chosen(query, group_by=query.group_by)
        if reads_releases(call.caller):
            _ask_by_months(asked)
            return await releases.figures(asked, query.release)
        if query.release is not None:
            raise NotAllowed("Releases are read by analysts who are no HR partners.")
        return Found(await moves.figures(call.caller, asked), 0)

    @routes.get("/v1/moves/releases", access=matrix.LIST_RELEASES, allow=Role.HR_ANALYST, example_answer=_RELEASES)
    async def list_releases(call: Call[None, Listing]) -> Page[ReleaseView]:
        """The releases that analysts read, newest first: one a month, each for ever as it was made."""
        if not reads_releases(call.caller):
            raise NotAllowed("Releases are read by analysts who are no HR partners.")
        before = None if call.cursor is None else int(str(call.cursor[0]))
        return await releases.listed(before, call.query.limit)

    @routes.get("/v1/moves/people", access=matrix.LIST_MOVES, allow=Role.HR_PARTNER)
    async def list_moves(call: Call[None, PeopleQuery]) -> Page[MoveView]:
        """The people behind a figure: every official move from or to the units whose HR partner you are."""
        query = call.query
        asked = _chosen(
            query,
            from_unit=query.from_unit,
            to_unit=query.to_unit,
            from_title=query.from_title,
            to_title=query.to_title,
        )
        return await moves.people(call.caller, asked, _place(call.cursor), query.limit)


def _chosen(query: _Chosen, **more: object) -> MovesAsked:
    if query.begins is not None and query.ends is not None and query.ends < query.begins:
        raise Unacceptable(invalid=(Invalid("to", "must not be before `from`", "query"),))
    return MovesAsked(begins=query.begins, ends=query.ends, unit=query.unit, kind=query.kind, **more)  # type: ignore[arg-type]


def _ask_by_months(asked: MovesAsked) -> None:
    """Releases know months, and each unit by itself."""
    wrong = []
    if asked.unit is not None:
        wrong.append(Invalid("unit", "cannot be chosen from a release: group by flow, from_unit or to_unit", "query"))
    if asked.begins is not None and asked.begins.day != 1:
        wrong.append(Invalid("from", "must be the first day of a month", "query"))
    if asked.ends is not None and (asked.ends + timedelta(days=1)).day != 1:
        wrong.append(Invalid("to", "must be the last day of a month", "query"))
    if wrong:
        raise Unacceptable(invalid=tuple(wrong))


def _place(cursor: tuple[str | int | None, ...] | None) -> tuple[date, UUID] | None:
    """Day and id of the last item of the page before."""
    return None if cursor is None else (date.fromisoformat(str(cursor[0])), UUID(str(cursor[1])))


def _moment(given: datetime | None) -> datetime | None:
    try:
        return None if given is None else given.astimezone(UTC)
    except OverflowError:
        raise Unacceptable(invalid=(Invalid("known_at", "is out of range", "query"),)) from None
