"""Events as a timeline hears them: sealed, some 430 bytes each, of many people, four kinds in equal parts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import cycle
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg
from uuid_utils.compat import uuid7

from benchmarks.places import Place
from services.projections.timeline import Timeline
from shared.contracts import conversations, profiles
from shared.contracts.event import Event
from shared.kafka.delivery import Partition
from shared.kafka.delivery import Place as Applied
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from shared.kafka.schema import migrations
from shared.postgres import connect
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from shared.service.processes import of_model

SERVICE = "profiles"
TODAY = datetime.now(UTC).date()
PEOPLE = 1_000


class Told(NamedTuple):
    """An event to append: what the store takes."""

    type: str
    subject: UUID
    body: bytes


def _shared(person: UUID, other: UUID) -> Event:
    return profiles.AspirationShared(
        aspiration=uuid4(),
        person=person,
        share=uuid4(),
        effective_on=TODAY,
        audience="my_manager",
        reader=other,
        edition=1,
        content=profiles.Aspiration(grain="skill", certainty="likely", text="I want to lead talks with customers."),
    )


def _recorded(person: UUID, _other: UUID) -> Event:
    return profiles.AspirationRecorded(
        aspiration=uuid4(),
        person=person,
        effective_on=TODAY,
        content=profiles.Aspiration(grain="theme", certainty="exploring", text="x" * 120),
    )


def _changed(person: UUID, other: UUID) -> Event:
    return profiles.PlaceChanged(
        person=person,
        fact=uuid4(),
        effective_on=date(2024, 3, 1),
        position="main",
        unit=other,
        title="Senior Engineer",
        job_level=4,
        legal_entity="EXAMPLE-SAS",
        country="FR",
        time_zone="Europe/Paris",
        fte=0.8,
        reason="promotion",
    )


def _made(person: UUID, other: UUID) -> Event:
    return conversations.CommitmentMade(
        commitment=uuid4(),
        employee=person,
        party="manager",
        owner=other,
        conversation=uuid4(),
        effective_on=TODAY,
        due_on=TODAY,
        text="I give you four hours a week to learn it, from next month on.",
    )


KINDS: Sequence[Callable[[UUID, UUID], Event]] = (_shared, _recorded, _changed, _made)


async def stories(number: int, *, people: int = PEOPLE) -> list[Told]:
    """So many events, the people in turns."""
    sealer = Sealer(KeyCache(MemoryKeyStore()))
    persons = cycle([uuid4() for _ in range(people)])
    kinds, manager = cycle(KINDS), uuid4()
    events = [next(kinds)(next(persons), manager) for _ in range(number)]
    bodies = await sealer.write(events)
    return [Told(event.type, event.subject, body) for event, body in zip(events, bodies, strict=True)]


def heard(told: Sequence[Told]) -> Iterator[Heard]:
    """The same as a consumer is given them, in one service's topic: every event the next of its partition."""
    at = datetime.now(UTC)
    last: dict[int, Applied] = {}
    for position, (wire_type, subject, body) in enumerate(told, 1):
        partition = partition_of(subject)
        before = last.get(partition, Applied(0, -1))
        last[partition] = Applied(position, before.offset + 1)
        yield Heard(
            service=SERVICE,
            partition=partition,
            offset=before.offset + 1,
            position=position,
            previous=before.position,
            id=uuid7(),
            type=wire_type,
            version=1,
            stream=subject,
            subject=subject,
            recorded_at=at,
            by="bench",
            origin="live",
            trace=None,
            body=body,
        )


def ends(records: Sequence[Heard]) -> dict[Partition, int]:
    """The last position of each partition."""
    return {(record.service, record.partition): record.position for record in records}


async def until(done: Callable[[], bool], *, seconds: float = 120) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110  what is measured tells nobody
            await asyncio.sleep(0.001)


@asynccontextmanager
async def timeline(place: Place) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database with the timeline's tables and a consumer's; and a connection as the consumer has it."""
    async with place.database([*migrations(), of_model(Timeline())]) as url:
        connection = await connect(url, search_path="timeline, public", deadline=60)
        try:
            yield url, connection
        finally:
            await connection.close()


EMPTY = "truncate timeline.timeline, timeline.postings, timeline.reorganisations, public.checkpoints, public.parked"
