"""How projections is put together."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.projections import api, outward
from services.projections.movement import WITHIN
from services.projections.moves import Moves
from services.projections.moves_reads import MovesReads
from services.projections.moves_releases import MovesReleases, Releasing
from services.projections.outward.feed import add_feed
from services.projections.outward.partnership import Outward
from services.projections.outward.people import RelationsTold
from services.projections.outward.publishing import Publishing
from services.projections.timeline import Timeline, TimelineReads
from shared import groups, service
from shared.access import matrix
from shared.audit.api import add_readers
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations


class Settings(service.Settings):
    """What projections may be told besides."""

    moves_within_days: Annotated[int, Field(ge=0, le=366)] = WITHIN
    """How far apart a claimed move and HR's fact may be. Changed, it needs a rebuild of `moves`."""
    release_after_days: Annotated[int, Field(ge=1, le=366)] = 7
    """How long after a month analysts' figures of it are released: HR's corrections by then are in them."""


def add_routes(routes: Routes, parts: service.Parts) -> None:
    """Everything that projections answers."""
    relations, timeline, moves, _ = models(parts)
    with routes.waiting_for(Waits(parts.freshness, timeline, relations)):
        fresh = parts.freshness.of(Timeline.name)
        reads = TimelineReads(parts.pool, parts.relations, parts.sealer, parts.audit, fresh=fresh)
        api.add_timeline(routes, parts.relations, reads)
        add_readers(routes, "timeline", parts, access=matrix.READ_TIMELINE_READERS)
    with routes.waiting_for(Waits(parts.freshness, moves, relations)):
        moved = MovesReads(parts.pool, parts.relations, parts.audit)
        api.add_moves(routes, moved, MovesReleases(parts.pool))
    add_feed(routes, parts.pool)
    add_export(routes, "projections", parts)


def models(parts: service.Parts) -> tuple[Relations, Timeline, Moves, Outward]:
    """What is kept from the stream."""
    settings = parts.settings
    within = settings.moves_within_days if isinstance(settings, Settings) else WITHIN
    return RelationsTold(parts.sealer), Timeline(), Moves(within), Outward()


def work(parts: service.Parts) -> service.Work:
    """What the worker keeps up to date, and what it releases."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("projections needs its own settings")
    releasing = Releasing(
        settings.database_url,
        parts.freshness.of(Moves.name),
        minimum=settings.minimum.counts,
        after=timedelta(days=settings.release_after_days),
    )
    publishing = Publishing(settings.database_url, settings.cluster)
    return service.Work(models=models(parts), tasks={"releases": releasing.run}, watched={"outward": publishing})


SERVICE = service.Service(
    name="projections",
    description="The career timeline of each person, and HR's view of who moved where.",
    settings=Settings,  # made from the environment
    schemas=("timeline", "moves"),
    add_routes=add_routes,
    work=work,
    migrations=[*groups.migrations(), *outward.migrations()],
    takes_commands=False,
)
