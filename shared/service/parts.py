"""What a process has open: what commands and reads are made of."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from shared.audit import Book
from shared.contracts.erasure import Scope
from shared.erasure.marking import Ends
from shared.eventstore import Append, Appended, CommandKey, CommandRepeated, EventStore, Stored
from shared.eventstore.postgres import open_store
from shared.http import Routes
from shared.kafka.freshness import Freshness
from shared.kafka.model import Rebuildable
from shared.kafka.reactions import Reactions
from shared.metrics import Metrics
from shared.postgres import Migration, Pool
from shared.process import Task
from shared.relations.reads import Relations
from shared.sealing.erasure import Retired
from shared.sealing.keys import KeyCache
from shared.sealing.postgres import PostgresKeyStore
from shared.sealing.sealer import Sealer
from shared.service.settings import Settings
from shared.streams import Streams


class Keys(Protocol):
    """What is asked of the key store besides keys."""

    async def check(self) -> str | None:
        """Why it cannot be used now."""

    async def destroy(self, erasure: UUID, person: UUID, scope: Scope) -> int:
        """Destroys a person's keys, and says how many; again for the same erasure, it changes nothing."""

    async def retire(self, run: UUID, data_class: str, before_year: int, held: Collection[UUID], most: int) -> Retired:
        """Destroys keys of years before that one, `most` at once, but those of who is `held`; 0 only counts them."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has open; what commands and reads are made of."""

    settings: Settings
    metrics: Metrics
    pool: Pool
    keys: Keys
    store: EventStore
    sealer: Sealer
    streams: Streams
    freshness: Freshness
    relations: Relations
    audit: Book
    """Where reads of others' records are noted."""


class Watched(Protocol):
    """A task of a worker that can be in trouble without ending: readiness says so."""

    async def run(self) -> None:
        """For ever. Raises only what no retry can mend."""

    def problems(self) -> Sequence[str]:
        """Why it does not do what it is there for; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does besides relaying: models, reactions and tasks of the service's own."""

    models: Sequence[Rebuildable[Any]]
    reactions: Sequence[Reactions] = ()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    watched: Mapping[str, Watched] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """What a service's app.py declares. `schemas` names its models, in whose tables reads look besides relations."""

    name: str
    description: str
    settings: Callable[[], Settings]
    schemas: Sequence[str]
    add_routes: Callable[[Routes, Parts], None]
    work: Callable[[Parts], Work]
    migrations: Sequence[Migration] = ()
    takes_commands: bool = True
    """Whether its API does."""
    worker_appends: bool = False
    """Whether reactions or tasks of the worker give commands, again and again."""
    ends_with_erasure: Ends | None = None


@asynccontextmanager
async def open_parts(
    service: Service, settings: Settings, *, appends: bool = True, reads: int = 4
) -> AsyncIterator[Parts]:
    """Opens what is needed: `appends` says whether a log is, `reads` how many reads at once have a connection.

    The ten processes of a small site stay within a hundred connections. Raises OSError, ValueError for bad files.
    """
    async with AsyncExitStack() as stack:
        search_path = ", ".join(("relations", *service.schemas, "public"))
        pool = await Pool(settings.database_url, size=reads, search_path=search_path, name=service.name).open()
        stack.push_async_callback(pool.close)
        keys = await Pool(settings.keys_url, size=1, name=service.name).open()
        stack.push_async_callback(keys.close)
        store: EventStore = NoStore()
        if appends:
            store = await stack.enter_async_context(open_store(settings.database_url, name=service.name))
        key_store = PostgresKeyStore(keys, settings.kms)
        sealer = Sealer(KeyCache(key_store, size=settings.key_cache_size, seconds=settings.key_cache_seconds))
        freshness = Freshness(pool)
        yield Parts(
            settings=settings,
            metrics=Metrics(service.name),
            pool=pool,
            keys=key_store,
            store=store,
            sealer=sealer,
            streams=Streams(store, sealer, service.name),
            freshness=freshness,
            relations=Relations(pool, freshness.of("relations")),
            audit=Book(pool),
        )


class NoStore:
    """In a process that appends nothing."""

    async def append(self, append: Append) -> Appended:  # noqa: ARG002
        raise RuntimeError("this process appends nothing")

    async def read(self, stream: UUID) -> list[Stored]:  # noqa: ARG002
        raise RuntimeError("this process appends nothing")

    async def read_many(self, streams: Sequence[UUID]) -> dict[UUID, list[Stored]]:  # noqa: ARG002
        raise RuntimeError("this process appends nothing")

    async def repetition(self, key: CommandKey) -> CommandRepeated | None:  # noqa: ARG002
        raise RuntimeError("this process appends nothing")

    async def tail(self, after: int, limit: int) -> list[Stored]:  # noqa: ARG002
        raise RuntimeError("this process appends nothing")
