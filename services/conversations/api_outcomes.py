"""How an employee rated a conversation: read by themselves, and by whom they let."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.conversations import conversation as rules
from shared.access import matrix
from shared.contracts.conversations import Outcomes
from shared.http import Alias, Call, Found, Routes
from shared.refusals import NotFound
from shared.relations.reads import Relations
from shared.sealing.sealer import Sealer
from shared.sharing import ShareView, Sharings
from shared.sharing.api import add_sharing
from shared.streams import Streams


class RatedOutcomes(BaseModel):
    """A rating; `edition` counts them. `outcomes` is null where they were erased; `shares` is for its owner alone."""

    conversation: UUID
    employee: UUID
    edition: int
    rated_on: date
    outcomes: Outcomes | None
    shares: list[ShareView] | None = None


def add_routes(routes: Routes, streams: Streams, relations: Relations, sharings: Sharings, sealer: Sealer) -> None:
    """Adds the routes of an employee's own rating, which conversations make."""

    @routes.get("/v1/people/{person}/outcomes/{conversation}", access=matrix.READ_OUTCOMES)
    async def read_outcomes(call: Call, person: Alias, conversation: UUID) -> Found[RatedOutcomes]:
        """How an employee rated a conversation: the newest rating for themselves, the shared one for their audience."""
        owner = await relations.named(person, call.caller)
        if owner != call.caller.person:
            return Found(RatedOutcomes.model_validate(await sharings.one(owner, call.caller, conversation)), 1)
        state, version = await streams.state(rules.DECIDER, conversation)
        rating = rules.shareable(state)
        if rating is None or rating.person != owner:
            raise NotFound
        view = RatedOutcomes(
            conversation=conversation,
            employee=owner,
            edition=rating.edition,
            shares=await sharings.own(rating),
            **await sealer.clear(dict(rating.content)),
        )
        return Found(view, version)

    add_sharing(routes, streams, relations, sharings)
