"""That nothing was lost or doubled, counted in three places: the stores, the topics, the timeline's checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.partitions import PARTITIONS

OWNERS = ("profiles", "conversations", "opportunities")


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of the three services whose facts the timeline hears."""

    recorded: int
    in_kafka: int
    distinct: int
    """Of the records in Kafka, how many different events: more records than events are second deliveries."""
    behind: int
    """Partitions in which the timeline has not come to the last event yet."""

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
            "select service, partition, position from checkpoints where model = 'timeline' and position > 0"
        )
    finally:
        await connection.close()
    applied = {(row["service"], row["partition"]): row["position"] for row in rows}
    behind = sum(applied.get(place, 0) < position for place, position in last.items())
    distinct = sum(len(positions) for positions in records.values())
    return Counts(sum(recorded.values()), sum(map(sum, (one.values() for one in records.values()))), distinct, behind)


async def _topics(bootstrap_servers: str) -> tuple[Mapping[str, Mapping[int, int]], Mapping[tuple[str, int], int]]:
    """Service → position → how many records; and the last position of each partition."""
    found: dict[str, dict[int, int]] = {service: {} for service in OWNERS}
    last: dict[tuple[str, int], int] = {}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [
            TopicPartition(f"careers.{service}", partition) for service in OWNERS for partition in range(PARTITIONS)
        ]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            await consumer.seek_to_beginning(place)
        left = {place for place, end in ends.items() if end > 0}
        while left:
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                service = place.topic.removeprefix("careers.")
                for record in records:
                    position = int(dict(record.headers)["ce_position"])
                    found[service][position] = found[service].get(position, 0) + 1
                    last[(service, place.partition)] = max(position, last.get((service, place.partition), 0))
                if records and records[-1].offset + 1 >= ends[place]:
                    left.discard(place)
    finally:
        await consumer.stop()
    return found, last


def _database(admin_url: str, name: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
