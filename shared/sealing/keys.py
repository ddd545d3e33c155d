"""The port to the key store, and the data keys that a process holds for a while.

A data key belongs to one person, data class and year; which key a new seal takes is the key store's policy, events only
name it. A destroyed key leaves a tombstone: asked for again, it is None, and no key is made in its place.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

K = TypeVar("K")
V = TypeVar("V")

SIZE = 5_000
SECONDS = 60.0
"""The cache's bounds, unless a setting says otherwise."""

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
        """The key that each owner's next value takes, made where there is none yet; nothing for an erased person."""

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        """The keys by id; None where a key was destroyed, or is not this service's to use."""


class Together(Generic[K, V]):
    """One question at a time: what is asked for while one is under way is the next, for all who ask."""

    def __init__(self, ask: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._wanted: set[K] = set()
        self._under_way: asyncio.Task[Mapping[K, V]] | None = None
        self._next: asyncio.Task[Mapping[K, V]] | None = None

    async def __call__(self, keys: Collection[K]) -> Mapping[K, V]:
        """The answers, others' among them. Raises what the question raises."""
        self._wanted.update(keys)
        if self._next is None:
            self._next = asyncio.create_task(self._round(self._under_way))
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._next)

    async def _round(self, before: "asyncio.Task[Mapping[K, V]] | None") -> Mapping[K, V]:
        if before is not None:
            await asyncio.wait({before})
        wanted, self._wanted = self._wanted, set()
        self._under_way, self._next = self._next, None
        return await self._ask(wanted)


class KeyCache:
    """A KeyStore before another: hands a key out for `seconds` after it was asked for, and keeps up to `size` of them
    for sealing and as many for unsealing.

    `seconds` is the bound on how long a destroyed key is still used, and on how long a key that was not there is taken
    for destroyed. A thousand callers whose keys are not in hand ask the store once. Raises PersonErased for who has no
    key any more.
    """

    def __init__(
        self,
        store: KeyStore,
        *,
        size: int = SIZE,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = size
        self._seconds = seconds
        self._clock = clock
        self._sealing: OrderedDict[Owner, tuple[float, DataKey]] = OrderedDict()
        self._unsealing: OrderedDict[str, tuple[float, DataKey | None]] = OrderedDict()
        self._for_sealing = Together(store.for_sealing)
        self._for_unsealing = Together(store.for_unsealing)

    def held(self, owner: Owner) -> DataKey | None:
        """The key in hand for sealing, if there is one, without asking the store."""
        entry = self._sealing.get(owner)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    async def for_sealing(self, owners: Collection[Owner]) -> Mapping[Owner, DataKey]:
        found = {owner: key for owner in owners if (key := self.held(owner)) is not None}
        missing = [owner for owner in owners if owner not in found]
        if missing:
            asked = self._clock()
            made = await self._for_sealing(missing)
            self._keep(self._sealing, made, asked)
            if any(owner not in made for owner in missing):
                raise PersonErased
            found.update(made)
        return found

    async def for_unsealing(self, ids: Collection[str]) -> Mapping[str, DataKey | None]:
        asked = self._clock()
        found = {key: entry[1] for key in ids if (entry := self._unsealing.get(key)) is not None and entry[0] > asked}
        missing = [key for key in ids if key not in found]
        if missing:
            read = await self._for_unsealing(missing)
            self._keep(self._unsealing, read, asked)
            found.update(read)
        return found

    def _keep(self, cache: OrderedDict[K, tuple[float, V]], entries: Mapping[K, V], asked: float) -> None:
        """Counted from when it was asked for: it may have been destroyed before the answer came."""
        for key, value in entries.items():
            cache[key] = (asked + self._seconds, value)
            cache.move_to_end(key)
        now = self._clock()
        while cache and (len(cache) > self._size or next(iter(cache.values()))[0] <= now):
            cache.popitem(last=False)
