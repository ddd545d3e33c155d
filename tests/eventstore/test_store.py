"""What every store promises, each promise for itself. One suite, two stores."""

import asyncio
from uuid import uuid4

import pytest

from shared.eventstore import (
    Append,
    Change,
    CommandKey,
    CommandRepeated,
    EventStore,
    Stored,
    VersionConflict,
)
from tests.eventstore.given import append, change, command_key, event


async def test_what_was_appended_comes_back_as_it_was(store: EventStore) -> None:
    stream, new = uuid4(), event(b'{ "spaces": [1.0,  2],\t"\xc3\xa9":"\\u00e9" }', withheld=True)
    appended = await store.append(Append((Change(stream, 0, (new,)),), by="anna", origin="import", trace="00-a-b-01"))

    [stored] = await store.read(stream)

    assert stored == Stored(
        position=appended.first,
        stream=stream,
        version=1,
        id=new.id,
        type=new.type,
        subject=new.subject,
        recorded_at=appended.recorded_at,
        by="anna",
        origin="import",
        withheld=True,
        trace="00-a-b-01",
        body=new.body,
    )


async def test_an_unknown_stream_has_no_events(store: EventStore) -> None:
    assert await store.read(uuid4()) == []


async def test_a_stream_is_read_by_version(store: EventStore) -> None:
    stream = uuid4()
    for version in range(5):
        await store.append(append(change(stream, version)))
    await store.append(append(change(stream, 5, events=3)))
    assert [stored.version for stored in await store.read(stream)] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_several_streams_are_read_at_once(store: EventStore) -> None:
    one, two, none = uuid4(), uuid4(), uuid4()
    await store.append(append(change(one, events=2), change(two)))
    found = await store.read_many([one, two, none])
    assert {stream: len(events) for stream, events in found.items()} == {one: 2, two: 1, none: 0}


async def test_an_append_of_several_streams_has_one_time_and_positions_in_a_row(store: EventStore) -> None:
    appended = await store.append(append(change(events=2), change(), change(events=3)))
    events = await store.tail(appended.first - 1, 100)
    assert [stored.position for stored in events] == list(range(appended.first, appended.last + 1))
    assert len(events) == 6
    assert {stored.recorded_at for stored in events} == {appended.recorded_at}


@pytest.mark.parametrize("expected", [0, 1, 3, 9])
async def test_a_stream_at_another_version_refuses(store: EventStore, expected: int) -> None:
    stream = uuid4()
    await store.append(append(change(stream, events=2)))
    with pytest.raises(VersionConflict) as refused:
        await store.append(append(change(stream, expected)))
    assert refused.value.stream == stream
    assert len(await store.read(stream)) == 2


async def test_a_stream_that_is_not_there_has_no_version_to_follow(store: EventStore) -> None:
    with pytest.raises(VersionConflict):
        await store.append(append(change(expected=1)))


async def test_one_stream_refusing_none_is_recorded(store: EventStore) -> None:
    taken, free = uuid4(), uuid4()
    await store.append(append(change(taken)))
    with pytest.raises(VersionConflict) as refused:
        await store.append(append(change(free), change(taken)))
    assert refused.value.stream == taken
    assert await store.read(free) == []


async def test_of_two_writers_of_one_version_one_wins(store: EventStore) -> None:
    stream = uuid4()
    told = await asyncio.gather(*(store.append(append(change(stream))) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, VersionConflict) for one in told) == 19
    assert len(await store.read(stream)) == 1


async def test_writers_of_one_stream_go_in_the_order_in_which_they_asked(store: EventStore) -> None:
    stream = uuid4()
    told = await asyncio.gather(*(store.append(append(change(stream, version))) for version in range(10)))
    assert [one.first for one in told] == sorted(one.first for one in told)


async def test_a_repeated_command_is_told_what_the_first_recorded(store: EventStore) -> None:
    key = command_key()
    first = await store.append(append(change(events=2), change(), key=key))
    with pytest.raises(CommandRepeated) as repeated:
        await store.append(append(key=key))
    assert repeated.value.matches
    assert list(repeated.value.events) == await store.tail(first.first - 1, 10)


async def test_a_repeated_command_is_told_before_a_conflict_is(store: EventStore) -> None:
    stream, key = uuid4(), command_key()
    await store.append(append(change(stream), key=key))
    with pytest.raises(CommandRepeated):
        await store.append(append(change(stream), key=key))


async def test_a_key_used_for_something_else_does_not_match(store: EventStore) -> None:
    key = command_key()
    await store.append(append(key=key))
    with pytest.raises(CommandRepeated) as repeated:
        await store.append(append(key=CommandKey(key.key, b"another body")))
    assert not repeated.value.matches


async def test_what_was_recorded_under_a_key_is_found_by_it(store: EventStore) -> None:
    key = command_key()
    assert await store.repetition(key) is None
    await store.append(append(change(events=2), key=key))
    repeated = await store.repetition(key)
    assert repeated is not None
    assert repeated.matches
    assert [stored.version for stored in repeated.events] == [1, 2]
    another = await store.repetition(CommandKey(key.key, b"another body"))
    assert another is not None
    assert not another.matches


async def test_no_streams_are_read_at_once(store: EventStore) -> None:
    assert await store.read_many([]) == {}


async def test_a_refused_command_may_come_again_under_its_key(store: EventStore) -> None:
    stream, key = uuid4(), command_key()
    await store.append(append(change(stream)))
    with pytest.raises(VersionConflict):
        await store.append(append(change(stream), key=key))
    assert await store.repetition(key) is None
    await store.append(append(change(stream, 1), key=key))


async def test_of_two_under_one_key_at_once_one_is_recorded(store: EventStore) -> None:
    key = command_key()
    told = await asyncio.gather(*(store.append(append(key=key)) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, CommandRepeated) for one in told) == 7
    assert len(await store.tail(0, 100)) == 1


async def test_a_tail_has_every_event_once_in_order(store: EventStore) -> None:
    await asyncio.gather(*(store.append(append(change(events=2))) for _ in range(30)))
    seen: list[int] = []
    while page := await store.tail(seen[-1] if seen else 0, 7):
        seen += [stored.position for stored in page]
    assert seen == sorted(set(seen))
    assert len(seen) == 60


@pytest.mark.parametrize(
    "bad",
    [
        Append((), by="x"),
        Append(tuple(change() for _ in range(9)), by="x"),
        Append((Change(uuid4(), 0, ()),), by="x"),
        Append((change(expected=-1),), by="x"),
        Append((change(same := uuid4()), change(same, 1)), by="x"),
        Append((Change(uuid4(), 0, (event(b"{"),)),), by="x"),
        Append((Change(uuid4(), 0, (event(b'{"n":NaN}'),)),), by="x"),
        Append((change(),), by="a\0b"),
        Append((change(),), by="\ud800"),
        Append((change(),), by="x", trace="\0"),
    ],
)
async def test_what_no_store_takes(store: EventStore, bad: Append) -> None:
    with pytest.raises(ValueError, match=r"."):
        await store.append(bad)
    assert await store.tail(0, 1) == []
