"""The port to what wraps data keys: a key ring in a file (keyring.py), or a service apart that keeps its master keys.

A master key is a secret that never changes, and has an id; another one takes its place by rotation. One of them wraps,
the others only unwrap what they had wrapped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key as its row keeps it; it unwraps under its own id alone."""

    id: UUID
    master: str
    blob: bytes


class Kms(Protocol):
    """May be far away: whoever has many keys asks once. Each raises KeysUnavailable when it does not answer."""

    async def masters(self) -> Sequence[str]:
        """The ids of the master keys that it unwraps with; the first one wraps."""

    async def wrap(self, keys: Mapping[UUID, bytes]) -> Sequence[Wrapped]:
        """All of them by the same master key, in the order given."""

    async def unwrap(self, keys: Collection[Wrapped]) -> Mapping[UUID, bytes]:
        """By id. Nothing for a key whose master key is not known, or whose row was changed."""


class Succession:
    """A Kms that takes over from another: the first wraps, both unwrap."""

    def __init__(self, first: Kms, former: Kms) -> None:
        self._first = first
        self._former = former

    async def masters(self) -> Sequence[str]:
        return [*await self._first.masters(), *await self._former.masters()]

    async def wrap(self, keys: Mapping[UUID, bytes]) -> Sequence[Wrapped]:
        return await self._first.wrap(keys)

    async def unwrap(self, keys: Collection[Wrapped]) -> Mapping[UUID, bytes]:
        found = await self._first.unwrap(keys)
        rest = [key for key in keys if key.id not in found]
        return {**found, **await self._former.unwrap(rest)} if rest else found
