"""A Kms in this process: master keys in a file, the first wraps."""

import base64
import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.sealing.kms import Wrapped

log = structlog.get_logger()


class KeyRing:
    """A Kms: master keys of 32 bytes, base64, one a line of a file that only the services read.

    A file that was changed is read again at the next use. While it cannot be read, the keys in hand stay.
    """

    def __init__(self, file: Path) -> None:
        """Raises OSError or ValueError with the reason."""
        self._file = file
        self._seen = _version(file)
        self._ciphers = _ciphers(file)

    async def masters(self) -> Sequence[str]:
        return list(self._now())

    async def wrap(self, keys: Mapping[UUID, bytes]) -> Sequence[Wrapped]:
        master, cipher = next(iter(self._now().items()))
        nonces = {key_id: os.urandom(12) for key_id in keys}
        return [
            Wrapped(key_id, master, nonces[key_id] + cipher.encrypt(nonces[key_id], key, key_id.bytes))
            for key_id, key in keys.items()
        ]

    async def unwrap(self, keys: Collection[Wrapped]) -> Mapping[UUID, bytes]:
        ciphers = self._now()
        found = {}
        for key in keys:
            if (cipher := ciphers.get(key.master)) is not None:
                try:
                    found[key.id] = cipher.decrypt(key.blob[:12], key.blob[12:], key.id.bytes)
                except (InvalidTag, ValueError):
                    log.error("data_key_changed", key=str(key.id), master=key.master)
        return found

    def _now(self) -> Mapping[str, AESGCM]:
        try:
            version = _version(self._file)
            if version != self._seen:
                self._ciphers = _ciphers(self._file)
                self._seen = version
                log.info("master_keys_read", masters=list(self._ciphers))
        except (OSError, ValueError) as error:
            log.warning("master_keys_not_read", error=type(error).__name__)
        return self._ciphers


def lines(file: Path) -> dict[str, str]:
    """The id of each master key in the file, and its line; in the order of the file. Raises OSError or ValueError."""
    found = {_id(_secret(line)): line for line in file.read_text().split()}
    if not found:
        raise ValueError("a file of master keys has one at least")
    return found


def new_line() -> tuple[str, str]:
    """A new master key: its id, and its line."""
    secret = os.urandom(32)
    return _id(secret), base64.b64encode(secret).decode()


def _ciphers(file: Path) -> dict[str, AESGCM]:
    return {master: AESGCM(_secret(line)) for master, line in lines(file).items()}


def _secret(line: str) -> bytes:
    secret = base64.b64decode(line, validate=True)
    if len(secret) != 32:
        raise ValueError("a master key has 32 bytes, base64 in its line")
    return secret


def _id(secret: bytes) -> str:
    return hashlib.sha256(b"master key id" + secret).hexdigest()[:16]


def _version(file: Path) -> tuple[int, int, int]:
    """What tells a file that was changed from the one that was read."""
    found = file.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size
