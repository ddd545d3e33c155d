"""What is wrong with this installation, from the machine up to the events: one sentence each, with the remedy."""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator

import asyncpg
from aiokafka.errors import KafkaError

from deploy import environment
from deploy.careers import backlog, topics
from deploy.careers.databases import PREFIX
from deploy.local import instance, java, probe
from deploy.local.folder import Folder
from deploy.local.ports import NoPortFree, free_port
from deploy.local.state import State

NEEDED = 1 << 30  # bytes of free disk


async def sentences(folder: Folder) -> AsyncIterator[str]:
    """None when all is well. Servers are those of the environment, else those that `make up` started in the folder."""
    for sentence in _machine(folder):
        yield sentence
    state = instance.running(folder)
    if state is not None:
        for sentence in (*_parts(folder, state), *_processes(folder, state)):
            yield sentence
    env = {**(instance.read_env(folder) if state is not None else {}), **os.environ}
    if "DATABASE_URL" not in env or "KAFKA_BOOTSTRAP_SERVERS" not in env:
        yield "Nothing is running: `make up` starts everything."
        return
    async for sentence in _databases(env["DATABASE_URL"], env.get("DATABASE_PREFIX", PREFIX)):
        yield sentence
    async for sentence in _topics(env["KAFKA_BOOTSTRAP_SERVERS"], env.get("TOPIC_PREFIX", topics.PREFIX)):
        yield sentence


def _machine(folder: Folder) -> Iterator[str]:
    if sys.version_info < (3, 11):  # noqa: UP036  an environment that was made by hand
        yield f"Python {sys.version.split()[0]} is too old, 3.11 is needed: run `make clean env PYTHON=python3.11`."
    if not environment.is_current():
        yield "The environment is not that of pyproject.toml and constraints.txt: run `make env`."
    try:
        java.program()
    except java.JavaMissing as error:
        yield str(error)
    free = shutil.disk_usage(folder.root if folder.root.exists() else folder.root.parent).free
    if free < NEEDED:
        yield f"Only {free >> 20} MiB are free on the disk of {folder.root}: make room, 1 GiB is needed."
    try:
        free_port()
    except NoPortFree as error:
        yield str(error)


def _parts(folder: Folder, state: State) -> Iterator[str]:
    for name, part in state.parts.items():
        if part.now not in ("ready", "done") and not part.optional:
            ended = f", it ended {part.starts - 1} times, last with status {part.exit}" if part.exit is not None else ""
            yield f"{name} is {part.now}{ended}: see {folder.log(name)}."


def _processes(folder: Folder, state: State) -> Iterator[str]:
    for name, part in state.parts.items():
        if part.url.startswith("http") and part.now == "ready":
            status, body = probe.body(f"{part.url}/readyz")
            for reason in _reasons(body) if status else [body]:
                yield f"{name} is not well, {reason}: see {folder.log(name)}."


def _reasons(body: str) -> Iterator[str]:
    for check in json.loads(body).get("checks", []):
        if check["state"] != "ok":
            yield f"{check['name']} is {check['state']} ({check.get('reason', 'no reason given')})"


async def _databases(url: str, prefix: str) -> AsyncIterator[str]:
    try:
        async for sentence in backlog.sentences(url, prefix):
            yield sentence
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        yield f"PostgreSQL does not answer ({_told(error)}): is DATABASE_URL right? `make up` starts a local one."


async def _topics(servers: str, prefix: str) -> AsyncIterator[str]:
    try:
        for difference in await topics.differences(servers, topics.declared(prefix)):
            yield f"The topic {difference}: run `careers topics apply`."
    except (OSError, KafkaError) as error:
        yield f"Kafka does not answer ({_told(error)}): is KAFKA_BOOTSTRAP_SERVERS right? `make up` starts a local one."


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
