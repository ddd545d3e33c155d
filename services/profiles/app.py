"""How profiles is put together."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from services.profiles import (
    api_aspirations,
    api_delegations,
    api_directory,
    api_erasures,
    api_people,
    api_retention,
    api_switches,
    api_units,
    erasing,
    holds,
)
from services.profiles.aspiration import SHARING
from services.profiles.aspirations_list import Aspirations, AspirationsList
from services.profiles.delegations_list import DelegationsList
from services.profiles.erasing import Erasing
from services.profiles.identity import Identity
from services.profiles.imports import api as api_imports
from services.profiles.imports.jobs import migrations
from services.profiles.imports.worker import Importer
from services.profiles.people_list import PeopleList
from services.profiles.retaining import Retaining
from services.profiles.retention import Policy, parse_years
from services.profiles.switches_list import SwitchesList
from shared import service
from shared.access import matrix
from shared.audit.api import add_readers
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations
from shared.service import Parts, Service, Work
from shared.sharing import Openings, Shares, Sharings
from shared.sharing.api import add_sharing

BACKUP_DAYS = 30


class Settings(service.Settings):
    """What profiles may be told besides."""

    key_backup_days: Annotated[int, Field(ge=0)] = BACKUP_DAYS
    """How long a backup of the key database is kept: receipts of erasures say when the last one ends."""
    retention_months: Annotated[int, Field(ge=0)] = Policy().months or 0
    """After leaving, until a person is erased by a run of retention; 0: until somebody asks."""
    retention_years: Annotated[
        Mapping[str, int],
        NoDecode,
        BeforeValidator(lambda given: parse_years(given) if isinstance(given, str) else given),
    ] = Policy().years
    """For how many years after the one in which they were written words are kept, such as messages:1,aspirations:5."""

    @property
    def retention(self) -> Policy:
        return Policy(self.retention_months or None, self.retention_years)


def add_routes(routes: Routes, parts: Parts) -> None:
    """Everything that profiles answers."""
    identity = Identity(parts.streams, parts.store, parts.settings.secret)
    people = PeopleList(parts.pool, parts.relations, parts.sealer)
    relations, aspirations, shares, openings = models(parts)
    with routes.waiting_for(Waits(parts.freshness, relations)):
        api_people.add_routes(routes, parts.streams, parts.relations, identity)
        api_directory.add_routes(routes, parts.relations, people)
        api_units.add_routes(routes, parts.streams, parts.relations, people)
        delegations = DelegationsList(parts.pool, parts.relations, parts.sealer)
        api_delegations.add_routes(routes, parts.streams, parts.relations, delegations)
        api_switches.add_routes(routes, parts.streams, parts.relations, SwitchesList(parts.pool))
    with routes.waiting_for(Waits(parts.freshness, relations, aspirations, shares, openings)):
        sharings = Sharings(
            SHARING,
            parts.pool,
            parts.relations,
            parts.sealer,
            parts.audit,
            fresh=parts.freshness.of(Shares.name),
            openings_fresh=parts.freshness.of(Openings.name),
            shown=("a.confirmed_on",),
            joined="join aspirations a on a.aspiration = s.item",
        )
        listed = AspirationsList(parts.pool, sharings, parts.sealer)
        api_aspirations.add_routes(routes, parts.streams, parts.relations, listed)
        add_sharing(routes, parts.streams, parts.relations, sharings)
        add_readers(routes, "aspirations", parts, access=matrix.READ_ASPIRATION_AUDIENCE)
    api_erasures.add_routes(routes, parts.streams, parts.relations, parts.sealer, holds.Holds(parts.pool))
    api_retention.add_routes(routes, _retaining(parts))
    api_imports.add_routes(routes, parts.pool, parts.settings.secret)
    add_export(routes, "profiles", parts)


def _retaining(parts: Parts) -> Retaining:
    settings = parts.settings
    policy, days = Policy(), BACKUP_DAYS
    if isinstance(settings, Settings):
        policy, days = settings.retention, settings.key_backup_days
    return Retaining(policy, parts.pool, parts.relations, parts.streams, parts.keys, backup_days=days)


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


def models(parts: Parts) -> tuple[Relations, Aspirations, Shares, Openings]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Aspirations(), Shares(SHARING), Openings()


SERVICE = Service(
    name="profiles",
    description="People, units and places as HR reports them; and what each person says of themselves.",
    settings=Settings,  # made from the environment
    schemas=(Aspirations.name, Shares.name, Openings.name),
    add_routes=add_routes,
    work=work,
    worker_appends=True,
    migrations=(*migrations(), erasing.MIGRATION, holds.MIGRATION),
    ends_with_erasure=erasing.ends,
)
