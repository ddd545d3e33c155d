"""How projections is put together."""

import time
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from services.projections import api
from services.projections.movement import WITHIN
from services.projections.moves import Moves
from services.projections.moves_reads import MovesReads
from services.projections.timeline import Timeline, TimelineReads
from shared import service
from shared.http import Routes
from shared.http.positions import After
from shared.kafka.freshness import Freshness
from shared.kafka.model import AnyModel
from shared.relations.model import Relations


class Settings(service.Settings):
    """What projections may be told besides."""

    moves_within_days: Annotated[int, Field(ge=0, le=366)] = WITHIN
    """How far apart a claimed move and HR's fact may be. Changed, it needs a rebuild of `moves`."""


class Waits:
    """Waits for every model that a read looks into, as far as the model hears the service that recorded the event."""

    def __init__(self, freshness: Freshness, models: Sequence[AnyModel]) -> None:
        self._freshness = freshness
        self._models = models

    async def wait(self, after: After, seconds: float) -> Literal["reached", "not-yet", "parked"]:
        until = time.monotonic() + seconds
        for model in self._models:
            if after.service in model.services:
                answer = await self._freshness.wait(model.name, after, max(0.0, until - time.monotonic()))
                if answer != "reached":
                    return answer
        return "reached"


def add_routes(routes: Routes, parts: service.Parts) -> None:
    """Everything that projections answers."""
    relations, timeline, moves = models(parts)
    reads = TimelineReads(parts.pool, parts.relations, parts.sealer)
    api.add_timeline(routes, Waits(parts.freshness, (timeline, relations)), parts.relations, reads)
    api.add_moves(routes, Waits(parts.freshness, (moves, relations)), MovesReads(parts.pool, parts.relations))


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
