"""The declared topics (deploy/topics.toml) beside those that the cluster has: what differs, and making it so."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidReplicationFactorError,
    NoError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

DECLARATION = Path(__file__).parents[1] / "topics.toml"
DEADLINE = 30.0  # seconds for all of it
LET_IN = 5.0  # seconds: a broker that has just started answers before the controller has let it in
POLL = 0.05  # seconds between two looks at whether brokers have heard of a change
SET_ON_THE_TOPIC = 1  # Kafka's ConfigSource.TOPIC_CONFIG: not a default of the broker


class TopicsRefused(Exception):
    """What is declared cannot be had without breaking a promise; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    topic: Topic
    missing: bool = False
    partitions: int = 0  # as the cluster has them
    config: Mapping[str, str] = field(default_factory=dict)  # declared values that the cluster has otherwise

    def __str__(self) -> str:
        if self.missing:
            return f"{self.topic.name}: is not there"
        said = [f"{key} is not {value}" for key, value in self.config.items()]
        if self.partitions != self.topic.partitions:
            said.insert(0, f"{self.partitions} partitions, not {self.topic.partitions}")
        return f"{self.topic.name}: {', '.join(said)}"


def declared(prefix: str = "", declaration: Path = DECLARATION) -> list[Topic]:
    document = tomllib.loads(declaration.read_text())
    return [
        Topic(f"{prefix}{name}", kind["partitions"], kind["config"])
        for name, kind in ((name, document["kinds"][kind]) for name, kind in document["topics"].items())
    ]


async def differences(servers: str, wanted: Sequence[Topic]) -> list[Difference]:
    """Raises KafkaError, TimeoutError."""
    async with _administrator(servers) as admin:
        return await _compare(admin, wanted)


async def apply(servers: str, wanted: Sequence[Topic], *, replication_factor: int = 1) -> list[Difference]:
    """Make it so, and say what was changed, when the cluster shows it; by several at once too.

    Raises TopicsRefused, before anything is changed, KafkaError and TimeoutError.
    """
    async with _administrator(servers) as admin:
        changes = await _compare(admin, wanted)
        for change in changes:
            _refuse_repartitioning(change)
        await _create(admin, [change.topic for change in changes if change.missing], replication_factor)
        for change in changes:
            if not change.missing:
                await _configure(admin, change.topic)
        while await _compare(admin, [change.topic for change in changes]):  # noqa: ASYNC110  Kafka tells nobody
            await asyncio.sleep(POLL)
        return changes


@asynccontextmanager
async def _administrator(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    async with asyncio.timeout(DEADLINE):
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()


async def _compare(admin: AIOKafkaAdminClient, wanted: Sequence[Topic]) -> list[Difference]:
    described = await admin.describe_topics([topic.name for topic in wanted])
    partitions = {found["topic"]: len(found["partitions"]) for found in described if _is_there(found)}
    config = {name: await _config(admin, name) for name in partitions}
    found = []
    for topic in wanted:
        if topic.name not in partitions:
            found.append(Difference(topic, missing=True))
            continue
        other = {key: value for key, value in topic.config.items() if config[topic.name].get(key) != value}
        if other or partitions[topic.name] != topic.partitions:
            found.append(Difference(topic, partitions=partitions[topic.name], config=other))
    return found


def _is_there(found: Mapping[str, Any]) -> bool:
    kind = for_code(found["error_code"])
    if kind is NoError:
        return True
    if kind is UnknownTopicOrPartitionError:
        return False
    raise kind(found["topic"])


async def _config(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str]:
    """What was set on the topic itself, not what it has from the broker."""
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    [(_error, _message, _kind, _name, entries)] = answer.resources
    return {name: value for name, value, _read_only, source, *_ in entries if source == SET_ON_THE_TOPIC}


def _refuse_repartitioning(change: Difference) -> None:
    topic = change.topic
    if change.missing or change.partitions == topic.partitions:
        return
    if change.partitions > topic.partitions:
        raise TopicsRefused(f"{change}: Kafka takes no partition away. Declare what is there, or make a new topic.")
    raise TopicsRefused(
        f"{change}: a keyed topic is not grown in place, since keys would move to other partitions and lose their "
        "order. Make a new generation of the topic, and rebuild what hears it."
    )


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic], replication_factor: int) -> None:
    missing = [NewTopic(t.name, t.partitions, replication_factor, topic_configs=dict(t.config)) for t in topics]
    until = asyncio.get_running_loop().time() + LET_IN
    while missing:
        answer = await admin.create_topics(missing)
        refused = {name: (for_code(code), message) for name, code, message in answer.topic_errors}
        for name, (kind, message) in refused.items():
            early = kind is InvalidReplicationFactorError and asyncio.get_running_loop().time() < until
            if not early and kind not in (NoError, TopicAlreadyExistsError):
                raise kind(f"{name}: {message or kind.__name__}")
        missing = [topic for topic in missing if refused[topic.name][0] is InvalidReplicationFactorError]
        await asyncio.sleep(0.2 if missing else 0)


async def _configure(admin: AIOKafkaAdminClient, topic: Topic) -> None:
    """Kafka replaces all that was set on the topic, so what others set goes along."""
    config = {**await _config(admin, topic.name), **topic.config}
    for answer in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, config)]):
        for code, message, *_ in answer.resources:
            if for_code(code) is not NoError:
                raise for_code(code)(f"{topic.name}: {message}")
