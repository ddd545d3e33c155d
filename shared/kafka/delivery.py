"""What of the records delivered a model applies: each event once, in the order of its partition.

A record names the position before its own (see records.py). It is next if that is the last one applied; it is a second
delivery if its own position is not after that one; otherwise one before it is still to come, and it is ignored, since
whoever publishes sends everything after its mark again, in order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from aiokafka.structs import ConsumerRecord

from shared.kafka.records import Heard, NotOurs, read_record

Partition = tuple[str, int]
"""Service and partition."""

Subject = tuple[str, UUID]
"""Service and subject: the scope in which order holds."""


class Place(NamedTuple):
    """The last event applied in a partition: its position in the store, its record's offset."""

    position: int
    offset: int


BEHIND = "held behind a parked event of the same subject"


class Foreign(NamedTuple):
    """A record that is no event of ours."""

    service: str
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    reason: str


def read_records(service: str, partition: int, records: Iterable[ConsumerRecord]) -> list[Heard | Foreign]:
    """What the records of a partition are."""
    found: list[Heard | Foreign] = []
    for record in records:
        try:
            found.append(read_record(service, partition, record.offset, record.headers, record.value))
        except NotOurs as reason:
            found.append(Foreign(service, partition, record.offset, record.headers, record.value, str(reason)))
    return found


class Held(NamedTuple):
    """An event to park: because of itself, or `behind` one of its subject that is parked."""

    event: Heard
    reason: str
    behind: int | None

    @property
    def subject(self) -> Subject:
        return self.event.service, self.event.subject


@dataclass(slots=True)
class Work:
    """What one batch comes to for one model. `places` is where the model stands after it."""

    records: Sequence[Heard | Foreign]
    places: Mapping[Partition, Place]
    moves: dict[Partition, tuple[Place, Place]] = field(default_factory=dict)
    events: list[Heard] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    ahead: dict[Partition, int] = field(default_factory=dict)
    """Partition → position of a record that came before its predecessor."""
    skipped: int = 0
    duplicates: int = 0


class Types:
    """Which events a model takes."""

    def __init__(self, wire_types: Collection[str]) -> None:
        self.taken = frozenset(wire_types)
        self._newest: dict[str, int] = {}
        for name, _, version in (wire_type.rpartition(".v") for wire_type in wire_types):
            self._newest[name] = max(int(version), self._newest.get(name, 0))

    def is_newer(self, wire_type: str) -> bool:
        """Whether it is an event that the model takes, in a version that it does not know yet."""
        name, _, version = wire_type.rpartition(".v")
        return version.isdecimal() and int(version) > self._newest.get(name, int(version))


def sort_out(
    records: Sequence[Heard | Foreign],
    places: Mapping[Partition, Place],
    types: Types,
    waiting: Mapping[Subject, int],
) -> Work:
    """What to do with records, for a model that stands at `places`. Those of other partitions are left out.

    `waiting` names the subjects with parked events, and the position of the first.
    """
    now = dict(places)
    work = Work(records, now)
    behind = dict(waiting)
    for record in records:
        key = record[:2]
        place = now.get(key)
        if place is None:
            continue
        if isinstance(record, Foreign):
            work.foreign.append(record)
            continue
        if record.previous != place.position:
            if record.position <= place.position:
                work.duplicates += 1
            else:
                work.ahead.setdefault(key, record.position)
            continue
        now[key] = Place(record.position, record.offset)
        if record.type not in types.taken and not types.is_newer(record.type):
            work.skipped += 1
            continue
        subject = (record.service, record.subject)
        first = behind.get(subject)
        if first is not None:
            work.held.append(Held(record, BEHIND, first))
        elif record.type in types.taken:
            work.events.append(record)
        else:
            behind[subject] = record.position
            work.held.append(Held(record, "a newer version of the event than this model knows", None))
    work.moves = {key: (places[key], place) for key, place in now.items() if place is not places[key]}
    return work
