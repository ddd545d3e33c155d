"""What `docker compose up --wait` brought up, as a place to play in: its ports, its issuer's key, how to kill there.

All of it is asked of `docker compose` itself, so .env and COMPOSE_PROJECT_NAME hold here as they hold there.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.careers.services import SERVICES
from deploy.demo.callers import Unexpected
from deploy.demo.place import WORKER, Place
from deploy.local.folder import CHECKOUT
from deploy.local.tokens import Issuer

ISSUER_URL = "http://issuer:8080"


@contextmanager
def brought_up() -> Iterator[Place]:
    """Raises Unexpected, with the remedy, when there is nothing of that kind."""
    parts = json.loads(_compose("config", "--format", "json"))["services"]
    told = parts["profiles-api"]["environment"]
    if told["ISSUER_URL"] != ISSUER_URL:
        raise Unexpected(f"The services believe the tokens of {told['ISSUER_URL']}: the story signs its own.")
    password = _compose("exec", "-T", "postgres", "cat", "/run/secrets/database-password").strip()
    with tempfile.NamedTemporaryFile("w", prefix="careers-issuer-") as key:  # for this user's eyes alone
        key.write(_compose("exec", "-T", "issuer", "cat", "/run/secrets/key"))
        key.flush()
        yield Place(
            services={service: f"http://{_published(parts[f'{service}-api'])}" for service in SERVICES},
            issuer=Issuer(Path(key.name), ISSUER_URL, told["AUDIENCE"]),
            claim=told["PERSON_CLAIM"],
            database_url=f"postgresql://postgres:{quote(password, safe='')}@{_published(parts['postgres'])}/postgres",
            bootstrap_servers=_published(parts["kafka"]),
            kill_worker=_kill_worker,
        )


def _kill_worker() -> None:
    """Docker starts what ended by itself, but not what it was told to kill: that is an operator's to start."""
    _compose("kill", WORKER)
    _compose("start", WORKER)


def _published(part: Any) -> str:
    port = part["ports"][0]
    return f"{port['host_ip']}:{port['published']}"


def _compose(*arguments: str) -> str:
    try:
        command = ["docker", "compose", *arguments]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unexpected("There is no Docker here: `make demo` needs none.") from None
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2] or f"status {done.returncode}"
        raise Unexpected(f"docker compose {arguments[0]} failed ({said}): run `docker compose up --wait` first.")
    return done.stdout
