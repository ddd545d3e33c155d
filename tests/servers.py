"""Where the tests' PostgreSQL and Kafka come from: as given by a variable, by Docker, or from deploy/local."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from urllib.parse import urlsplit

from deploy.local import instance
from deploy.local.folder import CHECKOUT, Folder, Held
from deploy.local.ports import free_port

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18")  # set where images come by another name
KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE", "apache/kafka:4.3.1")
KAFKA_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Source:
    server: str
    how: str
    opened: Callable[[], AbstractContextManager[str]]

    def __str__(self) -> str:
        return f"{self.server}: {self.how}"


@cache
def source(server: str) -> Source:
    variable = instance.GIVEN[server]
    given = os.environ.get(variable)
    if given:
        return Source(server, f"as given by {variable}", partial(_given, given))
    if _docker_answers():
        return Source(
            server, "by Docker (testcontainers)", {"postgres": _docker_postgres, "kafka": _docker_kafka}[server]
        )
    return Source(server, "local, without Docker (deploy/local)", partial(_local, server))


@contextmanager
def _given(value: str) -> Iterator[str]:
    yield value


def _docker_answers() -> bool:
    host = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        if host.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(host.path)
        else:
            socket.create_connection((host.hostname or "localhost", host.port or 2375), timeout=2).close()
    except OSError:
        return False
    return True


@contextmanager
def _docker_postgres() -> Iterator[str]:
    _without_reaper()
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
        yield container.get_connection_url()


@contextmanager
def _docker_kafka() -> Iterator[str]:
    """testcontainers' own Kafka is for another image; here the port is fixed before, since the broker announces it."""
    _without_reaper()
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = free_port()
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port).with_envs(**environment)
    started = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(KAFKA_SECONDS)
    with container.waiting_for(started):
        yield f"localhost:{port}"


def _without_reaper() -> None:
    """`with` ends the containers; the reaper would be one more image to fetch, with Docker's socket in its hands."""
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")


@contextmanager
def _local(server: str) -> Iterator[str]:
    """In a folder that no other test run uses at the moment, with data of its own; what takes long to make is kept."""
    with _unused_folder(server) as folder:
        instance.down(folder)  # of a run that was killed
        shutil.rmtree(folder.data, ignore_errors=True)
        try:
            env = instance.up(folder, servers=[server], given=_without_servers(), with_this_process=True)
            yield env[instance.GIVEN[server]]
        finally:
            instance.down(folder)


@contextmanager
def _unused_folder(server: str) -> Iterator[Folder]:
    for number in count():
        folder = Folder(CHECKOUT / ".local" / "tests" / f"{server}-{number}").made()
        with ExitStack() as held:
            try:
                held.enter_context(folder.lock("tests", seconds=0))
            except Held:
                continue
            yield folder
            return


def _without_servers() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in instance.GIVEN.values()}
