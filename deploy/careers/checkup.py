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


class _Down(Exception):
    """A server does not answer; the message says so, with the remedy."""


async def sentences(folder: Folder) -> AsyncIterator[str]:
    """None when all is well. Servers are those of the environment, else those that `make up` started in the folder.
    While a server does not answer, what needs it is not asked: it would say the same many times."""
    for sentence in _machine(folder):
        yield sentence
    state = instance.running(folder)
    parts = _parts(folder, state) if state is not None else {}
    env = {**(instance.read_env(folder) if state is not None else {}), **os.environ}
    if "DATABASE_URL" not in env or "KAFKA_BOOTSTRAP_SERVERS" not in env:
        for sentence in parts.values():
            yield sentence
        yield "Nothing is running: `make up` starts everything."
        return
    found: list[str] = []
    down: dict[str, str] = {}
    for server, answer in (
        ("postgres", _databases(env["DATABASE_URL"], env.get("DATABASE_PREFIX", PREFIX))),
        ("kafka", _topics(env["KAFKA_BOOTSTRAP_SERVERS"], env.get("TOPIC_PREFIX", ""))),
    ):
        try:
            found += await answer
        except _Down as one:
            down[server] = parts.get(server, str(one))
    if down:
        for sentence in down.values():
            yield sentence
        if state is not None:
            yield "The services are not asked before that is mended: they need it."
        return
    processes = _processes(folder, state) if state is not None else ()
    for sentence in (*parts.values(), *processes, *found):
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


def _parts(folder: Folder, state: State) -> dict[str, str]:
    """By part. Those that only wait for others are named where there is nothing else to name."""
    found: dict[str, str] = {}
    for name, part in state.parts.items():
        if part.now not in ("ready", "done") and not part.optional:
            ended = f", it ended {part.starts - 1} times, last with status {part.exit}" if part.exit is not None else ""
            found[name] = f"{name} is {part.now}{ended}: see {folder.log(name)}."
    begun = {name: sentence for name, sentence in found.items() if state.parts[name].now != "waiting"}
    return begun or found


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


async def _databases(url: str, prefix: str) -> list[str]:
    """Raises _Down."""
    try:
        return [sentence async for sentence in backlog.sentences(url, prefix)]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _Down(
            f"PostgreSQL does not answer ({_told(error)}): is DATABASE_URL right? `make up` starts a local one."
        ) from None


async def _topics(servers: str, prefix: str) -> list[str]:
    """Raises _Down."""
    try:
        differences = await topics.differences(servers, topics.declared(prefix))
    except (OSError, KafkaError) as error:
        raise _Down(
            f"Kafka does not answer ({_told(error)}): is KAFKA_BOOTSTRAP_SERVERS right? `make up` starts a local one."
        ) from None
    return [f"The topic {difference}: run `careers topics apply`." for difference in differences]


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
