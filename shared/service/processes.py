"""How an api, a worker and a migration run, and what verifies the audit."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import httpx2
from pydantic import ValidationError

from shared import audit, erasure
from shared.auth.callers import Unauthenticated
from shared.auth.issuer import Issuer
from shared.auth.linking import Callers
from shared.auth.tokens import Verifier
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.http import Api, Routes, build
from shared.http.health import Check, Health
from shared.http.limits import Limits
from shared.kafka import schema as kafka_schema
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.marks import Marks
from shared.kafka.model import Rebuildable
from shared.kafka.relay import Relay
from shared.postgres import Migration, MigrationRefused, connect, migrate
from shared.process import Task, run, supervise
from shared.service.parts import Parts, Service, Watched, open_parts
from shared.service.settings import Settings


def main(service: Service, arguments: Sequence[str] | None = None) -> int:
    """`python -m services.<name> api|worker|migrate|audit`. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    kinds: dict[str, Callable[[Service, Settings], Awaitable[int]]] = {
        "api": serve_api,
        "worker": serve_worker,
        "migrate": migrate_database,
        "audit": verify_audit,
    }
    if len(given) != 1 or given[0] not in kinds:
        sys.stderr.write(f"usage: python -m services.{service.name} {'|'.join(kinds)}\n")
        return 2
    try:
        settings = service.settings()
    except ValidationError as error:
        names = ", ".join(str(one["loc"][0]).upper() for one in error.errors(include_input=False))
        sys.stderr.write(f"{service.name}: these settings are missing or have no meaning: {names}\n")
        return 2

    async def process() -> int:
        return await kinds[given[0]](service, settings)

    return run(process, service=service.name, process=given[0], instance=settings.instance, level=settings.log_level)


def build_api(service: Service, parts: Parts, issuer: Issuer, health: Health) -> Api:
    """The application; tests use it with other parts."""
    settings = parts.settings
    routes = Routes()
    service.add_routes(routes, parts)
    verifier = Verifier(
        issuer, issuer=settings.issuer_url, audience=settings.audience, person_claim=settings.person_claim
    )
    return build(
        service.name,
        routes,
        authenticator=Callers(issuer, verifier, parts.relations, person_alias=settings.person_alias),
        secret=settings.secret,
        metrics=parts.metrics,
        health=health,
        limits=Limits(person=settings.rate_person, service=settings.rate_service, address=settings.rate_address),
        repeated=parts.streams.repeated,
        description=service.description,
    )


async def serve_api(service: Service, settings: Settings) -> int:
    """Answers requests until told to stop. Returns the exit code."""
    async with (
        open_parts(service, settings, appends=service.takes_commands) as parts,
        httpx2.AsyncClient(follow_redirects=False, trust_env=False) as client,
    ):
        issuer = Issuer(settings.issuer_url, client)
        health = Health(
            (
                Check("postgresql", parts.pool.check),
                Check("keys", parts.keys.check),
                Check("issuer", lambda: _issuer(issuer)),
                Check("relations", parts.relations.check, required=False),
            )
        )
        app = build_api(service, parts, issuer, health)
        return await supervise(
            app, {"issuer": issuer.run, "audit": parts.audit.run}, health, host=settings.host, port=settings.port
        )


async def serve_worker(service: Service, settings: Settings) -> int:
    """Publishes what the service records, keeps its models and reacts, until told to stop. Returns the exit code."""
    async with open_parts(service, settings, appends=service.worker_appends, reads=2) as parts:
        work = service.work(parts)
        counts = Counts(parts.metrics)
        url, cluster = settings.database_url, settings.cluster
        running: list[Relay | Consumer | Marks] = [
            Consumer(url, cluster, f"{service.name}.models", work.models, counts),
            Marks(url, cluster, work.models),
            Relay(url, cluster, service.name, counts),
        ]
        running.extend(Consumer(url, cluster, f"{service.name}.{one.name}", [one], counts) for one in work.reactions)
        checks = [Check("postgresql", parts.pool.check), Check("keys", parts.keys.check)]
        checks += [Check(f"{type(one).__name__.lower()}-{number}", _told(one)) for number, one in enumerate(running)]
        checks += [Check(name, _told(one)) for name, one in work.watched.items()]
        health = Health(checks)
        app = build(
            f"{service.name} worker",
            Routes(),
            authenticator=_Nobody(),
            secret=os.urandom(32),
            metrics=parts.metrics,
            health=health,
        )
        tasks: dict[str, Task] = {
            f"{type(one).__name__.lower()}-{number}": one.run for number, one in enumerate(running)
        }
        tasks["audit"] = audit.Chain(parts.pool, audit.Signer(settings.secret)).run
        tasks["erasure"] = erasure.Cleaning(
            service.name, parts.pool, [*work.models, *work.reactions], service.ends_with_erasure
        ).run
        tasks.update({name: one.run for name, one in work.watched.items()})
        return await supervise(app, {**tasks, **work.tasks}, health, host=settings.host, port=settings.port)


async def migrate_database(service: Service, settings: Settings) -> int:
    """Brings the service's own database to the schema of this version. Returns the exit code."""
    connection = await connect(settings.database_url, deadline=60.0, name=f"{service.name} migrate")
    try:
        async with open_parts(service, settings, appends=False) as parts:
            models = service.work(parts).models
        await migrate(
            connection,
            [
                *eventstore_migrations(),
                *kafka_schema.migrations(),
                *audit.migrations(),
                *service.migrations,
                *(of_model(model) for model in models),
            ],
        )
    except MigrationRefused as refused:
        sys.stderr.write(f"{service.name}: {refused}\n")
        return 1
    finally:
        await connection.close()
    return 0


async def verify_audit(service: Service, settings: Settings) -> int:
    """Says what was touched of the notes of who read what: one line each. Returns the exit code, 1 if anything was."""
    connection = await connect(settings.database_url, deadline=60.0, name=f"{service.name} audit")
    try:
        found = [one async for one in audit.verify(connection, audit.Signer(settings.secret), datetime.now(UTC).date())]
        rows = await connection.fetchval("select count(*) from audit.reads")
        last = await connection.fetchrow("select link, hash from audit.links order by link desc limit 1")
    finally:
        await connection.close()
    for one in found:
        sys.stdout.write(f"{service.name}: {one.what}: {one.about}\n")
    if not found:
        where = "no link yet" if last is None else f"link {last['link']} is the last, {last['hash'].hex()}"
        sys.stdout.write(f"{service.name}: all {rows} notes are as they were written; {where}\n")
    return 1 if found else 0


def of_model(model: Rebuildable[Any]) -> Migration:
    """A model's tables, in a schema of its own. They change by a rebuild, never by a migration."""
    return Migration(
        f"model/{model.name}",
        f"create schema {model.name}; set local search_path = {model.name};\n{model.tables}\n"
        "set local search_path = public;",
    )


class _Nobody:
    """A worker has no routes that anybody could call."""

    def knows(self, _authorization: bytes | None) -> bool:
        return False

    async def caller(self, _authorization: bytes | None) -> NoReturn:
        raise Unauthenticated


def _told(part: Watched) -> Callable[[], Awaitable[str | None]]:
    async def ask() -> str | None:
        return "; ".join(part.problems()) or None

    return ask


async def _issuer(issuer: Issuer) -> str | None:
    return None if issuer.ready else "no keys of the issuer are known"
