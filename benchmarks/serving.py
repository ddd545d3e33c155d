"""The profiles service as it runs in production, an issuer of tokens, and the ceilings, each a process of its own.

People stand in relations as the model writes them. Aspirations of five events are there to be shared: a turn takes each
once, and what it recorded is taken away before the next.
"""

import asyncio
import base64
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
from uuid_utils.compat import uuid7

from benchmarks.appending import LIMIT
from benchmarks.places import Place
from benchmarks.rounds import Sample, Series, interleaved
from benchmarks.stories import Told, heard
from benchmarks.wrk import load, required, write_requests
from deploy.careers import databases, keys
from deploy.careers.services import SERVICES
from deploy.local.ports import free_port
from deploy.local.tokens import Issuer, new_key
from services.profiles.app import SERVICE, models
from shared.contracts import profiles
from shared.contracts.event import Event
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.http.limits import UNLIMITED
from shared.postgres import connect
from shared.relations.model import Relations
from shared.service import Parts, Settings, open_parts
from shared.streams import Origin

PEOPLE = 200
ASPIRATIONS = 20_000
LENGTH = 5
LONG_AGO = date(2024, 3, 1)
STARTED = 60.0  # seconds within which a process answers

NEW, GROWN = "a new stream", "a stream of five events"
BODIES = {
    NEW: (
        '{"grain":"skill","certainty":"likely","text":"I want to lead conversations with customers, not only answer'
        ' tickets.","skills":["customer communication"]}'
    ),
    GROWN: '{"audience":"whoever_is_my_manager","purpose":"For our talk in May"}',
}
_CONTENT = profiles.Aspiration(grain="skill", certainty="likely", text="I want to lead conversations with customers.")


class Process:
    """One that serves HTTP here."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], log: Path, port: int) -> None:
        self._name = " ".join(arguments)
        self.url = f"http://127.0.0.1:{port}"
        with log.open("wb") as out:
            self._child = subprocess.Popen(
                [sys.executable, "-m", *arguments], env={**os.environ, **env, "PORT": str(port)}, stdout=out
            )
        self.pid = self._child.pid

    def end(self) -> None:
        """Kills it: nothing here is worth a goodbye."""
        self._child.kill()
        self._child.wait()

    async def answers(self, path: str, *statuses: int) -> None:
        """Returns when it does. Raises TimeoutError, RuntimeError."""
        async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(STARTED):
            while True:
                if self._child.poll() is not None:
                    raise RuntimeError(f"{self._name} ended")
                try:
                    if (await client.get(f"{self.url}{path}")).status_code in statuses:
                        return
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    def cpu(self) -> float:
        """Seconds of processor time that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pss(self) -> float:
        """MiB of memory: its own, and its share of what it has in common with others."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@dataclass(frozen=True, slots=True)
class Stage:
    """What is measured on. `requests` has a file for each case."""

    folder: Path
    env: Mapping[str, str]
    requests: Mapping[str, Path]
    tokens: Mapping[UUID, str]
    """Of each person."""
    events: asyncpg.Connection
    """To the service's database."""
    inserted: asyncpg.Connection
    """To that of the ceilings."""
    ceilings_url: str

    @contextmanager
    def service(self, kind: str = "api", module: str = "services.profiles") -> Iterator[Process]:
        """`python -m services.profiles <kind>`, or another module that stands for it."""
        log = self.folder / f"{module}-{kind}"
        process = Process([module, kind], {**self.env, "INSTANCE": kind}, log, free_port())
        try:
            yield process
        finally:
            process.end()

    @contextmanager
    def ceiling(self, name: str) -> Iterator[Process]:
        """`python -m benchmarks.ceilings <name>`."""
        process = Process(
            ["benchmarks.ceilings", name], {"DATABASE_URL": self.ceilings_url}, self.folder / name, free_port()
        )
        try:
            yield process
        finally:
            process.end()

    async def share(self, stories: Sequence[Event]) -> None:
        """The read models hear of aspirations, and relations are as current as if the worker went on for an hour."""
        async with open_parts(SERVICE, _settings(self.env)) as parts:
            bodies = await parts.sealer.write(stories)
            _, aspirations, shares, _ = models(parts)
        batch = [Told(event.type, event.subject, body) for event, body in zip(stories, bodies, strict=True)]
        async with self.events.transaction():
            await self.events.execute("set local search_path = aspirations, shares, public")
            told = list(heard(batch))
            await aspirations.write(
                self.events, aspirations.prepare([one for one in told if one.type in aspirations.types])
            )
            await shares.write(self.events, shares.prepare([one for one in told if one.type in shares.types]))
            await self.events.execute(
                """insert into freshness (model, service, position, as_of)
                   select model, 'profiles', 0, now() + interval '1 hour'
                   from unnest(array['relations', 'shares']) as model"""
            )

    async def trim(self) -> None:
        """Streams have five events again."""
        await self.events.execute(f"delete from events where version > {LENGTH}")
        await self.inserted.execute(f"delete from inserted where version > {LENGTH}")


class Turn:
    """A contestant: a process under load. `cpu` has the processor time of a request in each turn, in seconds."""

    def __init__(self, process: Process, requests: Path, rows: asyncpg.Connection, table: str, seconds: int) -> None:
        self._process = process
        self._requests = requests
        self._rows = rows
        self._count = f"select count(*) from {table}"
        self._seconds = seconds
        self.cpu: list[float] = []

    async def __call__(self) -> Sample:
        """Raises RequestsFailed, and ValueError unless every request recorded an event."""
        before, used = await self._rows.fetchval(self._count), self._process.cpu()
        sample = await load(self._process.url, self._requests, seconds=self._seconds)
        self.cpu.append((self._process.cpu() - used) / sample.operations)
        recorded = await self._rows.fetchval(self._count) - before
        if recorded < sample.operations:
            raise ValueError(f"{sample.operations} requests recorded {recorded} events")
        return sample


@dataclass(frozen=True, slots=True)
class Compared:
    """The service and a ceiling, in turns under the same load."""

    case: str
    service: Series
    ceiling: Series
    cpu: tuple[float, float]
    """Processor time of a request in the process that answers, in seconds, of each of the two."""

    def note(self) -> str:
        """The processor time as a sentence."""
        ours, theirs = (1e6 * one for one in self.cpu)
        return (
            f"{self.case}: processor time of a request in the process that answers: {ours:.0f} µs,"
            f" the ceiling's {theirs:.0f} µs."
        )


async def compared(place: Place, ceiling: str, *, rounds: int = 7, seconds: int = 2) -> list[Compared]:
    """In each case. Raises WrkMissing."""
    found = []
    async with stage(place) as made:
        with made.service() as service, made.ceiling(ceiling) as other:
            await service.answers("/readyz", 200)
            await other.answers("/", 404)
            for case, requests in made.requests.items():
                ours = Turn(service, requests, made.events, "events", seconds)
                theirs = Turn(other, requests, made.inserted, "inserted", seconds)
                series = await interleaved({"service": ours, "ceiling": theirs}, rounds, made.trim)
                cpu = median(ours.cpu), median(theirs.cpu)
                found.append(Compared(case, series["service"], series["ceiling"], cpu))
    return found


@asynccontextmanager
async def stage(place: Place, *, aspirations: int = ASPIRATIONS) -> AsyncIterator[Stage]:
    """Everything but the processes that are measured. Raises WrkMissing."""
    required()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        urls = await stack.enter_async_context(_databases(place))
        issuer = await stack.enter_async_context(_issuer(folder))
        env = {
            **urls,
            "KAFKA_BOOTSTRAP_SERVERS": place.kafka_servers or "127.0.0.1:9",
            "ISSUER_URL": issuer.url,
            "MASTER_KEY_FILE": _secret(folder / "master-key"),
            "SECRET_FILE": _secret(folder / "secret"),
            "NO_PROXY": "127.0.0.1",
            **UNLIMITED,
        }
        await _migrated(env)
        ceilings_url = await stack.enter_async_context(place.database(eventstore_migrations()))
        inserted = await connect(ceilings_url, deadline=60)
        stack.push_async_callback(inserted.close)
        events = await connect(urls["DATABASE_URL"], search_path="relations, public", deadline=60)
        stack.push_async_callback(events.close)
        people = [uuid4() for _ in range(PEOPLE)]
        async with open_parts(SERVICE, _settings(env)) as parts:
            await _join(parts, events, people)
            written = await _write(parts, people, aspirations)
        await inserted.execute(LIMIT)
        await _write_plainly(inserted, written)
        tokens = {person: issuer.for_person(str(person)) for person in people}
        requests = {
            NEW: [(f"/v1/people/{person}/aspirations", tokens[person]) for person in people],
            GROWN: [(f"/v1/people/{owner}/aspirations/{one}/share", tokens[owner]) for one, owner in written],
        }
        files = {
            case: write_requests(folder / f"requests-{number}", BODIES[case], requests[case])
            for number, case in enumerate(requests)
        }
        yield Stage(folder, env, files, tokens, events, inserted, ceilings_url)


@asynccontextmanager
async def _databases(place: Place) -> AsyncIterator[dict[str, str]]:
    """As `careers databases prepare` makes them, under names of their own; gives what profiles connects to."""
    prefix = f"bench_{secrets.token_hex(6)}_"
    names = (*SERVICES, databases.KEYS)
    passwords = {name: secrets.token_hex(16) for name in names}
    await databases.prepare(place.database_url, prefix, passwords)
    await keys.prepare(place.database_url, prefix, passwords)
    try:
        yield databases.urls(place.database_url, prefix, passwords)[SERVICE.name]
    finally:
        admin = await connect(place.database_url, deadline=60)
        for name in names:
            await admin.execute(f'drop database if exists "{prefix}{name}" with (force)')
        for name in names:
            await admin.execute(f'drop role if exists "{prefix}{name}"')
        await admin.close()


def _settings(env: Mapping[str, str]) -> Settings:
    given: dict[str, Any] = {name.lower(): value for name, value in env.items()}
    return Settings(**given)


async def _migrated(env: Mapping[str, str]) -> None:
    arguments = [sys.executable, "-m", "services.profiles", "migrate"]
    running = await asyncio.create_subprocess_exec(*arguments, env={**os.environ, **env})
    if await running.wait():
        raise RuntimeError("profiles could not be migrated")


@asynccontextmanager
async def _issuer(folder: Path) -> AsyncIterator[Issuer]:
    key, port = folder / "issuer", free_port()
    key.write_bytes(new_key())
    url = f"http://127.0.0.1:{port}"
    process = Process(["deploy.local.issuer", str(key), url, str(port)], {}, folder / "issuer-log", port)
    try:
        await process.answers("/jwks.json", 200)
        yield Issuer(key, url)
    finally:
        process.end()


def _secret(file: Path) -> str:
    file.write_bytes(base64.b64encode(os.urandom(32)))
    return str(file)


async def _join(parts: Parts, connection: asyncpg.Connection, people: Sequence[UUID]) -> None:
    """People with a place each, in relations, as the worker writes them there."""
    told: list[Event] = []
    for person in people:
        told.append(profiles.PersonJoined(person=person, fact=uuid4(), effective_on=LONG_AGO))
        told.append(
            profiles.PlaceTaken(
                person=person,
                fact=uuid4(),
                effective_on=LONG_AGO,
                position="main",
                unit=uuid4(),
                title="Engineer",
                legal_entity="EXAMPLE-SAS",
                country="FR",
                time_zone="Europe/Paris",
            )
        )
    bodies = await parts.sealer.write(told)
    model = Relations(parts.sealer)
    batch = [Told(event.type, event.subject, body) for event, body in zip(told, bodies, strict=True)]
    async with connection.transaction():
        await model.write(connection, model.prepare(list(heard(batch))))


async def _write(parts: Parts, people: Sequence[UUID], number: int) -> list[tuple[UUID, UUID]]:
    """So many aspirations of five events; gives each and its owner."""
    written = [(uuid7(), people[n % len(people)]) for n in range(number)]

    async def write(aspiration: UUID, person: UUID) -> None:
        await parts.streams.append(aspiration, 0, _story(aspiration, person), Origin(str(person)))

    await parts.sealer.write([_story(uuid4(), person)[0] for person in people])  # all keys at once, not one by one
    for begin in range(0, number, 500):
        await asyncio.gather(*(write(*one) for one in written[begin : begin + 500]))
    return written


def _story(aspiration: UUID, person: UUID) -> Sequence[Event]:
    about: dict[str, Any] = {"aspiration": aspiration, "person": person, "effective_on": LONG_AGO}
    share: dict[str, Any] = {
        "share": uuid4(),
        "audience": "my_manager",
        "reader": uuid4(),
        "edition": 2,
        "content": _CONTENT,
    }
    return [
        profiles.AspirationRecorded(**about, content=_CONTENT),
        profiles.AspirationRevised(**about, edition=2, content=_CONTENT),
        profiles.AspirationShared(**about, **share),
        profiles.AspirationConfirmed(**about),
        profiles.SharingWithdrawn(**about, share=share["share"]),
    ]


async def _write_plainly(connection: asyncpg.Connection, written: Sequence[tuple[UUID, UUID]]) -> None:
    """As many rows in the same streams, for the ceilings to add to."""
    await connection.execute(
        f"""insert into inserted (stream, version, id, type, subject, by, origin, withheld, command_size, body)
        select stream, version, gen_random_uuid(), 'bench', subject, subject::text, 'live', false, 1,
               json_build_object('words', repeat('x', 400))
        from unnest($1::uuid[], $2::uuid[]) as n (stream, subject), generate_series(1, {LENGTH}) as version""",
        [one for one, _ in written],
        [owner for _, owner in written],
    )
    await connection.execute("analyze inserted")
