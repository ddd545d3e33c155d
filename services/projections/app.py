"""How projections is put together."""

from typing import Annotated

from pydantic import Field

from services.projections import api
from services.projections.movement import WITHIN
from services.projections.moves import Moves
from services.projections.moves_reads import MovesReads
from services.projections.timeline import Timeline, TimelineReads
from shared import service
from shared.access import matrix
from shared.audit.api import add_readers
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations


class Settings(service.Settings):
    """What projections may be told besides."""

    moves_within_days: Annotated[int, Field(ge=0, le=366)] = WITHIN
    """How far apart a claimed move and HR's fact may be. Changed, it needs a rebuild of `moves`."""


def add_routes(routes: Routes, parts: service.Parts) -> None:
    """Everything that projections answers."""
    relations, timeline, moves = models(parts)
    with routes.waiting_for(Waits(parts.freshness, timeline, relations)):
        api.add_timeline(routes, parts.relations, TimelineReads(parts.pool, parts.relations, parts.sealer, parts.audit))
        add_readers(routes, "timeline", matrix.READ_TIMELINE_READERS, parts.pool, parts.relations)
    with routes.waiting_for(Waits(parts.freshness, moves, relations)):
        api.add_moves(routes, MovesReads(parts.pool, parts.relations, parts.audit))


def models(parts: service.Parts) -> tuple[Relations, Timeline, Moves]:
    """What is kept from the stream."""
    settings = parts.settings
    within = settings.moves_within_days if isinstance(settings, Settings) else WITHIN
    return Relations(parts.sealer), Timeline(), Moves(within)


def work(parts: service.Parts) -> service.Work:
    """What the worker keeps up to date."""
    return service.Work(models=models(parts))


SERVICE = service.Service(
    name="projections",
    description="The career timeline of each person, and HR's view of who moved where.",
    settings=Settings,  # made from the environment
    schemas=("timeline", "moves"),
    add_routes=add_routes,
    work=work,
    owns_events=False,
)
