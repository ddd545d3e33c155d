"""One folder holds everything of one set of servers: data, logs, secrets, ports, and what runs at the moment."""

import fcntl
import json
import math
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]


class Held(Exception):
    """Another process holds the lock."""


@dataclass(frozen=True, slots=True)
class Folder:
    root: Path

    @classmethod
    def of_checkout(cls) -> "Folder":
        return cls(CHECKOUT / ".local")

    @classmethod
    def of_demo(cls) -> "Folder":
        """Within the other, so that whoever removes that one must stop this one before."""
        return cls(cls.of_checkout().root / "demo")

    def made(self) -> "Folder":
        for each in (self.root, self.logs, self.data, self.secrets):
            each.mkdir(parents=True, exist_ok=True)
        self.secrets.chmod(0o700)
        return self

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def env(self) -> Path:
        """What `make up` writes for others: KEY=value lines."""
        return self.root / "env"

    @property
    def state(self) -> Path:
        """What the supervisor says of itself and of each part (shape: supervisor.State)."""
        return self.root / "state.json"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def secret(self, name: str, make: Callable[[], bytes] = lambda: secrets.token_urlsafe(24).encode()) -> Path:
        """The file of a secret that is made once; two who make it at the same time end with the same one."""
        path = self.secrets / name
        if not path.exists():
            with tempfile.NamedTemporaryFile(dir=self.secrets, delete=False) as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(file.name, path)
            except FileExistsError:
                pass
            finally:
                Path(file.name).unlink()
        return path

    @contextmanager
    def lock(self, name: str, *, seconds: float = math.inf) -> Iterator[int]:
        """Held until the block, or the process, ends, and longer by a child that was passed its descriptor.

        Raises Held when it is not to be had within `seconds`.
        """
        until = time.monotonic() + seconds
        with (self.root / f"{name}.lock").open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= until:
                        raise Held(name) from error
                    time.sleep(0.01)
            yield file.fileno()


def write(path: Path, text: str) -> None:
    """All of it or nothing, for whoever reads at the same time or after a kill."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def read_json(path: Path) -> Any:
    """None when the file is not there, or holds no JSON."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
