"""What stands in a Kafka record: one event as a CloudEvent 1.0 in binary mode. The body stored is the value published.

Two headers are for consumers alone: `ce_position` is the event's place in its store, `ce_previous` the position of the
record before it in the same partition (0: it is the first). Both follow from the store alone, so whoever publishes an
event again writes the same record again, and a consumer that applied `previous` knows that nothing is missing.

What is read may be in structured mode, too, and its headers in any case: a bridge between clusters may change both.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg.pgproto import pgproto

from shared.kafka.partitions import partition_of_key
from shared.kafka.structured import Malformed, as_binary, is_structured

Header = tuple[str, bytes]

_SUBJECTS_HELD = 100_000
_LAST_POSITION = 2**63 - 1


class Published(NamedTuple):
    """One event as the relay reads it: SQL has rendered what is text on the wire."""

    position: int
    subject: str
    id: bytes
    stream: bytes
    version: bytes
    type: str
    time: bytes
    by: bytes
    origin: str
    trace: str | None
    withheld: bool
    body: bytes


class Heard(NamedTuple):
    """One event as a consumer gets it; `headers` are the record's in binary mode, for whoever must keep it."""

    service: str
    partition: int
    offset: int
    position: int
    previous: int
    id: UUID
    type: str
    version: int
    stream: UUID
    subject: UUID
    recorded_at: datetime
    by: str
    origin: str
    trace: str | None
    body: bytes
    headers: tuple[tuple[str, bytes | None], ...] = ()


class NotOurs(Exception):
    """A record that is no event of the service whose topic it stands in; the message says why."""


class Writer:
    """Makes the records of one service. What repeats (a type's headers, a person's key) is made once."""

    def __init__(self, service: str) -> None:
        self._source = f"/careers/{service}".encode()
        self._by_type: dict[tuple[str, str], tuple[Header, ...]] = {}
        self._by_subject: dict[str, tuple[int, bytes, tuple[Header, ...]]] = {}

    def place(self, subject: str) -> tuple[int, bytes, tuple[Header, ...]]:
        """The partition, key and own headers of a person, unit or item."""
        known = self._by_subject.get(subject)
        if known is None:
            if len(self._by_subject) >= _SUBJECTS_HELD:
                self._by_subject.clear()
            key = subject.encode()
            known = (partition_of_key(key), key, (("ce_subject", key), ("ce_partitionkey", key)))
            self._by_subject[subject] = known
        return known

    def headers(self, event: Published, previous: int, place: tuple[Header, ...]) -> list[Header]:
        """The headers of a record whose predecessor in the partition has the position `previous`."""
        position, _, event_id, stream, version, wire_type, time, by, origin, trace, _, _ = event
        headers = [
            *(self._by_type.get((wire_type, origin)) or self._type(wire_type, origin)),
            *place,
            ("ce_id", event_id),
            ("ce_time", time),
            ("ce_sequence", version),
            ("ce_stream", stream),
            ("ce_position", b"%d" % position),
            ("ce_previous", b"%d" % previous),
            ("ce_by", by),
        ]
        if trace is not None:
            headers.append(("ce_traceparent", trace.encode()))
        return headers

    def _type(self, wire_type: str, origin: str) -> tuple[Header, ...]:
        headers = (
            ("ce_specversion", b"1.0"),
            ("ce_source", self._source),
            ("ce_type", wire_type.encode()),
            ("ce_dataschema", f"urn:careers:schema:{wire_type}".encode()),
            ("ce_origin", origin.encode()),
            ("content-type", b"application/json"),
        )
        self._by_type[wire_type, origin] = headers
        return headers


def read_record(
    service: str,
    partition: int,
    offset: int,
    headers: Sequence[tuple[str, bytes | None]],
    value: bytes | None,
) -> Heard:
    """The event in a record of a service's topic. Headers that we do not know are ignored. Raises NotOurs."""
    found = dict(headers)
    if found.get("content-type") != b"application/json" or "ce_specversion" not in found:
        headers, value = _binary(headers, value)
        found = dict(headers)
    try:
        if found["ce_specversion"] != b"1.0" or found["ce_source"] != b"/careers/" + service.encode():
            raise NotOurs(f"not a CloudEvent 1.0 from /careers/{service}")
        trace = found.get("ce_traceparent")
        recorded_at = datetime.fromisoformat(_given(found, "ce_time").decode())
        if recorded_at.tzinfo is None:
            raise NotOurs("a time without its zone")
        if value is None:
            raise NotOurs("no value")
        position, previous = int(_given(found, "ce_position")), int(_given(found, "ce_previous"))
        if not 0 <= previous < position <= _LAST_POSITION:
            raise NotOurs("a position that is not after the one before it")
        return Heard(
            service,
            partition,
            offset,
            position,
            previous,
            pgproto.UUID(_given(found, "ce_id").decode()),
            _given(found, "ce_type").decode(),
            int(_given(found, "ce_sequence")),
            pgproto.UUID(_given(found, "ce_stream").decode()),
            pgproto.UUID(_given(found, "ce_subject").decode()),
            recorded_at,
            _given(found, "ce_by").decode(),
            _given(found, "ce_origin").decode(),
            None if trace is None else trace.decode(),
            value,
            tuple(headers),
        )
    except KeyError as missing:
        raise NotOurs(f"no header {missing.args[0]}") from missing
    except ValueError as bad:
        raise NotOurs("a header that cannot be read") from bad


def _binary(
    headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> tuple[list[tuple[str, bytes | None]], bytes | None]:
    """Headers whose names are as we write them, and the value that belongs to them. Raises NotOurs."""
    lower = [(name.lower(), given) for name, given in headers]
    content_type = dict(lower).get("content-type")
    if content_type is None or not is_structured(content_type):
        return lower, value
    try:
        return as_binary(content_type, value)
    except Malformed as why:
        raise NotOurs(str(why)) from why


def _given(headers: dict[str, bytes | None], name: str) -> bytes:
    value = headers[name]
    if value is None:
        raise KeyError(name)
    return value
