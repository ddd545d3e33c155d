"""Canary words: one in every sealed text of every kind of event, and the search for them wherever anything is kept.

What is sealed is searched by unsealing it, as every service in turn: as long as a key lives, its words are found.
"""

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes, policy
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.careers.services import SERVICES
from deploy.careers.topics import declared
from deploy.local.settings import settings_now
from shared.contracts.event import Event, Sealed
from shared.contracts.fields import people_named
from shared.contracts.reading import CATALOGUE
from shared.contracts.schemas import open_value
from shared.kafka.cluster import OWN
from shared.sealing.erasure import WORDS
from shared.sealing.sealer import UNAVAILABLE, sealed_value
from shared.service import Parts, open_parts
from shared.streams import Origin
from tests.export.samples import value
from tests.journeys.house import TODAY, House

IN_A_YEAR = TODAY + timedelta(days=400)


@dataclass
class Canaries:
    """Of one person. `other` and `unit` are somebody else and where they are."""

    house: House
    person: UUID
    other: UUID
    unit: UUID
    mark: str = field(default_factory=lambda: f"CANARY{uuid4().hex[:10]}")

    @property
    def of_words(self) -> str:
        """How those begin that stand in what the person wrote or said."""
        return f"{self.mark}-words-"

    def word(self, contract: type[Event], name: str) -> str:
        kind = "words" if contract.data_class in WORDS else "official"
        return f"{self.mark}-{kind}-{contract.type}-{name}"

    def events(self) -> list[Event]:
        """Each kind that seals words, once for each person whose words they can be, and once about somebody else."""
        return [
            self._event(contract, speaker, about_other=about_other)
            for contract in CATALOGUE.values()
            for speaker, fields in contract.speakers().items()
            if any(holds_text(contract, name) for name in fields)
            for about_other in ([False, True] if speaker != contract.subject_field else [False])
        ]

    def _event(self, contract: type[Event], speaker: str, *, about_other: bool) -> Event:
        values: dict[str, Any] = {}
        mine = {speaker} if about_other else {speaker, contract.subject_field}
        for name, info in contract.model_fields.items():
            if name in contract.sealed_about:
                values[name] = value(info.annotation, self.word(contract, name))
            else:
                values[name] = self._open(contract, name, mine=name in mine)
        for name, about in contract.sealed_about.items():
            if values[about] != self.person:
                values[name] = None if not contract.model_fields[name].is_required() else "somebody else's"
        return contract(**values)

    def _open(self, contract: type[Event], name: str, *, mine: bool) -> Any:
        annotation = contract.model_fields[name].annotation
        if name in people_named(contract):
            return self.person if mine else self.other
        if name == "unit":
            return self.unit
        if annotation is UUID:
            return uuid4()
        return IN_A_YEAR if annotation is date else open_value(name, annotation)

    async def sow(self) -> dict[tuple[str, int], int]:
        """Records them all, as their services do; (service, partition) → position of the last."""
        last: dict[tuple[str, int], int] = {}
        events = self.events()
        for service in SERVICES:
            async with as_service(self.house, service) as parts:
                for event in events:
                    if event.service == service:
                        receipt = await parts.streams.append(uuid4(), 0, [event], Origin("service:canaries"))
                        _, partition, position = str(receipt.after).split(":")
                        if not event.withheld:
                            last[service, int(partition)] = int(position)
        return last

    async def applied(self, last: Mapping[tuple[str, int], int]) -> bool:
        """Whether all models of all services have them."""
        for service in SERVICES:
            async with database(self.house, service) as connection:
                for row in await connection.fetch("select service, partition, position from checkpoints"):
                    if row["position"] < last.get((row["service"], row["partition"]), 0):
                        return False
        return True


def holds_text(contract: type[Event], name: str) -> bool:
    return "CANARY" in str(value(contract.model_fields[name].annotation, "CANARY"))


@asynccontextmanager
async def as_service(house: House, service: str) -> AsyncIterator[Parts]:
    """What a process of the service has open, under its own role."""
    declared = import_module(f"services.{service}.app").SERVICE
    env = settings_now(house.folder, house.given).for_service(service, "worker")
    settings = declared.settings.model_validate(
        {name.lower(): value for name, value in env.items()} | {"key_cache_seconds": 0}
    )
    async with open_parts(declared, settings, appends=True) as parts:
        yield parts


@asynccontextmanager
async def database(house: House, name: str) -> AsyncIterator[asyncpg.Connection]:
    """A database of the house, as administrator."""
    url = urlsplit(house.env["DATABASE_URL"])._replace(path=f"/{house.given['DATABASE_PREFIX']}{name}").geturl()
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass
class Search:
    """Goes through everything. `found` names the places; `sealed` those whose words were found by unsealing."""

    house: House
    word: str
    found: set[str] = field(default_factory=set)
    sealed: set[str] = field(default_factory=set)
    envelopes: dict[Sealed, set[str]] = field(default_factory=dict)

    async def everywhere(self) -> "Search":
        for name in (*SERVICES, "keys"):
            async with database(self.house, name) as connection:
                async for place, row in _rows(connection):
                    self._document(f"{name}: {place}", json.loads(row))
        async for place, record in _records(self.house):
            self._bytes(place, record)
        for log in sorted(self.house.folder.logs.iterdir()):
            self._bytes(f"log {log.name}", log.read_bytes())
        for service, url in self.house.urls.items():
            self._bytes(f"metrics of {service}", self.house.client.get(f"{url}/metrics").content)
        for mail in sorted(self.house.folder.root.rglob("*.eml")):
            text = message_from_bytes(mail.read_bytes(), policy=policy.default)
            self._text(f"mail {mail.name}", f"{text}\n{text.get_body(('plain',))}")
        for service in SERVICES:
            async with as_service(self.house, service) as parts:
                for value, words in (await parts.sealer.unseal(self.envelopes)).items():
                    if words is not UNAVAILABLE and self.word in json.dumps(words):
                        self.sealed |= self.envelopes[value]
        return self

    def _document(self, place: str, document: Any) -> None:
        if (envelope := sealed_value(document)) is not None:
            self.envelopes.setdefault(envelope, set()).add(place)
        elif isinstance(document, dict):
            for name, value in document.items():
                self._document(place, name)
                self._document(place, value)
        elif isinstance(document, list):
            for value in document:
                self._document(place, value)
        elif isinstance(document, str):
            self._text(place, document)

    def _text(self, place: str, text: str) -> None:
        if self.word in text:
            self.found.add(place)
        if text.startswith("\\x"):
            with suppress(ValueError):
                self._bytes(place, bytes.fromhex(text[2:]))
        elif len(text) >= 16:
            with suppress(binascii.Error, ValueError):
                self._compressed(place, base64.b64decode(text, validate=True))

    def _bytes(self, place: str, content: bytes) -> None:
        with suppress(ValueError):
            self._document(place, json.loads(content))
            return
        self._compressed(place, content)

    def _compressed(self, place: str, content: bytes) -> None:
        for plain in _unpacked(content):
            if any(one in plain for one in _in_base64(self.word)) or self.word.encode() in plain:
                self.found.add(place)


def _unpacked(content: bytes) -> Iterator[bytes]:
    yield content
    with suppress(zlib.error, EOFError):
        yield zlib.decompress(content)
    with suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(content)


def _in_base64(word: str) -> list[bytes]:
    """As it stands within base64 of something longer, wherever it begins."""
    found = []
    for before in range(3):
        encoded = base64.b64encode(b" " * before + word.encode())
        found.append(encoded[4 if before else 0 : len(word) // 3 * 4 - 4])
    return found


async def _rows(connection: asyncpg.Connection) -> AsyncIterator[tuple[str, str]]:
    tables = await connection.fetch(
        """select table_schema as schema, table_name as name from information_schema.tables
           where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"""
    )
    for table in tables:
        place = f"{table['schema']}.{table['name']}"
        async with connection.transaction():
            async for row in connection.cursor(
                f'select to_jsonb(t)::text as row from "{table["schema"]}"."{table["name"]}" t', prefetch=1000
            ):
                yield place, row["row"]


async def _records(house: House) -> AsyncIterator[tuple[str, bytes]]:
    """Of a compacted topic what compaction leaves, which comes within the lag that deploy/topics.toml states."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=house.env["KAFKA_BOOTSTRAP_SERVERS"], auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        topics = declared(house.given["TOPIC_PREFIX"])
        compacted = {topic.name for topic in topics if topic.config["cleanup.policy"] == "compact"}
        newest: dict[tuple[str, bytes], Any] = {}
        parts = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        left = {part for part in parts if ends[part] > 0}
        while left:
            for part, records in (await consumer.getmany(timeout_ms=500, max_records=5000)).items():
                for record in records:
                    if part.topic in compacted:
                        newest[part.topic, record.key] = record
                        continue
                    for content in _contents(house, record):
                        yield content
            for part in list(left):
                if await consumer.position(part) >= ends[part]:
                    left.discard(part)
        for record in newest.values():
            for content in _contents(house, record):
                yield content
    finally:
        await consumer.stop()


def _contents(house: House, record: Any) -> Iterator[tuple[str, bytes]]:
    place = f"topic {record.topic.removeprefix(house.given['TOPIC_PREFIX']).removeprefix(OWN)}"
    for content in (record.key, record.value, *(told for _, told in record.headers)):
        if content is not None:
            yield place, content
