"""A service on a stage: its own routes and store, a real PostgreSQL, its models fed by hand in the stream's order.

What comes between store and models elsewhere (relay, Kafka, consumer) is tried in tests/kafka; here `pump` takes its
place, at once and without waiting. People, places and leaders are told as profiles tells them.
"""

import base64
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import asyncpg
import httpx2
import orjson
from uuid_utils.compat import uuid7

from shared.audit import Book
from shared.audit import migrations as audit_migrations
from shared.auth.callers import Caller, Role, Scope, Unauthenticated
from shared.contracts import erasure as erasures
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.contracts.profiles import AliasSource, Capacity, Language, Measure, Name
from shared.erasure.forgetting import Forgetting
from shared.eventstore.postgres import PostgresEventStore, open_store
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.http import Api, Health, Routes, build
from shared.kafka.freshness import Freshness
from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from shared.kafka.schema import migrations as kafka_migrations
from shared.metrics import Metrics
from shared.postgres import Pool, connect, migrate
from shared.relations.model import Relations as RelationsModel
from shared.relations.reads import Relations
from shared.sealing.erasure import WORDS, Retired
from shared.sealing.keys import KeyCache
from shared.sealing.memory import MemoryKeyStore
from shared.sealing.sealer import Sealer
from shared.service import Parts, Service, Settings
from shared.service.processes import of_model
from shared.streams import Streams

LONG_AGO = date(2020, 1, 1)


class Fresh:
    """Models that nobody waits for; relations are as old as `seconds` says."""

    def __init__(self) -> None:
        self.seconds: float | None = 0.0

    def of(self, _model: str) -> "Fresh":
        return self

    async def age(self) -> float | None:
        return self.seconds

    async def wait(self, *_asked: object) -> Literal["reached"]:
        return "reached"


class _Keys:
    """A store in memory, as the saga asks it."""

    def __init__(self, keys: MemoryKeyStore) -> None:
        self._keys = keys
        self._retired: dict[tuple[UUID, str], int] = {}

    async def check(self) -> None:
        return None

    async def destroy(self, erasure: UUID, person: UUID, scope: erasures.Scope) -> int:
        if scope == "person":
            self._keys.erase(person)
        for data_class in WORDS:
            self._keys.destroy(person, data_class)
        return len(WORDS)

    async def retire(self, run: UUID, data_class: str, before_year: int, held: Collection[UUID], most: int) -> Retired:
        """As if every key had been made in a year long past; once a run and class."""
        people = [person for person, of_class in self._keys.owners if of_class == data_class]
        due = [person for person in people if person not in held]
        now = [] if (run, data_class) in self._retired else due[:most]
        for person in now:
            self._keys.destroy(person, data_class)
        if now:
            self._retired[run, data_class] = len(now)
        done, left, kept = self._retired.get((run, data_class), 0), len(due) - len(now), len(people) - len(due)
        return Retired(done, done, left, left, kept, kept)


class Bearers:
    """`Bearer <id>` is that person, `Bearer <id> hr_partner` with a role; `Bearer service moves:read` is a service
    account, `Bearer <id>@portal act:read` one on behalf of that person."""

    def knows(self, authorization: bytes | None) -> bool:
        return authorization is not None

    async def caller(self, authorization: bytes | None) -> Caller:
        if authorization is None:
            raise Unauthenticated
        _, name, *grants = authorization.decode().split()
        if name == "service":
            return Caller("service:exports", service="exports", scopes=frozenset(map(Scope, grants)))
        person, _, actor = name.partition("@")
        if actor:
            return Caller(person, UUID(person), scopes=frozenset(map(Scope, grants)), actor=actor)
        return Caller(person, UUID(person), roles=frozenset(map(Role, grants)))


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """Of a problem document."""
        return str(self.body["code"])

    @property
    def id(self) -> UUID:
        return UUID(self.body["id"])


class Person:
    """Somebody who calls the API."""

    def __init__(self, client: httpx2.AsyncClient, person: UUID, *roles: str) -> None:
        self.id = person
        self._client = client
        self._headers = {"authorization": " ".join(["Bearer", str(person), *roles])}

    async def get(self, path: str, **query: object) -> Answered:
        return await self._send("GET", path, None, {}, query)

    async def again(self, path: str, etag: str, **query: object) -> Answered:
        """A read by who has the answer with this ETag."""
        return await self._send("GET", path, None, {"if-none-match": etag}, query)

    async def post(self, path: str, body: object = None, /, **headers: str) -> Answered:
        return await self._send("POST", path, body, headers, {})

    async def look_up(self, path: str, body: object, /, **query: object) -> Answered:
        return await self._send("POST", path, body, {}, query)

    async def upload(self, path: str, content: bytes) -> Answered:
        """A CSV file."""
        return await self._send("POST", path, content, {"content-type": "text/csv"}, {})

    async def put(self, path: str, body: object, /) -> Answered:
        return await self._send("PUT", path, body, {}, {})

    async def _send(
        self, method: str, path: str, body: object, headers: Mapping[str, str], query: Mapping[str, object]
    ) -> Answered:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._client.request(
            method,
            path.replace("{me}", str(self.id)),
            content=body if body is None or isinstance(body, bytes) else orjson.dumps(body),
            headers={**self._headers, **({} if body is None else {"content-type": "application/json"}), **given},
            params={name: str(value) for name, value in query.items()},
        )
        content = orjson.loads(answer.content) if answer.content else None
        return Answered(answer.status_code, content, dict(answer.headers))


@dataclass
class Stage:
    """A service, and who comes on."""

    service: Service
    parts: Parts
    fresh: Fresh
    keys: MemoryKeyStore
    api: Api
    _pumped: int = 0
    _told: Iterator[int] = field(default_factory=lambda: count(1_000_000))  # never one that was pumped

    async def pump(self) -> None:
        """Everything recorded and not heard yet goes into the models of the service."""
        stored = await self.parts.store.tail(self._pumped, 10_000)
        for one in stored:
            self._pumped = one.position
            heard = _heard(
                self.service.name,
                one.position,
                wire_type=one.type,
                stream=one.stream,
                subject=one.subject,
                body=one.body,
            )
            await self.hear(
                heard._replace(
                    id=one.id, version=one.version, by=one.by, origin=one.origin, recorded_at=one.recorded_at
                )
            )

    async def hear(self, heard: Heard) -> None:
        for model in self.service.work(self.parts).models:
            if heard.service in model.services and heard.type in Forgetting(model).types:
                forgetting = Forgetting(model)
                async with self.parts.pool.acquire() as connection, connection.transaction():
                    await forgetting.begin(connection)
                    await connection.execute(f"set local search_path = {model.name}, public")
                    await forgetting.write(connection, forgetting.prepare([heard]))

    async def tell(self, *events: Event) -> list[Heard]:
        """Another service recorded this."""
        told = await self._recorded(events)
        for heard in told:
            await self.hear(heard)
        return told

    async def tell_at_once(self, *events: Event) -> None:
        """Profiles recorded this, as relations hear it in one transaction."""
        model = RelationsModel(self.parts.sealer)
        heard = await self._recorded(events)
        async with self.parts.pool.acquire() as connection, connection.transaction():
            await model.write(connection, model.prepare(heard))

    async def _recorded(self, events: Sequence[Event]) -> list[Heard]:
        return [
            _heard(
                event.service,
                next(self._told),
                wire_type=event.type,
                stream=event.subject,
                subject=event.subject,
                body=body,
            )
            for event, body in zip(events, await self.parts.sealer.write(events), strict=True)
        ]

    async def hire(
        self,
        *,
        unit: UUID | None = None,
        name: str = "Ana Diaz",
        language: Language = "en",
        email: str | None = None,
        number: str | None = None,
        time_zone: str = "UTC",
        legal_entity: str = "FR01",
    ) -> UUID:
        """A new person with a place, since long ago."""
        person = uuid4()
        given, _, family = name.partition(" ")
        aliases: list[tuple[AliasSource, str | None]] = [("email", email), ("employee_number", number)]
        await self.tell(
            profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO),
            profiles.PersonDescribed(person=person, name=Name(given=given, family=family), language=language),
            profiles.PlaceTaken(
                person=person,
                fact=uuid4(),
                effective_on=LONG_AGO,
                position="P1",
                unit=unit or uuid4(),
                title="Engineer",
                legal_entity=legal_entity,
                country="FR",
                time_zone=time_zone,
            ),
            *(
                profiles.AliasAdded(person=person, source=source, value=value, effective_on=LONG_AGO)
                for source, value in aliases
                if value is not None
            ),
        )
        return person

    async def unit(self, leader: UUID | None = None, *, hr_partner: UUID | None = None) -> UUID:
        unit = uuid4()
        await self.tell(
            profiles.UnitEstablished(unit=unit, code=str(unit), name="Research", effective_on=LONG_AGO),
            profiles.UnitLeaderAppointed(unit=unit, leader=leader, effective_on=LONG_AGO),
        )
        if hr_partner is not None:
            await self.tell(profiles.HrPartnerAssigned(unit=unit, partner=hr_partner, effective_on=LONG_AGO))
        return unit

    async def leaves(self, person: UUID, on: date) -> None:
        await self.tell(profiles.PersonLeft(person=person, fact=uuid4(), effective_on=on))

    async def delegated(self, delegator: UUID, delegate: UUID, *capacities: Capacity) -> None:
        """For today and tomorrow."""
        today = datetime.now(UTC).date()
        await self.tell(
            profiles.DelegationGiven(
                delegation=uuid4(),
                delegator=delegator,
                delegate=delegate,
                capacities=capacities,
                effective_on=today - timedelta(days=1),
                until=today + timedelta(days=1),
            )
        )

    async def managed_by(self, person: UUID, manager: UUID | None, on: date = LONG_AGO, **heard: Any) -> Heard:
        """As HR says it: an explicit manager from a day on."""
        event = profiles.ManagerAssigned(person=person, fact=uuid4(), effective_on=on, position="P1", manager=manager)
        (told,) = await self.tell(event)
        return told._replace(**heard)

    async def noted(self, person: Person, of: str) -> list[tuple[str, str, str, int]]:
        """What the person reads of who has seen theirs: kind, reader, rule and how often, latest first."""
        await self.parts.audit.flush()
        answer = await person.get(f"/v1/people/{{me}}/{of}/readers")
        assert answer.status == 200, answer.body
        return [(one["kind"], one["reader"], one["rule"], one["times"]) for one in answer.body["items"]]

    def person(self, person: UUID, *roles: str) -> Person:
        transport = httpx2.ASGITransport(app=cast("Any", self.api))
        return Person(httpx2.AsyncClient(transport=transport, base_url="http://test"), person, *roles)


def switched(measure: Measure, *, on: bool, legal_entity: str = "FR01") -> profiles.MeasureSwitched:
    """As an administrator does it."""
    entity = uuid5(NAMESPACE_URL, legal_entity)
    return profiles.MeasureSwitched(entity=entity, legal_entity=legal_entity, measure=measure, on=on, reason="So.")


def place(**given: Any) -> dict[str, Any]:
    """The body with which HR reports a place."""
    return {
        "position": "P1",
        "unit": str(uuid4()),
        "title": "Engineer",
        "legal_entity": "FR01",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "effective_on": LONG_AGO.isoformat(),
        **given,
    }


@asynccontextmanager
async def stage(server: str, service: Service, **more: object) -> AsyncIterator[Stage]:
    """On an empty database of its own, whose tables are made as the service's own migration makes them. `server` is an
    administrator's URL."""
    keys, fresh = MemoryKeyStore(), Fresh()
    sealer = Sealer(KeyCache(keys, seconds=0))  # a key that is destroyed is gone at once
    name = f"test_{uuid4().hex}"
    url = _url(server, name)
    async with AsyncExitStack() as stack:
        secret = _secret_in(stack.enter_context(TemporaryDirectory()))
        settings = cast("type[Settings]", service.settings)
        given = settings.model_validate({**_SETTINGS, "database_url": url, "secret_file": secret, **more})
        pool = Pool(url, search_path=", ".join(("relations", *service.schemas, "public")))

        def parts(store: PostgresEventStore) -> Parts:
            return Parts(
                settings=given,
                metrics=Metrics(service.name),
                pool=pool,
                keys=_Keys(keys),
                store=store,
                sealer=sealer,
                streams=Streams(store, sealer, service.name),
                freshness=cast("Freshness", fresh),
                relations=Relations(pool, fresh),
                audit=Book(pool),
            )

        template = await _template(server, service, parts(cast("PostgresEventStore", None)))
        await stack.enter_async_context(_database(server, name, template))
        stack.push_async_callback((await pool.open()).close)
        opened = parts(await stack.enter_async_context(open_store(url)))
        routes = Routes()
        service.add_routes(routes, opened)
        api = build(
            service.name,
            routes,
            authenticator=Bearers(),
            secret=bytes(32),
            metrics=opened.metrics,
            health=Health(),
            repeated=opened.streams.repeated,
        )
        yield Stage(service, opened, fresh, keys, api)


_SETTINGS = {
    "database_url": "",
    "keys_url": "",
    "kafka_bootstrap_servers": "",
    "issuer_url": "",
    "master_key_file": "/dev/null",
}


def _secret_in(folder: str) -> Path:
    file = Path(folder) / "secret"
    file.write_text(base64.b64encode(bytes(32)).decode())
    return file


_TEMPLATES: dict[tuple[str, str], str] = {}
"""(server, service) → the database that others are copied from: to copy is faster than to migrate."""


async def _template(server: str, service: Service, parts: Parts) -> str:
    if (server, service.name) not in _TEMPLATES:
        name = f"test_template_{uuid4().hex}"
        await _say(server, f'create database "{name}" template template0')
        await _migrate(_url(server, name), service, parts)
        _TEMPLATES[server, service.name] = name
    return _TEMPLATES[server, service.name]


async def drop_templates() -> None:
    """At the end of all tests: a server that was given is not ours."""
    for (server, _), name in _TEMPLATES.items():
        await _say(server, f'drop database "{name}" with (force)')


@asynccontextmanager
async def _database(server: str, name: str, template: str) -> AsyncIterator[None]:
    await _say(server, f'create database "{name}" template "{template}"')
    yield
    await _say(server, f'drop database "{name}" with (force)')


def _url(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


async def _say(server: str, statement: str) -> None:
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(statement)
    finally:
        await admin.close()


async def _migrate(url: str, service: Service, parts: Parts) -> None:
    connection = await connect(url)
    try:
        models = (of_model(model) for model in service.work(parts).models)
        await migrate(
            connection,
            [*eventstore_migrations(), *kafka_migrations(), *audit_migrations(), *service.migrations, *models],
        )
    finally:
        await connection.close()


def _heard(service: str, position: int, *, wire_type: str, stream: UUID, subject: UUID, body: bytes) -> Heard:
    return Heard(
        service=service,
        partition=partition_of(subject),
        offset=position,
        position=position,
        previous=0,
        id=uuid7(),
        type=wire_type,
        version=1,
        stream=stream,
        subject=subject,
        recorded_at=datetime.now(UTC),
        by="service:hr",
        origin="live",
        trace=None,
        headers=(),
        body=body,
    )
