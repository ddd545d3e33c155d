"""A process of its own that appends to five streams which others write, too; prints what it was told."""

import asyncio
import os
import sys
from uuid import UUID

import orjson

from shared.eventstore import VersionConflict
from shared.eventstore.postgres import PostgresEventStore, open_store
from tests.eventstore.given import append, change


async def main(url: str, number: int) -> None:
    async with open_store(url) as store:
        await asyncio.gather(*(write(store, UUID(int=stream), number // 5) for stream in range(5)))


async def write(store: PostgresEventStore, stream: UUID, number: int) -> None:
    version = 0
    while number:
        one = append(change(stream, version))._replace(by=str(os.getpid()))
        try:
            told = await store.append(one)
        except VersionConflict:
            version = len(await store.read(stream))
            continue
        version += 1
        number -= 1
        sys.stdout.write(orjson.dumps({"position": told.first, "id": one.changes[0].events[0].id}).decode() + "\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
