"""What runs: PostgreSQL, Kafka and the ten processes under deploy/local's supervisor, and second workers besides.

A second worker makes what happens on real sites happen here: partitions change hands, a leader is replaced while it is
frozen and wakes up later. They are kept here, since deploy/local has one of each.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from deploy.careers.databases import PREFIX
from deploy.careers.services import KINDS, SERVICES
from deploy.local import instance
from deploy.local.child import Module
from deploy.local.folder import Folder, read_json
from deploy.local.forks import Forks
from deploy.local.settings import Settings
from deploy.local.state import State
from deploy.local.tokens import Issuer
from shared import service
from shared.http.limits import UNLIMITED
from shared.kafka.cluster import Cluster

OWNERS = ("profiles", "conversations", "opportunities", "notifications", "projections")
SECOND = ("profiles", "conversations", "notifications", "projections")
"""The services of which a second worker runs."""

CONNECTIONS = "160"  # ten processes get by with a hundred, fourteen do not

AGAIN = 0.3  # seconds until a second worker that ended is started again


@dataclass(slots=True)
class House:
    folder: Folder
    env: Mapping[str, str]
    given: Mapping[str, str]
    keeping: list["asyncio.Task[None]"] = field(default_factory=list)
    seconds: dict[str, int] = field(default_factory=dict)
    """Second worker → the number of its process."""
    forks: Forks | None = None

    @property
    def urls(self) -> dict[str, str]:
        return {name: self.env[f"{name.upper()}_URL"] for name in SERVICES}

    @property
    def issuer(self) -> Issuer:
        return Issuer(self.folder.secret("issuer"), self.env["ISSUER_URL"])

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.env["KAFKA_BOOTSTRAP_SERVERS"], "checker")

    @property
    def admin_url(self) -> str:
        return self.env["DATABASE_URL"]

    def process_env(self, name: str, kind: str) -> dict[str, str]:
        """What a process of a service is told."""
        return Settings(self.folder, read_json(self.folder.ports), self.given).for_service(name, kind)

    def settings(self, of: service.Service) -> service.Settings:
        """Those of a worker, for the checker to look at its database with its keys."""
        given = {name.lower(): value for name, value in self.process_env(of.name, "worker").items()}
        make: Any = of.settings
        found: service.Settings = make(**given)
        return found

    async def database(self, name: str) -> asyncpg.Connection:
        """The administrator's connection to a service's database. Raises OSError, asyncpg.PostgresError."""
        url = self.admin_url.rsplit("/", 1)[0]
        return await asyncpg.connect(f"{url}/{PREFIX}{name}", timeout=5, command_timeout=300)

    def state(self) -> State:
        state = State.load(self.folder)
        assert state is not None
        return state

    def running(self, *names: str) -> list[tuple[str, int]]:
        """Of these parts, those that are up at this moment, with the numbers of their processes."""
        state = self.state()
        parts = [(name, state.parts[name]) for name in names]
        return [(name, part.pid) for name, part in parts if part.now == "ready" and self.owns(part.pid)]

    def living(self, *names: str) -> list[tuple[str, int]]:
        """Of these parts, those that have a process, whether it is ready or still starting."""
        known = {f"{name}-{kind}"[:15]: f"{name}-{kind}" for name in SERVICES for kind in KINDS}
        known |= {"java": "kafka", "postgres": "postgres"}
        below = _children(self.state().pid)
        processes = [*below, *(child for pid in below for child in _children(pid))]
        found = [(known.get(_name(pid), ""), pid) for pid in processes]
        postgres = {pid for pid in below if _name(pid) == "postgres"}
        return [(name, pid) for name, pid in found if name in names and (name != "postgres" or pid in postgres)]

    def running_seconds(self) -> list[tuple[str, int]]:
        return [(f"{name}-worker-2", pid) for name, pid in sorted(self.seconds.items()) if self.owns(pid)]

    def zygote(self) -> int | None:
        """The Python that all processes are forked from: they die with it."""
        apis = self.living(*(f"{name}-api" for name in SERVICES))
        return _parent(apis[0][1]) if apis else None

    def backends(self) -> list[int]:
        """Processes of PostgreSQL, the postmaster not among them."""
        postmaster = self.living("postgres")
        return _children(postmaster[0][1]) if postmaster else []

    def owns(self, pid: int) -> bool:
        """Whether a process descends from our supervisor or from us: numbers are given to others again."""
        root = os.getpid() if pid in self.seconds.values() else self.state().pid
        while pid > 1:
            if pid == root:
                return True
            pid = _parent(pid)
        return False

    def all_ready(self) -> bool:
        return self.state().all_ready

    async def second_workers(self, names: Sequence[str] = SECOND) -> None:
        """Starts and keeps them."""
        self.forks = forks = Forks(self.folder.root, self.folder.log("second-zygote"))
        self.keeping += [asyncio.create_task(self._keep(forks, name)) for name in names]

    async def _keep(self, forks: Forks, name: str) -> None:
        env = {**self.process_env(name, "worker"), "INSTANCE": f"{name}-worker-2", "PORT": "0"}
        module = Module(f"services.{name}", ["worker"], env)
        while True:
            process = await forks.start(f"{name}-worker-2", module, self.folder.log(f"{name}-worker-2"))
            self.seconds[name] = process.pid
            await process.ended()
            await asyncio.sleep(AGAIN)

    async def close(self) -> None:
        """Takes all down; the folder stays."""
        for task in self.keeping:
            task.cancel()
        await asyncio.gather(*self.keeping, return_exceptions=True)
        if self.forks is not None:
            await self.forks.close()
        await asyncio.to_thread(instance.down, self.folder)


def opened(root: Path) -> House:
    """Starts everything below `root`; call it from the main thread. Raises instance.NotUp."""
    folder = Folder(root)
    given = {name: value for name, value in os.environ.items() if name not in instance.GIVEN.values()}
    given |= {"POSTGRES_MAX_CONNECTIONS": CONNECTIONS, **UNLIMITED}
    env = instance.up(folder, SERVICES, given=given, with_this_process=True)
    return House(folder, env, given)


def _parent(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
