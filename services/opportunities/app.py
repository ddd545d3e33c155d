"""How opportunities is put together."""

from services.opportunities import api_applications, api_move_cases, api_opportunities
from services.opportunities.acceptance import Acceptances
from services.opportunities.application_list import ApplicationList, Applications
from services.opportunities.erasing import ends
from services.opportunities.move_list import MoveList, Moves
from services.opportunities.opportunity_list import Opportunities, OpportunityList
from services.opportunities.standing import Standings
from shared.access import matrix
from shared.audit.api import add_readers
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations
from shared.service import Parts, Service, Settings, Work


def add_routes(routes: Routes, parts: Parts) -> None:
    """Everything that opportunities answers."""
    streams, relations = parts.streams, parts.relations
    standings = Standings(parts.pool, relations)
    organisation, opportunities, applications, moves = models(parts)
    with routes.waiting_for(Waits(parts.freshness, organisation, opportunities)):
        api_opportunities.add_routes(
            routes,
            streams,
            relations,
            standings,
            listed=OpportunityList(parts.pool, parts.sealer),
            sealer=parts.sealer,
        )
    with routes.waiting_for(Waits(parts.freshness, organisation, opportunities, applications)):
        api_applications.add_routes(
            routes,
            streams=streams,
            relations=relations,
            standings=standings,
            acceptances=Acceptances(streams, standings.home),
            listed=ApplicationList(parts.pool, parts.sealer),
            sealer=parts.sealer,
            audit=parts.audit,
            secret=parts.settings.secret,
        )
        add_readers(routes, "applications", parts, access=matrix.READ_APPLICATION_READERS)
    with routes.waiting_for(Waits(parts.freshness, organisation, opportunities, moves)):
        listed = MoveList(parts.pool, relations)
        api_move_cases.add_routes(routes, streams, relations, standings, listed=listed, audit=parts.audit)
    add_export(routes, "opportunities", parts)


def work(parts: Parts) -> Work:
    """What the worker keeps up to date."""
    return Work(models=models(parts))


def models(parts: Parts) -> tuple[Relations, Opportunities, Applications, Moves]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Opportunities(), Applications(), Moves()


SERVICE = Service(
    name="opportunities",
    description="What is open to all (roles, projects, mentoring …), who applies, and the moves that follow.",
    settings=Settings,
    schemas=(Opportunities.name, Applications.name, Moves.name),
    add_routes=add_routes,
    work=work,
    ends_with_erasure=ends,
)
