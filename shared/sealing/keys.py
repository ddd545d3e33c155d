"""The port to the key store, and the data keys that a process holds for a while.

A data key belongs to one person, data class and year; which key a new seal takes is the key store's policy, events only
name it. A destroyed key leaves a tombstone: asked for again, it is None, and no key is made in its place.
"""

import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

K = TypeVar("K")
V = TypeVar("V")

Owner = tuple[UUID, str]
"""A person and a data class."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped key, ready for use."""

    id: str
    cipher: AESGCM


class KeysUnavailable(ConnectionError):
    """The key store does not answer: nothing can be sealed or unsealed now. Try again."""


class PersonErased(Exception):
    """The person's keys are destroyed for good: nothing can be written about them any more."""


class KeyStore(Protocol):
    """Where data keys are kept, wrapped by a master key that the store itself never sees."""

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        """The key that each owner's next value takes, made where there is none yet. Raises PersonErased."""

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        """The keys by id; None where a key was destroyed, or is not this service's to use."""


class KeyCache:
    """A KeyStore before another: keeps up to `size` keys for `seconds`, the bound on how long a destroyed key lives."""

    def __init__(self, store: KeyStore, *, size: int = 5_000, seconds: float = 60.0) -> None:
        self._store = store
        self._size = size
        self._seconds = seconds
        self._sealing: OrderedDict[Owner, tuple[float, DataKey]] = OrderedDict()
        self._unsealing: OrderedDict[str, tuple[float, DataKey | None]] = OrderedDict()

    def held(self, owner: Owner) -> DataKey | None:
        """The key in hand for sealing, if there is one, without asking the store."""
        entry = self._sealing.get(owner)
        return entry[1] if entry is not None and entry[0] > time.monotonic() else None

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        found = {owner: key for owner in owners if (key := self.held(owner)) is not None}
        missing = [owner for owner in owners if owner not in found]
        if missing:
            made = await self._store.for_sealing(missing)
            self._keep(self._sealing, made)
            found.update(made)
        return found

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        now = time.monotonic()
        found = {key: entry[1] for key in ids if (entry := self._unsealing.get(key)) is not None and entry[0] > now}
        missing = [key for key in ids if key not in found]
        if missing:
            read = await self._store.for_unsealing(missing)
            self._keep(self._unsealing, read)
            found.update(read)
        return found

    def _keep(self, cache: OrderedDict[K, tuple[float, V]], entries: Mapping[K, V]) -> None:
        until = time.monotonic() + self._seconds
        for key, value in entries.items():
            cache[key] = (until, value)
        while len(cache) > self._size:
            cache.popitem(last=False)
