"""The way of each event, for `--verbose`: API → position → topic/partition/offset → read model, with times.

Times are milliseconds since the request was sent. The record's is Kafka's own clock for the append to its log; the read
model's is when the timeline's checkpoint was seen to have passed the event.
"""

import asyncio
import threading
import time
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer


@dataclass(slots=True)
class Way:
    """One command's last event."""

    command: str
    service: str
    partition: int
    position: int
    sent_at: float  # wall clock
    answered_ms: float
    offset: int | None = None
    in_kafka_ms: float | None = None

    def __str__(self) -> str:
        kafka = "not seen in Kafka" if self.offset is None else f"careers.{self.service}/{self.partition}/{self.offset}"
        when = "" if self.in_kafka_ms is None else f" at {self.in_kafka_ms:.0f} ms"
        return (
            f"{self.command} → answered at {self.answered_ms:.0f} ms → position {self.position} of {self.service}"
            f" → {kafka}{when}"
        )


@dataclass
class Ways:
    """Collects them; `follow` runs beside the story and looks at every record of the topics."""

    bootstrap_servers: str
    wanted: bool
    told: list[Way] = field(default_factory=list)
    _seen: dict[tuple[str, int, int], tuple[int, int]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def command(self, command: str, after: str | None, begun: float, answered: float) -> None:
        """A command was answered; `begun` and `answered` are of perf_counter."""
        if after is None:
            return
        service, partition, position = after.split(":")
        took = (answered - begun) * 1000
        sent_at = time.time() - (time.perf_counter() - begun)
        self.told.append(Way(command, service, int(partition), int(position), sent_at, took))

    def take(self) -> list[Way]:
        """What was told since the last call, with where it came to lie."""
        ways, self.told = self.told, []
        deadline = time.monotonic() + 5
        for way in ways:
            key = (way.service, way.partition, way.position)
            while self.wanted and key not in self._seen and time.monotonic() < deadline:
                self._stop.wait(0.02)
            if key in self._seen:
                way.offset, stamp = self._seen[key]
                way.in_kafka_ms = max(0.0, stamp - way.sent_at * 1000)
        return ways

    def start(self) -> None:
        """Follows the topics in a thread of its own, if anybody wants to know."""
        if self.wanted:
            threading.Thread(target=lambda: asyncio.run(self._follow()), daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    async def _follow(self) -> None:
        topics = [f"careers.{service}" for service in ("profiles", "conversations", "opportunities", "notifications")]
        consumer = AIOKafkaConsumer(
            *topics, bootstrap_servers=self.bootstrap_servers, group_id=None, auto_offset_reset="latest"
        )
        await consumer.start()
        try:
            while not self._stop.is_set():
                found = await consumer.getmany(timeout_ms=100)
                for place, records in found.items():
                    for record in records:
                        position = int(dict(record.headers)["ce_position"])
                        service = place.topic.removeprefix("careers.")
                        self._seen[(service, place.partition, position)] = (record.offset, record.timestamp)
        finally:
            await consumer.stop()
