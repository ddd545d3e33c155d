"""`careers secrets`: what only some processes may know, made once, in a folder for each who is to mount it."""

import base64
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from deploy.careers.commands import refuse
from deploy.careers.services import SERVICES

Maker = Callable[[], bytes]


def make(folder: Annotated[Path, typer.Argument(help="Where the folders are made.")]) -> None:
    """Make what is missing, and say its name; what is there stays. Losing a master key loses all personal words."""
    try:
        for path, made in _wanted(folder):
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(path, made())
                typer.echo(f"{path}: made")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}. Is this folder yours to write?")


def _wanted(folder: Path) -> Iterator[tuple[Path, Maker]]:
    yield folder / "postgres" / "database-password", _password
    yield folder / "keys" / "database-password", _password
    yield folder / "issuer" / "key", _issuer_key
    for service in SERVICES:
        yield folder / service / "database-password", _password
        yield folder / service / "secret", _random
        yield folder / service / "master-key", lambda: _master_key(folder)


def _master_key(folder: Path) -> bytes:
    """All services wrap keys with the same one: where any has it, that one."""
    held = next((path for service in SERVICES if (path := folder / service / "master-key").exists()), None)
    return _random() if held is None else held.read_bytes()


def _password() -> bytes:
    return secrets.token_urlsafe(24).encode()


def _random() -> bytes:
    return base64.b64encode(os.urandom(32))


def _issuer_key() -> bytes:
    from deploy.local.tokens import new_key

    return new_key()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. Whoever can open the folder may read it: the reader has another user id than the maker.

    A folder that is made here opens for its maker alone: give it to its reader (`chown`).
    """
    half = path.with_name(f".{path.name}")
    half.write_bytes(content)
    half.chmod(0o444)
    half.rename(path)
