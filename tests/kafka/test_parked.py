"""A poison event stops nobody else: it is set aside with its bytes, what its subject did later waits behind it."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.parked import Retried, discard_parked, retry_parked
from shared.kafka.partitions import partition_of
from shared.kafka.producer import producer
from shared.kafka.records import Heard
from shared.kafka.relay import Relay
from tests.kafka.conftest import until
from tests.kafka.ledger import TYPE, AtOnceLedger, Ledger, Row, applied, make_tables
from tests.kafka.store import Store
from tests.kafka.test_consumer import running

PEOPLE = [uuid4() for _ in range(30)]
ANNA, BEN = PEOPLE[:2]


@pytest.fixture
async def ledger(store: Store, request: pytest.FixtureRequest) -> Ledger:
    model: Ledger = getattr(request, "param", Ledger)()
    await make_tables(store.connection, model)
    return model


async def everything_heard(store: Store, name: str = "ledger") -> None:
    """Waits until the model's checkpoints have passed every event."""

    async def passed() -> bool:
        at: int = await store.connection.fetchval(
            "select coalesce(max(position), 0) from checkpoints where model = $1", name
        )
        last: int = await store.connection.fetchval("select max(position) from events")
        done: int = await store.connection.fetchval(
            f"select (select count(*) from {name}.ledger) + (select count(*) from parked where model = $1)", name
        )
        events: int = await store.connection.fetchval("select count(*) from events")
        return at >= last and done >= events

    await until(passed)


async def parked(store: Store) -> list[tuple[int, UUID, int | None, str]]:
    rows = await store.connection.fetch("select position, subject, behind, reason from parked order by position")
    return [tuple(row) for row in rows]


async def positions(store: Store) -> list[int]:
    return sorted(position for _, position in await applied(store.connection))


@pytest.mark.parametrize("ledger", [Ledger, AtOnceLedger], indirect=True)
@pytest.mark.parametrize("poison", [b'{"poison":"prepare"}', b'{"n":0}', b"[]"], ids=["decoding", "database", "shape"])
async def test_a_poison_event_is_parked_and_everybody_else_goes_on(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, poison: bytes
) -> None:
    consumer = Consumer(store.url, cluster, "models", [ledger], counts)
    await store.append(200, subjects=PEOPLE)
    [bad] = await store.append(subjects=[ANNA], body=poison)
    await store.append(200, subjects=PEOPLE)
    async with running(Relay(store.url, cluster, "profiles", counts).run(), consumer.run()):
        await everything_heard(store)
        [later] = await store.append(subjects=[ANNA])
        await everything_heard(store)
        assert consumer.problems() == []
    found = await parked(store)
    assert found[0][:3] == (bad, ANNA, None)
    assert "Error at" in found[0][3], "the reason is a type and a place, never somebody's words"
    annas = await store.connection.fetch(
        "select position from events where subject = $1 and position > $2 order by 1", ANNA, bad
    )
    assert [(row[0], row[2]) for row in found[1:]] == [(row[0], bad) for row in annas]
    assert later in [row[0] for row in found]
    held = {row[0] for row in found}
    assert await positions(store) == [
        row[0] for row in await store.connection.fetch("select position from events order by 1") if row[0] not in held
    ]
    kept = await store.connection.fetchrow("select body, type, headers from parked where position = $1", bad)
    assert kept is not None
    assert kept["body"] == poison
    assert dict(orjson.loads(kept["headers"]))["ce_position"] == str(bad)


async def test_many_poison_events_are_each_found(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger, seed: int
) -> None:
    chance = random.Random(seed)
    bad: dict[UUID, int] = {}
    for _ in range(60):
        person = chance.choice(PEOPLE)
        poison = chance.random() < 0.15
        [at] = await store.append(subjects=[person], body=b'{"n":0}' if poison else b'{"n":1}')
        if poison:
            bad.setdefault(person, at)
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await everything_heard(store)
    events = await store.connection.fetch("select position, subject from events order by 1")
    expected = [(p, s, None if p == bad[s] else bad[s]) for p, s in events if s in bad and p >= bad[s]]
    assert [row[:3] for row in await parked(store)] == expected


class Mended(Ledger):
    """The model after an upgrade: it can read what it could not."""

    def prepare(self, batch: Sequence[Heard]) -> list[Row]:
        return [(h.service, h.partition, h.position, str(h.subject), 1) for h in batch]


async def test_after_an_upgrade_what_was_parked_is_applied_in_order_and_its_subject_is_free(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    await store.append(subjects=[ANNA], body=b'{"n":0}')
    await store.append(5, subjects=[ANNA])
    await store.append(5, subjects=[BEN])
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await everything_heard(store)
        assert await retry_parked(store.connection, ledger, "profiles", ANNA) == Retried(
            0, (await parked(store))[0][3]
        ), "nothing is mended yet"
        assert len(await parked(store)) == 6
        assert await retry_parked(store.connection, Mended(), "profiles", ANNA) == Retried(6)
        assert await parked(store) == []
        await store.append(3, subjects=[ANNA])
        await everything_heard(store)
    assert await parked(store) == []
    annas = await store.connection.fetch("select position from ledger.ledger where subject = $1 order by at", str(ANNA))
    assert [row[0] for row in annas] == [1, 2, 3, 4, 5, 6, 12, 13, 14]
    assert len(await positions(store)) == 14


async def test_what_is_given_up_frees_what_waited_behind_it(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    [bad] = await store.append(subjects=[ANNA], body=b'{"n":0}')
    good = await store.append(4, subjects=[ANNA])
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await everything_heard(store)
        assert await discard_parked(store.connection, ledger, "profiles", partition_of(ANNA), bad) == Retried(4)
        good += await store.append(2, subjects=[ANNA])

        async def there() -> bool:
            return await positions(store) == good

        await until(there)
    assert await parked(store) == []


async def test_a_second_poison_event_waits_for_its_own_remedy(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    [first] = await store.append(subjects=[ANNA], body=b'{"n":0}')
    [between] = await store.append(subjects=[ANNA])
    [second] = await store.append(subjects=[ANNA], body=b'{"n":0}')
    [last] = await store.append(subjects=[ANNA])
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await everything_heard(store)
        retried = await discard_parked(store.connection, ledger, "profiles", partition_of(ANNA), first)
    assert retried.applied == 1
    assert [(row[0], row[2]) for row in await parked(store)] == [(second, None), (last, second)]
    assert await positions(store) == [between]


async def test_events_that_arrive_while_an_operator_retries_are_neither_lost_nor_out_of_order(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    await store.append(subjects=[ANNA], body=b'{"n":0}')
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):

        async def keep_appending() -> None:
            for _ in range(60):
                await store.append(subjects=[ANNA, BEN])

        operator = await asyncpg.connect(store.url)
        await operator.set_type_codec("json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
        appending = asyncio.create_task(keep_appending())
        try:
            while not appending.done():
                await retry_parked(operator, Mended(), "profiles", ANNA)
            await appending

            async def free() -> bool:
                await retry_parked(operator, Mended(), "profiles", ANNA)
                return len(await positions(store)) == 61

            await until(free)
        finally:
            await operator.close()
    annas = await store.connection.fetch("select position from ledger.ledger where subject = $1 order by at", str(ANNA))
    assert [row[0] for row in annas] == sorted(row[0] for row in annas)
    assert len({row[0] for row in annas}) == len(annas)


async def test_a_newer_version_waits_for_an_upgrade_and_unknown_types_are_counted(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    [newer] = await store.append(subjects=[ANNA], kind="profiles.thing_happened.v2")
    [behind] = await store.append(subjects=[ANNA])
    await store.append(3, subjects=[ANNA], kind="profiles.other_thing.v1")
    [ben] = await store.append(subjects=[BEN])
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):

        async def there() -> bool:
            return await positions(store) == [ben]

        await until(there)
        await until(lambda: counts.skipped.labels("ledger")._value.get() == 3)
    assert [(row[0], row[2]) for row in await parked(store)] == [(newer, None), (behind, newer)]


class Upgraded(Ledger):
    """The model after an upgrade that knows the second version, in which a thing is called `count`."""

    types = frozenset({TYPE, "profiles.thing_happened.v2"})

    def prepare(self, batch: Sequence[Heard]) -> list[Row]:
        rows = []
        for heard in batch:
            body = orjson.loads(heard.body)
            n = body["count"] if heard.type.endswith(".v2") else body["n"]
            rows.append((heard.service, heard.partition, heard.position, str(heard.subject), n))
        return rows


async def test_an_upgrade_that_knows_the_newer_version_applies_it_and_what_waited_in_order(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    newer: dict[str, Any] = {"kind": "profiles.thing_happened.v2", "body": b'{"count":7}'}
    [before] = await store.append(subjects=[ANNA], body=b'{"n":1,"from_tomorrow":{"nobody":"knows"}}')
    [first] = await store.append(subjects=[ANNA], **newer)
    [behind] = await store.append(subjects=[ANNA])
    [second] = await store.append(subjects=[ANNA], **newer)
    [bens] = await store.append(subjects=[BEN])
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):
            await everything_heard(store)
            assert await positions(store) == [before, bens], "an unknown field stops nobody, an unknown version Anna"
            assert [(row[0], row[2]) for row in await parked(store)] == [
                (first, None),
                (behind, first),
                (second, first),
            ]
        upgraded = Upgraded()
        async with running(Consumer(store.url, cluster, "models", [upgraded], counts).run()):
            [meanwhile] = await store.append(subjects=[ANNA], **newer)
            await everything_heard(store)
            assert await retry_parked(store.connection, upgraded, "profiles", ANNA) == Retried(4)
            [after] = await store.append(subjects=[ANNA], **newer)
            await everything_heard(store)
    assert await parked(store) == []
    rows = await store.connection.fetch(
        "select position, n from ledger.ledger where subject = $1 order by at", str(ANNA)
    )
    assert [tuple(row) for row in rows] == [
        (before, 1), (first, 7), (behind, 1), (second, 7), (meanwhile, 7), (after, 7)
    ]  # fmt: skip


async def test_a_record_that_is_no_event_of_ours_is_parked_with_its_bytes_and_can_be_given_up(
    store: Store, cluster: Cluster, counts: Counts, ledger: Ledger
) -> None:
    async with producer(cluster) as foreign:
        await foreign.send_and_wait(
            cluster.topic("profiles"), key=str(ANNA).encode(), value=b"\xffwhat?", headers=[("x", b"\xfe")], partition=3
        )
    async with running(
        Relay(store.url, cluster, "profiles", counts).run(),
        Consumer(store.url, cluster, "models", [ledger], counts).run(),
    ):
        await store.append(50, subjects=PEOPLE)

        async def there() -> bool:
            return len(await positions(store)) == 50 and len(await parked(store)) == 1

        await until(there)
    [row] = await store.connection.fetch("select * from parked")
    assert (row["position"], row["kafka_offset"], row["body"], row["subject"]) == (-1, 0, b"\xffwhat?", None)
    assert orjson.loads(row["headers"]) == [["x", "þ"]]
    assert "ce_specversion" in row["reason"]
    await discard_parked(store.connection, ledger, "profiles", 3, -1)
    assert await parked(store) == []


async def test_a_consumer_that_moves_on_after_a_failure_loses_what_failed(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    """What the transaction with the checkpoints is for: getmany goes on, and what it gave before is gone."""
    async with running(Relay(store.url, cluster, "profiles", counts).run()):
        await store.append(100, subjects=PEOPLE)
        taken: list[int] = []
        failing = True
        naive = AIOKafkaConsumer(
            cluster.topic("profiles"), bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest",
            group_id=cluster.topic_prefix + "naive", enable_auto_commit=False,
        )  # fmt: skip
        await naive.start()
        try:
            while len(taken) < 50:
                for records in (await naive.getmany(timeout_ms=200, max_records=10)).values():
                    if failing:
                        failing = False  # the handler raised: logged, and on it goes
                    else:
                        taken += [record.offset for record in records]
                await naive.commit()

            async def rest() -> bool:
                for records in (await naive.getmany(timeout_ms=200)).values():
                    taken.extend(record.offset for record in records)
                ends = await naive.end_offsets(naive.assignment())
                return all([await naive.position(at) == end for at, end in ends.items()])

            await until(rest)
        finally:
            await naive.stop()
    assert len(taken) < 100
