"""The topics, against the stores: read from their first record, outside of any consumer group."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from shared.kafka.delivery import Foreign
from shared.kafka.reader import reader
from shared.kafka.records import Heard
from tests.faults.findings import Findings
from tests.faults.house import OWNERS, House
from tests.faults.stores import Stores, published

PATIENCE = 120.0


async def check_topics(house: House, stores: Stores, findings: Findings) -> None:
    """Reads the topics, and compares them."""
    compare(await _read(house), stores, findings)


def compare(records: Mapping[str, Sequence[Heard | Foreign]], stores: Stores, findings: Findings) -> None:
    """Each event once, in order, with the chain that its consumers follow; more records are second deliveries."""
    again = early = 0
    for service, events in stores.items():
        wanted = {one.position: one for one in published(service, events)}
        reached: dict[int, int] = defaultdict(int)
        delivered: set[int] = set()
        versions: dict[object, int] = {}
        for record in records[service]:
            if isinstance(record, Foreign):
                findings.check("every record is an event", holds=False, detail=f"{service}: {record.reason}")
                continue
            where = f"{service}, partition {record.partition}, offset {record.offset}, position {record.position}"
            event = wanted.get(record.position)
            findings.check("every record was recorded", event is not None, where)
            if event is None:
                continue
            findings.check("a record is the event as recorded", _same(record, event), where)
            findings.check("a record names the one before it", record.previous == event.previous, where)
            if record.previous == reached[record.partition]:
                reached[record.partition] = record.position
                delivered.add(record.position)
                before = versions.get(record.stream, 0)
                findings.check("a stream's versions come in order", record.version > before, where)
                versions[record.stream] = record.version
            elif record.position <= reached[record.partition]:
                again += 1
            else:
                early += 1
        for position in wanted:
            findings.check("every event is on its topic", position in delivered, f"{service}:{position}")
    findings.facts["records on the topics"] = sum(len(some) for some in records.values())
    findings.facts["second deliveries"] = again
    findings.facts["records before their predecessor, sent again in order"] = early


def _same(record: Heard, event: Heard) -> bool:
    own = (record.partition, record.id, record.type, record.version, record.stream, record.subject)
    rest = (record.recorded_at, record.by, record.origin, record.body)
    return own == (event.partition, event.id, event.type, event.version, event.stream, event.subject) and rest == (
        event.recorded_at,
        event.by,
        event.origin,
        event.body,
    )


async def _read(house: House) -> dict[str, list[Heard | Foreign]]:
    found: dict[str, list[Heard | Foreign]] = {name: [] for name in OWNERS}
    async with asyncio.timeout(PATIENCE), reader(house.cluster, OWNERS) as topics:
        ends = await topics.ends()
        while not topics.has_read(ends):
            for (service, _), records in (await topics.fetch()).items():
                found[service] += records
    return found
