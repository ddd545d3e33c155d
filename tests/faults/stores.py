"""The stores as they are, read at once, and whether each is sound in itself."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from tests.faults.findings import Findings
from tests.faults.house import OWNERS, House

_EVENTS = """
    select position, stream, version, id, type, subject, recorded_at, by, origin, withheld, trace, command_key,
        command_size, convert_to(body::text, 'UTF8') as body
    from events order by position"""


@dataclass(frozen=True, slots=True)
class Recorded:
    position: int
    stream: UUID
    version: int
    id: UUID
    type: str
    subject: UUID
    recorded_at: datetime
    by: str
    origin: str
    withheld: bool
    trace: str | None
    command_key: bytes | None
    command_size: int | None
    body: bytes


Stores = Mapping[str, Sequence[Recorded]]


async def read_stores(house: House) -> Stores:
    """All events of all services."""
    found: dict[str, list[Recorded]] = {}
    for name in OWNERS:
        connection = await house.database(name)
        try:
            found[name] = [Recorded(**dict(row)) for row in await connection.fetch(_EVENTS)]
        finally:
            await connection.close()
    return found


def published(service: str, events: Sequence[Recorded]) -> list[Heard]:
    """What has to be on the topic: each event that is not withheld, with the position before it in its partition."""
    last: dict[int, int] = defaultdict(int)
    found: list[Heard] = []
    for one in events:
        if one.withheld:
            continue
        partition = partition_of(one.subject)
        before, last[partition] = last[partition], one.position
        what = (one.id, one.type, one.version, one.stream, one.subject, one.recorded_at)
        how = (one.by, one.origin, one.trace, one.body)
        found.append(Heard(service, partition, 0, one.position, before, *what, *how))
    return found


def check_stores(stores: Stores, findings: Findings) -> None:
    """Each store in itself."""
    ids: set[UUID] = set()
    for name, events in stores.items():
        versions: dict[UUID, int] = defaultdict(int)
        keys: set[bytes] = set()
        position, at = 0, None
        left = 0  # events that the append at hand has still to come
        for one in events:
            where = f"{name}:{one.position}"
            findings.check("positions increase by one", one.position == position + 1, where)
            findings.check("recorded_at does not run backwards", at is None or one.recorded_at >= at, where)
            findings.check("versions are without gaps", one.version == versions[one.stream] + 1, where)
            findings.check("event ids are unique", one.id not in ids, where)
            if one.command_size is not None:
                findings.check("an append is whole", left == 0, where)
                left = one.command_size
            left -= 1
            findings.check("an append is whole", left >= 0, where)
            if one.command_key is not None:
                findings.check("a command's key stands once", one.command_key not in keys, where)
                keys.add(one.command_key)
            position, at, versions[one.stream] = one.position, one.recorded_at, one.version
            ids.add(one.id)
        findings.check("an append is whole", left == 0, name)
        findings.facts[f"events of {name}"] = len(events)
