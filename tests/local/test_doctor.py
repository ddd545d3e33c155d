"""`careers doctor` says what is wrong in one sentence each, and nothing when all is well."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from deploy.careers import checkup, databases, topics
from deploy.careers.services import KINDS, SERVICES
from deploy.local import instance
from deploy.local.folder import Folder
from deploy.local.state import PartState, Phase, State
from shared.eventstore.postgres import migrations as eventstore_migrations
from shared.kafka import schema as kafka_schema
from shared.postgres import migrate

LATE = """
    insert into events values (
        1, gen_random_uuid(), 1, gen_random_uuid(), 'profiles.person_joined.v1', gen_random_uuid(),
        now() - interval '1 minute', 'test', 'live', false, null, null, null, 1, '{}'
    )
"""
PARKED = """
    insert into parked (model, service, partition, position, kafka_offset, headers, reason)
    values ('timeline', 'profiles', 0, 7, 3, '[]', 'no such version')
"""


async def told(folder: Folder) -> list[str]:
    """But what is said of this very checkout's environment, which may be being made at the moment."""
    return [sentence async for sentence in checkup.sentences(folder) if "make env" not in sentence]


@pytest.fixture
async def prefix(database_url: str, kafka_servers: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Of databases and topics, in the servers that the environment names."""
    made = f"test_{uuid4().hex[:8]}_"
    for name, value in {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": kafka_servers}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_PREFIX", made)
    monkeypatch.setenv("TOPIC_PREFIX", made)
    yield made
    admin = await asyncpg.connect(database_url)
    for what in ("database", "role"):
        for name in (*SERVICES, databases.KEYS):
            await admin.execute(f'drop {what} if exists "{made}{name}"')
    await admin.close()


async def test_when_nothing_runs_it_says_how_to_start(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    assert await told(folder) == ["Nothing is running: `make up` starts everything."]


async def test_servers_that_do_not_answer_are_named(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    [postgres, kafka] = await told(folder)
    assert postgres.startswith("PostgreSQL does not answer")
    assert kafka.startswith("Kafka does not answer")


@pytest.mark.parametrize("postgres", ["ready", "ended"])
async def test_what_needs_a_server_that_is_down_is_not_asked(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, kafka_servers: str, postgres: str
) -> None:
    services = {f"{name}-{kind}": PartState("ready", "http://127.0.0.1:1") for name in SERVICES for kind in KINDS}
    parts = {"postgres": PartState(postgres), "mail": PartState("waiting"), **services}
    monkeypatch.setattr(instance, "running", lambda _folder: State(1, [], Phase.READY, parts=parts))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_servers)
    [cause, rest] = await told(folder)
    assert cause.startswith("PostgreSQL does not answer" if postgres == "ready" else "postgres is ended")
    assert rest == "The services are not asked before that is mended: they need it."


async def test_what_only_waits_is_not_named_beside_what_it_waits_for(
    folder: Folder, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {"databases": PartState("ended", exit=1), "profiles-api": PartState("waiting")}
    monkeypatch.setattr(instance, "running", lambda _folder: State(1, [], Phase.READY, parts=parts))
    named = [sentence for sentence in await told(folder) if "see " in sentence]
    assert [sentence.partition(" ")[0] for sentence in named] == ["databases"]


async def test_from_missing_databases_to_parked_events(
    folder: Folder, prefix: str, database_url: str, kafka_servers: str
) -> None:
    missing = await told(folder)
    assert len([each for each in missing if "careers databases prepare" in each]) == len(SERVICES)
    assert len([each for each in missing if "careers topics apply" in each]) == len(topics.declared())

    await topics.apply(kafka_servers, topics.declared(prefix))
    passwords = dict.fromkeys((*SERVICES, databases.KEYS), "secret")
    await databases.prepare(database_url, prefix, passwords)
    assert await told(folder) == []

    profiles = await asyncpg.connect(databases.urls(database_url, prefix, passwords)["profiles"]["DATABASE_URL"])
    await migrate(profiles, [*eventstore_migrations(), *kafka_schema.migrations()])
    assert await told(folder) == []
    await profiles.execute(LATE)
    await profiles.execute(PARKED)
    await profiles.close()
    [late, parked] = await told(folder)
    assert late.startswith("1 event is recorded by profiles but not published, the oldest for 6")
    assert parked.startswith("1 event is parked before timeline of profiles (no such version)")
