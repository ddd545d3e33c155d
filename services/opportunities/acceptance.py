"""Accepting an offer, which concerns up to three streams: all of it is recorded, or none.

The application is accepted, a kind for one person is filled by it, and a kind that moves somebody leads to a move.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.opportunities import application as applications
from services.opportunities import move as moves
from services.opportunities import opportunity as opportunities
from services.opportunities.application import AcceptOffer, Application, NotSubmitted
from services.opportunities.move import AgreeMove, NotAgreed, move_id
from services.opportunities.opportunity import KINDS, CloseOpportunity, NotPosted, Posted
from shared.contracts.event import Event
from shared.eventstore import VersionConflict
from shared.refusals import NotFound
from shared.streams import Origin, Receipt, Streams


@dataclass(frozen=True, slots=True)
class Settled:
    """What an acceptance brings about, by stream."""

    application: Sequence[Event] = ()
    opportunity: Sequence[Event] = ()
    move: Sequence[Event] = ()


def accept(application: Application, opportunity: Posted, from_unit: UUID | None, on: date) -> Settled:
    """What follows when the applicant accepts. Raises what AcceptOffer is refused for."""
    accepted = applications.decide(AcceptOffer(opportunity, on), application)
    if not accepted:
        return Settled()
    rules, letter, posting = KINDS[opportunity.posting.kind], application.letter, opportunity.posting
    filled = opportunities.decide(CloseOpportunity(filled=True, on=on), opportunity) if rules.for_one else ()
    if rules.moves_as is None:
        return Settled(accepted, filled)
    agreement = AgreeMove(
        move=move_id(letter.application),
        application=letter.application,
        opportunity=posting.opportunity,
        person=letter.person,
        kind=rules.moves_as,
        from_unit=from_unit,
        to_unit=posting.unit,
        on=on,
    )
    return Settled(accepted, filled, moves.decide(agreement, NotAgreed()))


class Acceptances:
    """Carries the acceptance of an offer out."""

    def __init__(self, streams: Streams, home: Callable[[UUID], Awaitable[UUID | None]]) -> None:
        """`home` tells the unit that a person belongs to."""
        self._streams = streams
        self._home = home

    async def execute(self, stream: UUID, person: UUID, on: date, origin: Origin) -> Receipt:
        """The receipt of the application. Raises NotFound for somebody else's, and as Streams.execute does."""
        from_unit = await self._home(person)
        return await self._streams.once(lambda: self._attempt(stream, person, from_unit, on, origin), origin)

    async def _attempt(self, stream: UUID, person: UUID, from_unit: UUID | None, on: date, origin: Origin) -> Receipt:
        application, version = await self._streams.state(applications.DECIDER, stream)
        if isinstance(application, NotSubmitted) or application.letter.person != person:
            raise NotFound
        if origin.if_match is not None and origin.if_match != version:
            raise VersionConflict(stream)
        posted = application.letter.opportunity
        opportunity, posted_version = await self._streams.state(opportunities.DECIDER, posted)
        if isinstance(opportunity, NotPosted):
            raise NotFound
        settled = accept(application, opportunity, from_unit, on)
        # The application first, the move last: both are about the person, so the receipt names their partition.
        receipts = await self._streams.append_all(
            [
                (stream, version, settled.application),
                (posted, posted_version, settled.opportunity),
                (move_id(stream), 0, settled.move),
            ],
            origin,
        )
        return receipts[0]
