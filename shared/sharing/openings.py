"""The read model `openings`: who decides on whose open application, as far as sharing with them asks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts import opportunities
from shared.contracts.event import Event
from shared.contracts.opportunities import OFFERED_BY_ANYONE
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.relations.reads import decides_on, is_over

_ENDS = (
    opportunities.ApplicationWithdrawn,
    opportunities.ApplicationDeclined,
    opportunities.OfferAccepted,
    opportunities.OfferDeclined,
)


class Told(NamedTuple):
    """An event, and its own id: a submission is known by it."""

    id: UUID
    event: Event


class Openings:
    """No words."""

    name = "openings"
    services = ("opportunities",)
    types = frozenset(
        event.type
        for event in (
            opportunities.OpportunityPosted,
            opportunities.OpportunityClosed,
            opportunities.OpportunityWithdrawn,
            opportunities.ApplicationSubmitted,
            *_ENDS,
        )
    )
    tables = (Path(__file__).parent / "openings.sql").read_text()

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        found = ((heard.id, read_event(heard.type, heard.body)) for heard in batch)
        return tuple(Told(id_, event) for id_, event in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for told in batch:
            await _apply(connection, told)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        """An application goes on without words."""
        if mark.scope == "words":
            return {}
        return {"applications": ("delete from applicants where person = $1", (mark.person,))}


async def _apply(connection: asyncpg.Connection, told: Told) -> None:
    match told.event:
        case opportunities.OpportunityPosted() as event:
            await connection.execute(
                """insert into openings (opportunity, unit, owner, by_anyone) values ($1, $2, $3, $4)
                   on conflict do nothing""",
                event.opportunity,
                event.unit,
                event.owner,
                event.kind in OFFERED_BY_ANYONE,
            )
        case opportunities.OpportunityClosed(filled=False):
            pass  # what was received goes on
        case opportunities.OpportunityClosed() | opportunities.OpportunityWithdrawn() as event:
            await connection.execute("delete from openings where opportunity = $1", event.opportunity)
        case opportunities.ApplicationSubmitted() as event:
            await connection.execute(
                """insert into applicants (submission, application, opportunity, person, submitted_on)
                   values ($1, $2, $3, $4, $5)
                   on conflict do nothing""",
                told.id,
                event.application,
                event.opportunity,
                event.person,
                event.effective_on,
            )
        case (
            opportunities.ApplicationWithdrawn()
            | opportunities.ApplicationDeclined()
            | opportunities.OfferAccepted()
            | opportunities.OfferDeclined() as event
        ):
            await connection.execute("delete from applicants where application = $1", event.application)
        case _:
            pass


_DECIDES = decides_on("opening.unit", "opening.owner", "opening.by_anyone")
_OVER = is_over("applicant.person", "applicant.submitted_on")


def takes(submission: str, person: str, caller: str) -> str:
    """SQL: `submission`, by which `person` applied, is open, and `caller` decides on it now."""
    return (
        "exists (select from applicants applicant join openings opening using (opportunity)"
        f" where applicant.submission = {submission} and applicant.person = {person} and not {_OVER}"
        f" and {_DECIDES} = {caller})"
    )


SUBMISSION = f"""
    select applicant.submission from applicants applicant join openings opening using (opportunity)
    where applicant.person = $1 and applicant.opportunity = $2 and not {_OVER}"""
"""Of the open application of a person ($1) for an opportunity ($2)."""

DECIDES = f"""
    select decides.person from applicants applicant join openings opening using (opportunity)
    cross join lateral (select {_DECIDES} as person) as decides
    where applicant.submission = $1 and not {_OVER} and decides.person is not null"""
"""Who decides on a submission ($1) now."""
