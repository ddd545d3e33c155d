"""How profiles is put together."""

from typing import Annotated

from pydantic import Field

from services.profiles import (
    api_aspirations,
    api_delegations,
    api_directory,
    api_erasures,
    api_people,
    api_switches,
    api_units,
    erasing,
)
from services.profiles.aspirations_list import Aspirations, AspirationsList
from services.profiles.delegations_list import DelegationsList
from services.profiles.erasing import Erasing
from services.profiles.identity import Identity
from services.profiles.imports import api as api_imports
from services.profiles.imports.jobs import migrations
from services.profiles.imports.worker import Importer
from services.profiles.people_list import PeopleList
from services.profiles.switches_list import SwitchesList
from shared import service
from shared.access import matrix
from shared.audit.api import add_readers
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations
from shared.service import Parts, Service, Work


class Settings(service.Settings):
    """What profiles may be told besides."""

    key_backup_days: Annotated[int, Field(ge=0)] = 30
    """How long a backup of the key database is kept: receipts of erasures say when the last one ends."""


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
        delegations = DelegationsList(parts.pool, parts.relations, parts.sealer)
        api_delegations.add_routes(routes, parts.streams, parts.relations, delegations)
        api_switches.add_routes(routes, parts.streams, parts.relations, SwitchesList(parts.pool))
    with routes.waiting_for(Waits(parts.freshness, relations, aspirations)):
        api_aspirations.add_routes(routes, parts.streams, parts.relations, listed)
        add_readers(
            routes, "aspirations", parts.pool, parts.relations, parts.audit, access=matrix.READ_ASPIRATION_AUDIENCE
        )
    api_erasures.add_routes(routes, parts.streams, parts.relations, parts.sealer)
    api_imports.add_routes(routes, parts.pool, parts.settings.secret)
    add_export(routes, "profiles", parts)


def work(parts: Parts) -> Work:
    """What the worker keeps up to date, and the imports and erasures that it carries out."""
    settings = parts.settings
    if not isinstance(settings, Settings):
        raise TypeError("profiles needs its own settings")
    erasing = Erasing(
        parts.pool,
        parts.streams,
        parts.relations,
        parts.keys,
        key_cache_seconds=settings.key_cache_seconds,
        backup_days=settings.key_backup_days,
    )
    return Work(
        models=models(parts),
        reactions=[erasing.reactions()],
        tasks={"imports": Importer(parts).run, "erasures": erasing.run},
    )


def models(parts: Parts) -> tuple[Relations, Aspirations]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Aspirations()


SERVICE = Service(
    name="profiles",
    description="People, units and places as HR reports them; and what each person says of themselves.",
    settings=Settings,  # made from the environment
    schemas=("aspirations",),
    add_routes=add_routes,
    work=work,
    worker_appends=True,
    migrations=(*migrations(), erasing.MIGRATION),
    ends_with_erasure=erasing.ends,
)
