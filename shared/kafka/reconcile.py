"""Whether a topic holds what the store holds; and what to do when it does not: publish it again."""

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import orjson

from shared.eventstore.bell import CHANNEL
from shared.kafka.cluster import Cluster
from shared.kafka.delivery import Foreign, Partition
from shared.kafka.partitions import PARTITIONS, partition_of
from shared.kafka.reader import reader
from shared.kafka.records import Heard

PAGE = 5_000
NAMED = 100  # positions of each kind that a report names
PATIENCE = 600.0  # seconds for reading a topic

_MARK = "select position from relay"
_STORED = """
    select position, id, stream, version, type, subject, by, origin, body
    from events where position > $1 and position <= $2 and not withheld order by position limit $3"""
_BEFORE = "select position, subject from events where position < $1 and not withheld order by position desc limit $2"
_SET_BACK = """
    update relay set epoch = epoch + 1, position = $1, partitions = $2 where position >= $1 returning position"""


@dataclass(slots=True)
class Reconciled:
    """What a consumer that begins at the beginning would get, beside what was recorded and is marked as published."""

    stored: int = 0
    records: int = 0
    missing: list[int] = field(default_factory=list)
    """Recorded, and never reached by a consumer."""
    different: list[int] = field(default_factory=list)
    """Published as something else than what is recorded."""
    unknown: list[int] = field(default_factory=list)
    """Published, and not recorded (or withheld)."""
    doubled: int = 0
    """Records that repeat one before them; consumers know them."""
    early: int = 0
    """Records before their predecessor, which comes later; consumers know them too."""
    foreign: int = 0

    @property
    def complete(self) -> bool:
        return not (self.missing or self.different or self.unknown)


async def reconcile(connection: asyncpg.Connection, cluster: Cluster, service: str) -> Reconciled:
    """Compares a service's store with its topic. Takes 8 bytes of memory for each position."""
    found = Reconciled()
    mark: int = await connection.fetchval(_MARK)
    prints = await _published(cluster, service, found)
    after = 0
    while page := await connection.fetch(_STORED, after, mark, PAGE):
        for position, *event in page:
            found.stored += 1
            published = prints[position] if position < len(prints) else 0
            if not published:
                _name(found.missing, position)
            elif published != _print(event):
                _name(found.different, position)
            if published:
                prints[position] = 0
        after = page[-1][0]
    for position in range(1, min(mark + 1, len(prints))):
        if prints[position]:
            _name(found.unknown, position)
    return found


async def republish(connection: asyncpg.Connection, first: int) -> int:
    """Sets the relay back, so that everything from the position `first` on is published again; gives how far back.

    The relay finds out by itself. Consumers skip what they have, and need `first` to be after what they have not.
    """
    last = await _chain_before(connection, first)
    async with connection.transaction():
        mark: int = await connection.fetchval(_MARK + " for update")
        written = orjson.dumps({str(number): position for number, position in sorted(last.items())})
        if await connection.fetchval(_SET_BACK, first - 1, written) is None:
            raise ValueError(f"only {mark} positions are published: the rest will be, without this")
    await connection.execute(f"notify {CHANNEL}")
    return mark - first + 1


async def _published(cluster: Cluster, service: str, found: Reconciled) -> "array[int]":
    """Position → fingerprint of what a consumer gets; 0: nothing."""
    prints = array("q")
    reached: dict[Partition, int] = {}
    async with reader(cluster, [service]) as topic, asyncio.timeout(PATIENCE):
        ends = await topic.ends()
        while not topic.has_read(ends):
            for at, records in (await topic.fetch()).items():
                for record in records:
                    found.records += 1
                    if isinstance(record, Foreign):
                        found.foreign += 1
                    elif record.previous == reached.get(at, 0):
                        reached[at] = record.position
                        _put(prints, record)
                    elif record.position <= reached.get(at, 0):
                        found.doubled += 1
                    else:
                        found.early += 1
    return prints


def _put(prints: "array[int]", heard: Heard) -> None:
    if heard.position >= len(prints):
        prints.frombytes(bytes(8 * (heard.position + PAGE - len(prints))))
    event = (heard.id, heard.stream, heard.version, heard.type, heard.subject, heard.by, heard.origin, heard.body)
    prints[heard.position] = _print(event)


def _print(event: Sequence[object]) -> int:
    return hash(tuple(event)) or 1


def _name(positions: list[int], position: int) -> None:
    if len(positions) < NAMED:
        positions.append(position)


async def _chain_before(connection: asyncpg.Connection, first: int) -> dict[int, int]:
    """The last published position before `first`, in each partition that has one."""
    last: dict[int, int] = {}
    while len(last) < PARTITIONS:
        page = await connection.fetch(_BEFORE, first, PAGE)
        for position, subject in page:
            last.setdefault(partition_of(subject), position)
        if len(page) < PAGE:
            break
        first = page[-1][0]
    return last
