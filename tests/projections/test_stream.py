"""The models of projections over a real Kafka: heard from three services, and rebuilt beside what is read."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from deploy.careers import topics
from services.projections.moves import Moves
from services.projections.timeline import Timeline
from shared.contracts import conversations, opportunities, profiles
from shared.contracts.event import Event
from shared.eventstore import Append, Change, NewEvent
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.rebuild import rebuild
from shared.kafka.relay import Relay
from shared.metrics import Metrics
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from shared.service.processes import of_model
from tests.kafka.conftest import administrator, until
from tests.kafka.store import Store
from tests.kafka.test_consumer import running
from tests.projections.conftest import LONG_AGO, TODAY, changed, placed

SERVICES = ("profiles", "conversations", "opportunities")


@pytest.fixture
async def cluster(kafka_servers: str) -> AsyncIterator[Cluster]:
    """Topics as they are declared, for this test alone."""
    made = Cluster(kafka_servers, "test-0", f"test-{uuid4().hex[:10]}.")
    declared = topics.declared(made.topic_prefix)
    await topics.apply(kafka_servers, declared)
    yield made
    async with administrator(kafka_servers) as admin:
        await admin.delete_topics([topic.name for topic in declared])


@pytest.fixture
async def databases(database_url: str) -> AsyncIterator[Sequence[str]]:
    """Three, empty: a store each."""
    names = [f"test_{uuid4().hex}" for _ in SERVICES]
    admin = await asyncpg.connect(database_url)
    try:
        for name in names:
            await admin.execute(f'create database "{name}" template template0')
        yield [urlunsplit(urlsplit(database_url)._replace(path=f"/{name}")) for name in names]
        for name in names:
            await admin.execute(f'drop database "{name}" with (force)')
    finally:
        await admin.close()


def a_career(person: UUID, units: Sequence[UUID], manager: UUID) -> list[Event]:
    """Told, corrected, withdrawn, claimed and confirmed."""
    corrected, withdrawn = uuid4(), uuid4()
    return [
        profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO),
        placed(person, units[0], LONG_AGO),
        changed(person, units[0], LONG_AGO + timedelta(days=90), fact=corrected, title="Lead"),
        changed(person, units[0], LONG_AGO + timedelta(days=99), fact=corrected, title="Senior"),
        changed(person, units[1], TODAY, fact=withdrawn),
        profiles.FactWithdrawn(person=person, fact=withdrawn),
        changed(person, units[1], TODAY - timedelta(days=3)),
        conversations.CommitmentMade(
            commitment=uuid4(),
            employee=person,
            party="manager",
            owner=manager,
            effective_on=TODAY,
            due_on=TODAY,
            text="an hour a week",
        ),
        opportunities.MoveCompleted(
            move=uuid4(),
            person=person,
            kind="secondment",
            from_unit=units[0],
            to_unit=units[1],
            effective_on=TODAY - timedelta(days=1),
        ),
    ]


async def record(stores: dict[str, Store], sealer: Sealer, events: Sequence[Event]) -> None:
    """Each by the service that owns it, in a stream for each person."""
    versions: dict[tuple[str, UUID], int] = defaultdict(int)
    for event, body in zip(events, await sealer.write(events), strict=True):
        at = event.service, event.subject
        new = NewEvent(uuid7(), event.type, event.subject, body)
        await stores[event.service].events.append(Append((Change(event.subject, versions[at], (new,)),), by="test"))
        versions[at] += 1


async def rows(connection: asyncpg.Connection) -> list[str]:
    found = await connection.fetch(
        "select t::text from timeline.timeline t union all select m::text from moves.moves m order by 1"
    )
    return [row[0] for row in found]


async def test_what_three_services_tell_is_kept_and_a_rebuild_comes_to_the_same(
    databases: Sequence[str], cluster: Cluster
) -> None:
    counts, sealer = Counts(Metrics("test")), Sealer(KeyCache(MemoryKeyStore()))
    models = (Timeline(), Moves())
    async with (
        Store.open(databases[0]) as first,
        Store.open(databases[1]) as second,
        Store.open(databases[2]) as third,
    ):
        stores = dict(zip(SERVICES, (first, second, third), strict=True))
        for model in models:
            async with first.connection.transaction():
                await first.connection.execute(of_model(model).sql)
        relays = [Relay(store.url, cluster, service, counts).run() for service, store in stores.items()]
        units, manager = (uuid4(), uuid4()), uuid4()
        careers = [a_career(uuid4(), units, manager) for _ in range(12)]
        for career in careers:
            await record(stores, sealer, career)

        async def complete() -> bool:
            """All eight entries of each career, and HR's fact confirming the claim."""
            told = await first.connection.fetchval("select count(*) from timeline.timeline")
            confirmed = await first.connection.fetchval(
                "select count(*) from moves.moves where claim is not null and confirmed"
            )
            return (told, confirmed) == (8 * len(careers), len(careers))

        async with running(*relays, Consumer(first.url, cluster, "projections", models, counts).run()):
            await until(complete, 60)
            live = await rows(first.connection)
            for model in models:
                done = await rebuild(first.url, cluster, model, counts, accept_differences=False)
                assert (done.differences, done.switched, done.parked) == ([], True, 0)
            assert await rows(first.connection) == live
            careers.append(a_career(uuid4(), units, manager))
            await record(stores, sealer, careers[-1])
            await until(complete, 60)
