"""Routes of moves agreed here. HR's view of all moves is another: GET /v1/moves of projections."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field

from services.opportunities import move as rules
from services.opportunities import opportunity as postings
from services.opportunities.move_list import MoveList, MoveStatus, MoveView, view
from services.opportunities.standing import OF_NOBODY, Standings
from shared.access import matrix
from shared.audit import Book, Shown
from shared.contracts.opportunities import MoveAgreed
from shared.http import Body, Call, Day, Found, Listing, Page, Routes
from shared.refusals import NotAllowed
from shared.relations.reads import Relation, Relations
from shared.streams import Receipt, Streams


class ReleaseBody(Body):
    release_on: Annotated[Day, Field(description="The day from which the person is free to arrive.")]


class ArrivalBody(Body):
    arrived_on: Day


class MovesQuery(Listing):
    person: Annotated[UUID | None, Field(description="Of this person.")] = None
    status: MoveStatus | None = None


_NOBODY = uuid4()
_OF_NOBODY = MoveAgreed(
    move=_NOBODY,
    application=_NOBODY,
    opportunity=_NOBODY,
    person=_NOBODY,
    kind="transfer",
    to_unit=_NOBODY,
    effective_on=date.min,
)


def add_routes(
    routes: Routes, streams: Streams, relations: Relations, standings: Standings, *, listed: MoveList, audit: Book
) -> None:
    """Adds the routes of moves."""

    @routes.get("/v1/move-cases", access=matrix.READ_MOVE_CASE)
    async def list_move_cases(call: Call[None, MovesQuery]) -> Page[MoveView]:
        """Moves that concern you: your own, your people's, your population's, and those to your unit."""
        query = call.query
        page = await listed.page(call.caller, query.person, query.status, call.cursor, query.limit)
        note(call, page.items)
        return page

    @routes.get("/v1/move-cases/{move_case}", access=matrix.READ_MOVE_CASE)
    async def read_move_case(call: Call, move_case: UUID) -> Found[MoveView]:
        """One move, for whom it concerns."""
        state, version, _, _ = await find(call, move_case)
        shown = view(state)
        note(call, [shown])
        return Found(shown, version)

    @routes.post(
        "/v1/move-cases/{move_case}/release",
        access=matrix.RELEASE_MOVE,
        guarded=True,
        refuses=(rules.MoveAlreadyCompleted, rules.ReleasedTooEarly),
        example={"release_on": "2027-05-01"},
    )
    async def release_move(call: Call[ReleaseBody], move_case: UUID) -> Receipt:
        """Set the day on which the person is released, or set it anew: as their current manager or HR partner.

        Who stands in for a manager was chosen by the person, and does not release them.
        """
        state, _, relation, _ = await find(call, move_case)
        if not ((relation.manager and not relation.interim) or relation.hr_partner):
            raise NotAllowed("Only the current manager or the HR partner of the person can do this.")
        today = await relations.today(state.case.person, call.at)
        command = rules.ReleaseMove(call.person, call.body.release_on, today)
        return await streams.execute(rules.DECIDER, move_case, command, call.origin)

    @routes.post(
        "/v1/move-cases/{move_case}/complete",
        access=matrix.COMPLETE_MOVE,
        refuses=(
            rules.MoveNotReleased,
            rules.MoveAlreadyCompleted,
            rules.ArrivedTooEarly,
            rules.ArrivesInTheFuture,
        ),
        example={"arrived_on": "2027-05-03"},
    )
    async def complete_move(call: Call[ArrivalBody], move_case: UUID) -> Receipt:
        """Report the arrival: as the person, who receives them, or HR."""
        state, _, relation, welcomes = await find(call, move_case)
        if not (relation.self or relation.hr_partner or welcomes):
            raise NotAllowed("Only the person, who receives them and HR can do this.")
        today = await relations.today(state.case.person, call.at)
        command = rules.CompleteMove(call.body.arrived_on, today)
        return await streams.execute(rules.DECIDER, move_case, command, call.origin)

    def note(call: Call[Any, Any], moves: Sequence[MoveView]) -> None:
        others = [move for move in moves if move.person != call.caller.person]
        audit.note(call.caller, [Shown("move", move.move_case, move.person, "party") for move in others])

    async def find(call: Call[Any, Any], move_case: UUID) -> tuple[rules.Move, int, Relation, bool]:
        """A move, and what the caller is to the person and to where they go. Raises NotFound, RelationsStale.

        What is not there is asked about as a move of nobody: the answer takes as long as that of what is others'.
        """
        state, version = await streams.state(rules.DECIDER, move_case)
        case = _OF_NOBODY if isinstance(state, rules.NotAgreed) else state.case
        relation, welcomes = await relations.between(case.person, call.caller), False
        if not relation.self:
            opportunity, _ = await streams.state(postings.DECIDER, case.opportunity)
            posting = OF_NOBODY if isinstance(opportunity, postings.NotPosted) else opportunity.posting
            welcomes = await standings.welcomes(posting, call.caller)
        if isinstance(state, rules.NotAgreed) or not (
            relation.self or relation.manager or relation.hr_partner or welcomes
        ):
            raise await relations.not_found()
        return state, version, relation, welcomes
