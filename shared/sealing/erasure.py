"""Keys are destroyed: what they sealed is unreadable wherever it stands. Their rows stay, as tombstones.

Processes go on with keys in hand for as long as the cache's bound says: an erasure is complete after that.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts.event import PERSONAL_DATA_CLASSES

WORDS = PERSONAL_DATA_CLASSES - {"directory", "employment"}
"""What a person wrote or said: the data classes that go when employment goes on."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A key's tombstone."""

    id: UUID
    data_class: str
    year: int
    generation: int
    destroyed_at: datetime


@dataclass(frozen=True, slots=True)
class Retired:
    """Keys of old years, and of how many people: what a run of retention destroyed, what is due, what a hold keeps."""

    keys: int
    people: int
    due_keys: int
    due_people: int
    held_keys: int
    held_people: int


async def destroy_words(connection: asyncpg.Connection, erasure: UUID, person: UUID) -> list[Destroyed]:
    """All keys of the person's words; what they write from then on takes new ones. As the key database's owner.

    `erasure` is the caller's own id for it: asked again, it destroys nothing more and answers the same. Raises
    asyncpg.InvalidParameterValueError where it was another one, OSError, TimeoutError, asyncpg.PostgresError.
    """
    return await _destroy(connection, erasure, person, WORDS)


async def erase_person(connection: asyncpg.Connection, erasure: UUID, person: UUID) -> list[Destroyed]:
    """All keys of the person, and none is ever made again. Otherwise as destroy_words."""
    return await _destroy(connection, erasure, person, None)


async def _destroy(
    connection: asyncpg.Connection, erasure: UUID, person: UUID, classes: Collection[str] | None
) -> list[Destroyed]:
    rows = await connection.fetch(
        "select id, data_class, year, generation, destroyed_at from keys.destroy($1, $2, $3)",
        erasure,
        person,
        None if classes is None else sorted(classes),
    )
    return [Destroyed(*row) for row in rows]
