"""Where figures are measured: a real PostgreSQL and a real Kafka, as given by the environment, else local ones."""

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from deploy.local import instance
from deploy.local.folder import CHECKOUT, Folder
from shared.postgres import Migration, connect, migrate


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses of the servers, for a module to measure on."""

    database_url: str
    """An administrator's."""
    kafka_servers: str

    @asynccontextmanager
    async def database(self, migrations: Sequence[Migration] = ()) -> AsyncIterator[str]:
        """The URL of a new database, dropped afterwards. No checkpoint falls into what is measured next."""
        name = f"bench_{uuid4().hex}"
        admin = await connect(self.database_url, deadline=60)
        try:
            await admin.execute(f'create database "{name}" template template0')
            url = urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))
            connection = await connect(url)
            await migrate(connection, migrations)
            await connection.close()
            await admin.execute("checkpoint")
            yield url
            await admin.execute(f'drop database "{name}" with (force)')
        finally:
            await admin.close()


@contextmanager
def servers(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """The environment that names the servers; local ones are started in a folder of their own, and stopped."""
    wanted = [name for name in names if not os.environ.get(instance.GIVEN[name])]
    given = {instance.GIVEN[name]: os.environ.get(instance.GIVEN[name], "") for name in instance.GIVEN}
    if not wanted:
        yield given
        return
    folder = Folder(CHECKOUT / ".local" / "bench").made()
    instance.down(folder)  # of a run that was killed
    shutil.rmtree(folder.data, ignore_errors=True)
    try:
        env = instance.up(folder, servers=wanted, given={}, with_this_process=True)
        yield {name: given[name] or env.get(name, "") for name in given}
    finally:
        instance.down(folder)


async def machine(database_url: str) -> str:
    """The size of this machine and its servers, for the reader of a figure."""
    connection = await connect(database_url)
    version = await connection.fetchval("show server_version")
    sync = await connection.fetchval("select current_setting('fsync') || ', ' || current_setting('synchronous_commit')")
    flush = await _flush(connection)
    await connection.close()
    return (
        f"{_hardware()}; load {os.getloadavg()[0]:.1f}; PostgreSQL {version.split()[0]}"
        f" (fsync, synchronous_commit: {sync}; an empty commit {flush * 1e6:.0f} µs)"
    )


def _hardware() -> str:
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    told = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in told if "model name" in line), "unknown processor")
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB"


async def _flush(connection: asyncpg.Connection) -> float:
    """Seconds for a commit that writes next to nothing, the median of some."""
    took = []
    for _ in range(50):
        begin = time.perf_counter()
        await connection.execute("select pg_current_xact_id()")
        took.append(time.perf_counter() - begin)
    return median(took)
