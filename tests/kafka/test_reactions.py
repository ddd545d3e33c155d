"""From an event to a command: heard as often as it takes, carried out once."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.eventstore import OutcomeUnknown, Overloaded, VersionConflict
from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.parked import Retried, retry_parked
from shared.kafka.partitions import partition_of
from shared.kafka.reactions import Reactions, reaction_key
from shared.kafka.records import Heard
from shared.kafka.relay import Relay
from shared.refusals import Refusal, Unavailable
from tests.kafka.conftest import until
from tests.kafka.ledger import TYPE
from tests.kafka.store import Store
from tests.kafka.test_consumer import running

PEOPLE = [uuid4() for _ in range(30)]
ANNA, BEN = PEOPLE[:2]


class TooLate(Refusal, code="too-late"):
    """It is too late for that."""


@pytest.fixture
async def commands(store: Store) -> str:
    """What commands did: once for each key, as an append with a CommandKey does."""
    await store.connection.execute(
        """create table commands (at bigserial, key bytea primary key, subject uuid, position bigint, tries int)"""
    )
    return store.url


def command(connections: asyncpg.Pool) -> Callable[[Heard], Awaitable[None]]:
    async def react(heard: Heard) -> None:
        await connections.execute(
            """insert into commands (key, subject, position, tries) values ($1, $2, $3, 1)
               on conflict (key) do update set tries = commands.tries + 1""",
            reaction_key("test", heard).key,
            heard.subject,
            heard.position,
        )

    return react


async def carried_out(store: Store) -> list[tuple[UUID, int]]:
    rows = await store.connection.fetch("select subject, position from commands order by at")
    return [(row[0], row[1]) for row in rows]


async def stands_at(store: Store, name: str, position: int) -> None:
    async def there() -> bool:
        at: int = await store.connection.fetchval("select max(position) from checkpoints where model = $1", name)
        return (at or 0) >= position

    await until(there)


async def test_each_event_leads_to_one_command_in_the_order_of_its_subject(
    store: Store, cluster: Cluster, counts: Counts, commands: str, seed: int
) -> None:
    chance = random.Random(seed)
    async with asyncpg.create_pool(commands, min_size=0, max_size=8) as connections:
        reactions = Reactions("tell", {TYPE: command(connections)})
        consumer = Consumer(store.url, cluster, "reactions", [reactions], counts)
        async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
            last = 0
            for _ in range(8):
                [*_, last] = await store.append(100, subjects=PEOPLE)
                if chance.random() < 0.7:
                    await store.connection.execute(
                        """select pg_terminate_backend(pid) from pg_stat_activity
                           where datname = current_database() and application_name = 'tell'"""
                    )

            async def all_done() -> bool:
                return len(await carried_out(store)) == 800

            await until(all_done)
            await stands_at(store, "tell", last)
    done = await carried_out(store)
    for person in PEOPLE:
        order = [position for subject, position in done if subject == person]
        assert order == sorted(order)


async def test_a_refused_command_is_recorded_and_done_with(
    store: Store, cluster: Cluster, counts: Counts, commands: str
) -> None:
    async def react(heard: Heard) -> None:
        if heard.subject == ANNA:
            raise TooLate("of no use any more")

    reactions = Reactions("tell", {TYPE: react})
    consumer = Consumer(store.url, cluster, "reactions", [reactions], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        [anna] = await store.append(subjects=[ANNA])
        [ben] = await store.append(subjects=[BEN])
        await stands_at(store, "tell", ben)

        async def recorded() -> bool:
            rows = await store.connection.fetch("select reaction, position, subject, code from refused_reactions")
            return [tuple(row) for row in rows] == [("tell", anna, ANNA, "too-late")]

        await until(recorded)
    assert await store.connection.fetchval("select count(*) from parked") == 0


async def test_what_is_unavailable_for_a_while_is_tried_until_it_works(
    store: Store, cluster: Cluster, counts: Counts, commands: str
) -> None:
    tried = 0
    store_says = [Overloaded(), OutcomeUnknown(), VersionConflict(ANNA)]
    troubles: list[Exception] = [Unavailable(), Unavailable(), ConnectionRefusedError(), *store_says]

    async def react(heard: Heard) -> None:
        nonlocal tried
        tried += 1
        if tried <= len(troubles):
            raise troubles[tried - 1]

    consumer = Consumer(store.url, cluster, "reactions", [Reactions("tell", {TYPE: react})], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        [last] = await store.append(subjects=[ANNA])
        await stands_at(store, "tell", last)
    assert tried == len(troubles) + 1
    assert await store.connection.fetchval("select count(*) from parked") == 0


async def test_a_reaction_that_breaks_parks_its_event_and_can_be_tried_again(
    store: Store, cluster: Cluster, counts: Counts, commands: str
) -> None:
    broken = True
    async with asyncpg.create_pool(commands, min_size=0, max_size=4) as connections:
        act = command(connections)

        async def react(heard: Heard) -> None:
            if broken and heard.subject == ANNA:
                raise KeyError("a mistake of ours")
            await act(heard)

        reactions = Reactions("tell", {TYPE: react})
        consumer = Consumer(store.url, cluster, "reactions", [reactions], counts)
        async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
            await store.append(3, subjects=[ANNA])
            [*_, last] = await store.append(20, subjects=[BEN])
            await stands_at(store, "tell", last)

            async def annas_are_parked() -> bool:
                return bool(await store.connection.fetchval("select count(*) = 3 from parked"))

            await until(annas_are_parked)
            assert {subject for subject, _ in await carried_out(store)} == {BEN}
            broken = False
            assert await retry_parked(store.connection, reactions, "profiles", ANNA) == Retried(3)
    done = await carried_out(store)
    assert len(done) == 23
    assert await store.connection.fetchval("select count(*) from parked") == 0


async def test_subjects_do_not_wait_for_each_other(
    store: Store, cluster: Cluster, counts: Counts, commands: str
) -> None:
    others = [person for person in PEOPLE if partition_of(person) == partition_of(ANNA) and person != ANNA] or [BEN]
    seen = asyncio.Event()

    async def react(heard: Heard) -> None:
        if heard.subject == ANNA:
            await asyncio.wait_for(seen.wait(), 10)
        else:
            seen.set()

    await store.append(subjects=[ANNA])
    [last] = await store.append(subjects=others[:1])
    consumer = Consumer(store.url, cluster, "reactions", [Reactions("tell", {TYPE: react})], counts)
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        await until(store.marked)
        async with running(consumer.run()):
            await stands_at(store, "tell", last)
