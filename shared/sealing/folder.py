"""A Kms that is not in this process's memory: a folder, as the KMS of a provider would be seen from here.

A master key has a name and versions, each in a file of its own; a manifest says which versions there are and which one
wraps. The folder is asked at each call, in a thread, and nothing of it is kept between two: a change holds at once for
all who use it. What it gives names the version that wrapped it, and is bound to the data key's id.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import orjson
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from shared.sealing.keys import KeysUnavailable
from shared.sealing.kms import Wrapped

T = TypeVar("T")

log = structlog.get_logger()

FORMAT = b"kms1"
_NONCE = len(FORMAT) + 4  # after the version, in four bytes
_SEALED = _NONCE + 12


@dataclass(frozen=True, slots=True)
class Manifest:
    """What manifest.json says. A version's 32 bytes stand in <version>.key."""

    name: str
    primary: int
    versions: Sequence[int]

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises OSError or ValueError with the reason."""
        try:
            found = cls(**orjson.loads((folder / "manifest.json").read_bytes()))
        except TypeError:
            raise ValueError("manifest.json names name, primary and versions") from None
        if found.primary not in found.versions:
            raise ValueError("manifest.json has a primary version that is none of its versions")
        return found

    def written(self) -> bytes:
        return orjson.dumps(asdict(self))

    def master(self, version: int) -> str:
        """The id of a version, as rows name it."""
        return f"{self.name}/{version}"


def secret(folder: Path, version: int) -> bytes:
    """Raises OSError or ValueError with the reason."""
    found = (folder / f"{version}.key").read_bytes()
    if len(found) != 32:
        raise ValueError(f"{version}.key must have 32 bytes")
    return found


class FolderKms:
    """A Kms."""

    def __init__(self, url: str) -> None:
        """`url` is file:///the/folder/. Raises OSError or ValueError with the reason."""
        self._folder = folder_of(url)
        secret(self._folder, Manifest.read(self._folder).primary)

    async def masters(self) -> Sequence[str]:
        return await self._asked(self._masters)

    async def wrap(self, keys: Mapping[UUID, bytes]) -> Sequence[Wrapped]:
        return await self._asked(lambda: self._wrap(keys))

    async def unwrap(self, keys: Collection[Wrapped]) -> Mapping[UUID, bytes]:
        return await self._asked(lambda: self._unwrap(keys))

    async def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(ask)
        except (OSError, ValueError) as error:
            raise KeysUnavailable(f"the KMS does not answer ({type(error).__name__})") from error

    def _masters(self) -> Sequence[str]:
        manifest = Manifest.read(self._folder)
        others = [version for version in manifest.versions if version != manifest.primary]
        return [manifest.master(version) for version in (manifest.primary, *others)]

    def _wrap(self, keys: Mapping[UUID, bytes]) -> Sequence[Wrapped]:
        manifest = Manifest.read(self._folder)
        cipher, head = self._cipher(manifest.primary), _head(manifest.primary)
        master = manifest.master(manifest.primary)

        def blob(key_id: UUID, key: bytes) -> bytes:
            nonce = os.urandom(12)
            return head + nonce + cipher.encrypt(nonce, key, _bound(head, manifest, key_id))

        return [Wrapped(key_id, master, blob(key_id, key)) for key_id, key in keys.items()]

    def _unwrap(self, keys: Collection[Wrapped]) -> Mapping[UUID, bytes]:
        manifest = Manifest.read(self._folder)
        versions = {manifest.master(version): version for version in manifest.versions}
        ciphers = {master: self._cipher(versions[master]) for master in {key.master for key in keys} & versions.keys()}
        found = {}
        for key in keys:
            if (cipher := ciphers.get(key.master)) is not None:
                bound = _bound(key.blob[:_NONCE], manifest, key.id)
                try:
                    found[key.id] = cipher.decrypt(key.blob[_NONCE:_SEALED], key.blob[_SEALED:], bound)
                except (InvalidTag, ValueError):
                    log.error("data_key_changed", key=str(key.id), master=key.master)
        return found

    def _cipher(self, version: int) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(secret(self._folder, version))


def folder_of(url: str) -> Path:
    """Raises ValueError for a URL that names no folder of this machine."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("KMS_URL must be file:///the/folder/")
    return Path(unquote(parts.path))


def _head(version: int) -> bytes:
    return FORMAT + version.to_bytes(4, "big")


def _bound(head: bytes, manifest: Manifest, key_id: UUID) -> bytes:
    return head + manifest.name.encode() + key_id.bytes
