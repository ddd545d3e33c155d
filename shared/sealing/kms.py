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
