"""Whatever is asked at once, in whatever order: what was told, what is stored and what a tail sees agree."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.eventstore import Append, Appended, CommandKey, CommandRepeated, EventStore, Stored, VersionConflict
from shared.eventstore.memory import MemoryEventStore
from shared.eventstore.postgres import open_store
from tests.eventstore.given import change

STREAMS, KEYS = 4, 3


@dataclass(frozen=True)
class Wish:
    """An append to some of four streams, each expected off by so much from what it is; a key of three, or none."""

    streams: dict[int, tuple[int, int]]  # stream → off by, events
    key: tuple[int, int] | None  # key, what is asked under it


wishes = st.builds(
    Wish,
    streams=st.dictionaries(
        st.integers(0, STREAMS - 1),
        st.tuples(st.sampled_from([0, 0, 0, 1, -1, 5]), st.integers(1, 3)),
        min_size=1,
        max_size=3,
    ),
    key=st.none() | st.tuples(st.integers(0, KEYS - 1), st.integers(0, 1)),
)
programs = st.lists(st.lists(wishes, min_size=1, max_size=6), min_size=1, max_size=5)


@pytest.fixture(scope="module", params=["memory", "postgres"])
async def one_store(request: pytest.FixtureRequest, module_log_url: str) -> AsyncIterator[EventStore]:
    if request.param == "memory":
        yield MemoryEventStore()
    else:
        async with open_store(module_log_url) as store:
            yield store


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=programs)
async def test_what_was_told_is_what_is_there(one_store: EventStore, program: Sequence[Sequence[Wish]]) -> None:
    streams = [uuid4() for _ in range(STREAMS)]
    keys = [uuid4().bytes for _ in range(KEYS)]
    begin = await end_of(one_store)
    seen: list[Stored] = []
    done = asyncio.Event()
    tailing = asyncio.create_task(tail(one_store, begin, seen, done))
    told: list[tuple[Append, object]] = []
    for at_once in program:
        versions = {stream: len(events) for stream, events in (await one_store.read_many(streams)).items()}
        appends = [asked(wish, streams, versions, keys) for wish in at_once]
        outcomes = await asyncio.gather(*map(one_store.append, appends), return_exceptions=True)
        told += zip(appends, outcomes, strict=True)
    done.set()
    await tailing
    stored = {event.id: event for event in seen}

    assert [event.position for event in seen] == sorted({event.position for event in seen})
    assert [event.recorded_at for event in seen] == sorted(event.recorded_at for event in seen)
    for events in (await one_store.read_many(streams)).values():
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert [event.position for event in events] == sorted(event.position for event in events)
    under_keys: dict[bytes, Append] = {}
    for append, outcome in told:
        ids = [event.id for change in append.changes for event in change.events]
        if isinstance(outcome, Appended):
            assert [stored[one].position for one in ids] == list(range(outcome.first, outcome.last + 1))
            if append.key:
                assert append.key.key not in under_keys
                under_keys[append.key.key] = append
        else:
            assert not stored.keys() & set(ids)
    for append, outcome in told:
        if isinstance(outcome, CommandRepeated):
            assert append.key
            first = under_keys[append.key.key]
            assert [event.id for event in outcome.events] == [e.id for c in first.changes for e in c.events]
            assert outcome.matches == (first.key == append.key)
        elif not isinstance(outcome, Appended):
            assert isinstance(outcome, VersionConflict)
            assert outcome.stream in {change.stream for change in append.changes}


def asked(wish: Wish, streams: Sequence[UUID], versions: dict[UUID, int], keys: Sequence[bytes]) -> Append:
    return Append(
        tuple(
            change(streams[number], max(0, versions[streams[number]] + off), events)
            for number, (off, events) in wish.streams.items()
        ),
        by="somebody",
        key=CommandKey(keys[wish.key[0]], bytes([wish.key[1]])) if wish.key else None,
    )


async def tail(store: EventStore, after: int, seen: list[Stored], done: asyncio.Event) -> None:
    for _ in itertools.count():
        last_look = done.is_set()
        page = await store.tail(seen[-1].position if seen else after, 3)
        seen += page
        if last_look and not page:
            return
        await asyncio.sleep(0)


async def end_of(store: EventStore) -> int:
    last = 0
    while page := await store.tail(last, 1000):
        last = page[-1].position
    return last
