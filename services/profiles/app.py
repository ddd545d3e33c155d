"""How profiles is put together."""

from services.profiles import api_aspirations, api_directory, api_people, api_units
from services.profiles.aspirations_list import Aspirations, AspirationsList
from services.profiles.identity import Identity
from services.profiles.imports import api as api_imports
from services.profiles.imports.jobs import migrations
from services.profiles.imports.worker import Importer
from services.profiles.people_list import PeopleList
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations
from shared.service import Parts, Service, Settings, Work


def add_routes(routes: Routes, parts: Parts) -> None:
    """Everything that profiles answers."""
    identity = Identity(parts.streams, parts.store, parts.settings.secret)
    people = PeopleList(parts.pool, parts.relations, parts.sealer)
    listed = AspirationsList(parts.pool, parts.relations, parts.sealer, parts.audit)
    relations, aspirations = models(parts)
    with routes.waiting_for(Waits(parts.freshness, relations)):
        api_people.add_routes(routes, parts.streams, parts.relations, identity)
        api_directory.add_routes(routes, parts.relations, people)
        api_units.add_routes(routes, parts.streams, parts.relations, people)
    with routes.waiting_for(Waits(parts.freshness, relations, aspirations)):
        api_aspirations.add_routes(routes, parts.streams, parts.relations, listed)
    api_imports.add_routes(routes, parts.pool, parts.settings.secret)


def work(parts: Parts) -> Work:
    """What the worker keeps up to date, and the imports that it carries out."""
    return Work(models=models(parts), tasks={"imports": Importer(parts).run})


def models(parts: Parts) -> tuple[Relations, Aspirations]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Aspirations()


SERVICE = Service(
    name="profiles",
    description="People, units and places as HR reports them; and what each person says of themselves.",
    settings=Settings,
    schemas=("aspirations",),
    add_routes=add_routes,
    work=work,
    worker_appends=True,
    migrations=migrations(),
)
