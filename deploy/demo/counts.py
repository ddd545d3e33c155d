"""That nothing was lost or doubled, counted in three places: the stores, the topics, the checkpoints of projections."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.partitions import PARTITIONS

OWNERS = ("profiles", "conversations", "opportunities")


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of the three services whose facts projections hear."""

    recorded: int
    in_kafka: int
    distinct: int
    """Of the records in Kafka, how many different events: more records than events are second deliveries."""
    behind: int
    """Partitions in which a model of projections has not come to the last event yet."""

    @property
    def agree(self) -> bool:
        return self.recorded == self.distinct and self.behind == 0


async def count(database_url: str, prefix: str, bootstrap_servers: str) -> Counts:
    """Reads all three, as an operator would. Raises asyncpg.PostgresError, KafkaError, OSError."""
    recorded: dict[str, int] = {}
    for service in OWNERS:
        connection = await asyncpg.connect(_database(database_url, f"{prefix}{service}"))
        try:
            recorded[service] = await connection.fetchval("select count(*) from events where not withheld")
        finally:
            await connection.close()
    records, last = await _topics(bootstrap_servers)
    connection = await asyncpg.connect(_database(database_url, f"{prefix}projections"))
    try:
        rows = await connection.fetch(
            "select service, partition, min(position) as position from checkpoints group by service, partition"
        )
    finally:
        await connection.close()
    applied = {(row["service"], row["partition"]): row["position"] for row in rows}
    behind = sum(applied.get(place, 0) < position for place, position in last.items())
    distinct = sum(len(positions) for positions in records.values())
    return Counts(sum(recorded.values()), sum(map(sum, (one.values() for one in records.values()))), distinct, behind)


async def sealed_words(bootstrap_servers: str, person: str) -> str:
    """What stands in Kafka in the place of the first words that a person wrote down."""
    async with _reading(bootstrap_servers, ("profiles",)) as records:
        async for _, record in records:
            headers = dict(record.headers)
            if headers["ce_subject"] == person.encode() and headers["ce_type"] == b"profiles.aspiration_recorded.v1":
                return str(orjson.loads(record.value)["content"]["ciphertext"])
    raise LookupError(person)


async def _topics(bootstrap_servers: str) -> tuple[Mapping[str, Mapping[int, int]], Mapping[tuple[str, int], int]]:
    """Service → position → how many records; and the last position of each partition."""
    found: dict[str, dict[int, int]] = {service: {} for service in OWNERS}
    last: dict[tuple[str, int], int] = {}
    async with _reading(bootstrap_servers, OWNERS) as records:
        async for service, record in records:
            position = int(dict(record.headers)["ce_position"])
            found[service][position] = found[service].get(position, 0) + 1
            last[(service, record.partition)] = max(position, last.get((service, record.partition), 0))
    return found, last


@asynccontextmanager
async def _reading(bootstrap_servers: str, services: Sequence[str]) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """All records of the services' topics up to now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [
            TopicPartition(f"careers.{service}", partition) for service in services for partition in range(PARTITIONS)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            await consumer.seek_to_beginning(place)
        yield _records(consumer, ends)
    finally:
        await consumer.stop()


async def _records(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> AsyncIterator[tuple[str, Any]]:
    left = {place for place, end in ends.items() if end > 0}
    while left:
        for place, records in (await consumer.getmany(timeout_ms=200)).items():
            for record in records:
                yield place.topic.removeprefix("careers."), record
            if records and records[-1].offset + 1 >= ends[place]:
                left.discard(place)


def _database(admin_url: str, name: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
