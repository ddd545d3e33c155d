"""What a record says, and what is made of records that others wrote."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.kafka.partitions import partition_of
from shared.kafka.records import Header, NotOurs, Published, Writer, read_record

SUBJECT = UUID("9f3a2c64-0d1b-4f3e-8a57-5b1c2d3e4f60")
EVENT = Published(
    position=42,
    subject=str(SUBJECT),
    id=b"01900000-0000-7000-8000-000000000001",
    stream=b"01900000-0000-7000-8000-000000000002",
    version=b"3",
    type="profiles.aspiration_shared.v1",
    time=b"2026-11-23T21:40:10.762477+00:00",
    by=b"9f3a2c64-0d1b-4f3e-8a57-5b1c2d3e4f60",
    origin="live",
    trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    withheld=False,
    body=b'{"aspiration":"..."}',
)


def written() -> list[Header]:
    writer = Writer("profiles")
    return writer.headers(EVENT, 17, writer.place(EVENT.subject)[2])


def test_a_record_is_a_cloud_event_in_binary_mode() -> None:
    assert dict(written()) == {
        "ce_specversion": b"1.0",
        "ce_id": EVENT.id,
        "ce_source": b"/careers/profiles",
        "ce_type": b"profiles.aspiration_shared.v1",
        "ce_subject": str(SUBJECT).encode(),
        "ce_time": b"2026-11-23T21:40:10.762477+00:00",
        "ce_dataschema": b"urn:careers:schema:profiles.aspiration_shared.v1",
        "ce_partitionkey": str(SUBJECT).encode(),
        "ce_sequence": b"3",
        "ce_stream": EVENT.stream,
        "ce_position": b"42",
        "ce_previous": b"17",
        "ce_origin": b"live",
        "ce_by": EVENT.by,
        "ce_traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "content-type": b"application/json",
    }


def test_the_key_is_whom_the_event_is_about_and_decides_the_partition() -> None:
    partition, key, _ = Writer("profiles").place(EVENT.subject)
    assert (partition, key) == (partition_of(SUBJECT), str(SUBJECT).encode())


def test_what_was_written_is_heard() -> None:
    heard = read_record("profiles", 19, 5, written(), EVENT.body)
    assert (heard.position, heard.previous, heard.version, heard.offset) == (42, 17, 3, 5)
    assert (heard.id, heard.stream) == (UUID(EVENT.id.decode()), UUID(EVENT.stream.decode()))
    assert heard.recorded_at == datetime(2026, 11, 23, 21, 40, 10, 762477, tzinfo=UTC)
    assert (heard.type, heard.by, heard.origin, heard.trace) == (EVENT.type, EVENT.by.decode(), "live", EVENT.trace)
    assert (heard.subject, heard.body) == (SUBJECT, EVENT.body)


def test_headers_that_we_do_not_know_and_a_missing_trace_are_no_matter() -> None:
    headers = [header for header in written() if header[0] != "ce_traceparent"]
    heard = read_record("profiles", 19, 5, [("x-added", b"\xff"), *headers, ("x-empty", None)], EVENT.body)
    assert heard.trace is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"2.0"),
        ("ce_source", b"/careers/somebody-else"),
        ("ce_id", b"not a uuid"),
        ("ce_subject", b"\xff\xfe"),
        ("ce_position", b"twelve"),
        ("ce_position", None),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-11-23T21:40:10"),
        ("ce_by", b"\xff"),
    ],
)
def test_a_record_that_is_no_event_of_ours_is_refused_with_a_reason(name: str, value: bytes | None) -> None:
    headers = [(name, value) if header[0] == name else header for header in written()]
    with pytest.raises(NotOurs, match=r"\w"):
        read_record("profiles", 19, 5, headers, EVENT.body)


@pytest.mark.parametrize("name", [name for name, _ in written() if name.startswith("ce_")])
def test_headers_that_are_needed_are_asked_for(name: str) -> None:
    headers = [header for header in written() if header[0] != name]
    if name in {"ce_traceparent", "ce_dataschema", "ce_partitionkey"}:
        assert read_record("profiles", 19, 5, headers, EVENT.body).position == 42
    else:
        with pytest.raises(NotOurs, match=name):
            read_record("profiles", 19, 5, headers, EVENT.body)


def test_a_record_without_a_value_or_without_headers_is_refused() -> None:
    with pytest.raises(NotOurs, match="no value"):
        read_record("profiles", 19, 5, written(), None)
    with pytest.raises(NotOurs, match="ce_specversion"):
        read_record("profiles", 19, 5, [], b"{}")
