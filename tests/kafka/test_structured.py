"""The same event in both modes of CloudEvents is one event; what only looks like one stops nobody."""

import base64
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.cluster import Cluster
from shared.kafka.consumer import Consumer
from shared.kafka.counts import Counts
from shared.kafka.parked import Retried, retry_parked
from shared.kafka.partitions import partition_of
from shared.kafka.producer import producer
from shared.kafka.records import Heard, NotOurs, Published, Writer, read_record
from tests.kafka.conftest import until
from tests.kafka.ledger import TYPE, Ledger, applied, make_tables
from tests.kafka.store import Store
from tests.kafka.test_consumer import running
from tests.kafka.test_parked import Upgraded

Headers = list[tuple[str, bytes | None]]
STRUCTURED = "application/cloudevents+json"

words = st.text(st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | words | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
events = st.builds(
    Published,
    position=st.integers(2, 2**63 - 1),
    subject=st.uuids().map(str),
    id=st.uuids().map(lambda one: str(one).encode()),
    stream=st.uuids().map(lambda one: str(one).encode()),
    version=st.integers(1, 10**9).map(lambda one: b"%d" % one),
    type=st.sampled_from([TYPE, "profiles.aspiration_shared.v1"]),
    time=st.datetimes().map(lambda one: f"{one.isoformat()}+00:00".encode()),
    by=words.map(str.encode),
    origin=words,
    trace=st.none() | words,
    withheld=st.just(value=False),
    body=st.dictionaries(words, values, max_size=4).map(orjson.dumps),
)
in_any_case = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])


def binary(event: Published, previous: int = 1) -> Headers:
    writer = Writer("profiles")
    return list(writer.headers(event, previous, writer.place(event.subject)[2]))


def structured(event: Published, previous: int = 1, **more: Any) -> bytes:
    told: dict[str, Any] = {
        name.removeprefix("ce_"): value.decode()
        for name, value in binary(event, previous)
        if name.startswith("ce_") and value is not None
    }
    return orjson.dumps({**told, "datacontenttype": "application/json", "data": orjson.loads(event.body), **more})


def without_headers(heard: Heard) -> Heard:
    return heard._replace(headers=())


def same(one: Heard, other: Heard) -> bool:
    return without_headers(one) == without_headers(other)


@given(
    events,
    in_any_case,
    st.sampled_from(["", "; charset=utf-8", ';charset="UTF-8"', "; charset=UTF-8; x=y"]),
    in_any_case,
    st.booleans(),
)
def test_the_same_event_reads_alike_in_both_modes(event, name_case, parameter, type_case, as_base64):
    in_binary = read_record("profiles", 3, 7, binary(event), event.body)
    data: dict[str, Any] = {"data": None, "data_base64": base64.b64encode(event.body).decode()} if as_base64 else {}
    headers: Headers = [(name_case("content-type"), (type_case(STRUCTURED) + parameter).encode())]
    in_structured = read_record("profiles", 3, 7, headers, structured(event, **data))
    assert same(in_binary, in_structured)
    assert same(read_record("profiles", 3, 7, in_structured.headers, in_structured.body), in_binary), "kept in binary"
    shouted: Headers = [(name_case(name), value) for name, value in binary(event)]
    assert same(read_record("profiles", 3, 7, shouted, event.body), in_binary)


@given(values | st.dictionaries(st.sampled_from(["specversion", "source", "id", "position", "data", "x"]), values))
def test_whatever_else_is_said_to_be_an_event_is_refused_with_a_reason(value):
    with pytest.raises(NotOurs, match=r"\w"):
        read_record("profiles", 3, 7, [("content-type", STRUCTURED.encode())], orjson.dumps(value))


EVENT = Published(
    2, str(uuid4()), str(uuid4()).encode(), str(uuid4()).encode(), b"1", TYPE,
    b"2026-11-23T21:40:10.762477+00:00", b"somebody", "live", None, withheld=False, body=b'{"n":1}',
)  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "value", "reason"),
    [
        (STRUCTURED, b"{", "no JSON"),
        (STRUCTURED, b"\xff", "no JSON"),
        (STRUCTURED, b"[]", "no object"),
        (STRUCTURED, None, "no value"),
        (STRUCTURED, b"{}", "ce_specversion"),
        (STRUCTURED, structured(EVENT, position=None), "ce_position"),
        (STRUCTURED, structured(EVENT, position={"at": 2}), "ce_position"),
        (STRUCTURED, structured(EVENT, position=2**63), "a position"),
        (STRUCTURED, structured(EVENT, specversion="0.3"), "CloudEvent 1.0"),
        (STRUCTURED, structured(EVENT, id="somebody"), "cannot be read"),
        (STRUCTURED, structured(EVENT, data=None), "no value"),
        (STRUCTURED, structured(EVENT, data=None, data_base64="%%"), "no base64"),
        (STRUCTURED, structured(EVENT, data_base64="e30="), "twice"),
        (STRUCTURED, structured(EVENT, datacontenttype="application/xml"), "data that is no JSON"),
        (f"{STRUCTURED}; charset=utf-16", structured(EVENT), "UTF-8"),
        ("application/cloudevents+avro", b"\x00", "a format"),
        ("application/cloudevents-batch+json", b"[]", "a format"),
    ],
)
def test_a_malformed_structured_event_is_refused_with_a_reason(content_type, value, reason):
    with pytest.raises(NotOurs, match=reason):
        read_record("profiles", 3, 7, [("content-type", content_type.encode())], value)


def test_numbers_may_be_numbers_and_unknown_attributes_are_no_matter():
    value = structured(EVENT, position=2, previous=1, sequence=1, fromtomorrow=[1])
    assert read_record("profiles", 3, 7, [("content-type", STRUCTURED.encode())], value).position == 2


async def test_a_real_consumer_applies_both_modes_and_parks_what_is_neither(
    store: Store, cluster: Cluster, counts: Counts
) -> None:
    ledger = Ledger()
    await make_tables(store.connection, ledger)
    anna = uuid4()
    at = partition_of(anna)

    def event(position: int, wire_type: str = TYPE, body: bytes = b'{"n":1}') -> Published:
        own = UUID(int=position)
        return EVENT._replace(
            position=position,
            subject=str(anna),
            id=str(own).encode(),
            stream=str(own).encode(),
            type=wire_type,
            body=body,
        )

    async with producer(cluster) as bridge:

        async def send(value: bytes, headers: Headers) -> None:
            await bridge.send_and_wait(
                cluster.topic("profiles"), key=str(anna).encode(), value=value, headers=headers, partition=at
            )

        await send(event(1).body, binary(event(1), 0))
        await send(structured(event(2), 1), [("Content-Type", b"application/cloudevents+json; charset=UTF-8")])
        await send(b"{", [("content-type", b"application/cloudevents+json")])
        await send(event(3).body, [(name.upper(), value) for name, value in binary(event(3), 2)])
        newer = event(4, "profiles.thing_happened.v2", b'{"count":5}')
        await send(structured(newer, 3), [("content-type", b"application/cloudevents+json")])
    async with running(Consumer(store.url, cluster, "models", [ledger], counts).run()):

        async def there() -> bool:
            parked: int = await store.connection.fetchval("select count(*) from parked")
            return parked == 2 and len(await applied(store.connection)) == 3

        await until(there)
    assert await applied(store.connection) == [(at, 1), (at, 2), (at, 3)]
    kept = await store.connection.fetch("select body, reason from parked order by position")
    assert [row["body"] for row in kept] == [b"{", b'{"count":5}']
    assert kept[0]["reason"] == "a structured event that is no JSON"
    assert await retry_parked(store.connection, Upgraded(), "profiles", anna) == Retried(1), "kept as in binary mode"
    assert (at, 4) in await applied(store.connection)
