"""Which of the records delivered are applied: each event once, in order, whoever sends it and however often."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.kafka.delivery import Foreign, Partition, Place, Types, sort_out
from shared.kafka.records import Heard

ANNA, BEN = UUID(int=1), UUID(int=2)
TYPES = Types({"profiles.a.v1", "profiles.a.v2", "profiles.b.v1"})
HERE: Partition = ("profiles", 7)


def heard(position: int, previous: int, *, subject: UUID = ANNA, kind: str = "profiles.a.v1", offset: int = 0) -> Heard:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Heard(
        *HERE, offset or position, position, previous, UUID(int=position), kind, 1, UUID(int=9), subject, at, "test",
        "live", None, b"{}",
    )  # fmt: skip


def places(position: int, offset: int = 0) -> Mapping[Partition, Place]:
    return {HERE: Place(position, offset)}


def test_what_follows_is_applied_and_the_checkpoint_moves() -> None:
    work = sort_out([heard(3, 0), heard(8, 3), heard(9, 8, offset=40)], places(0, -1), TYPES, {})
    assert [event.position for event in work.events] == [3, 8, 9]
    assert work.moves == {HERE: (Place(0, -1), Place(9, 40))}


def test_what_was_applied_is_not_applied_again() -> None:
    work = sort_out([heard(3, 0), heard(8, 3), heard(9, 8), heard(3, 0), heard(8, 3)], places(8), TYPES, {})
    assert ([event.position for event in work.events], work.duplicates) == ([9], 4)


def test_what_runs_ahead_is_ignored_until_what_comes_before_it() -> None:
    work = sort_out([heard(9, 8), heard(3, 0), heard(8, 3), heard(9, 8)], places(0), TYPES, {})
    assert [event.position for event in work.events] == [3, 8, 9]
    assert work.ahead == {HERE: 9}


def test_records_of_partitions_that_are_somebody_elses_are_left_out() -> None:
    work = sort_out([heard(3, 0)], {("profiles", 8): Place(0, -1)}, TYPES, {})
    assert (work.events, work.moves) == ([], {})


def test_types_that_the_model_does_not_take_only_move_the_checkpoint() -> None:
    work = sort_out([heard(3, 0, kind="profiles.c.v1"), heard(4, 3, kind="odd")], places(0), TYPES, {})
    assert (work.events, work.held, work.skipped) == ([], [], 2)
    assert work.places[HERE].position == 4


def test_a_newer_version_is_parked_and_what_its_subject_does_later_waits_behind_it() -> None:
    records = [heard(3, 0, kind="profiles.a.v3"), heard(4, 3), heard(5, 4, subject=BEN), heard(6, 5)]
    work = sort_out(records, places(0), TYPES, {})
    assert [event.position for event in work.events] == [5]
    assert [(one.event.position, one.behind) for one in work.held] == [(3, None), (4, 3), (6, 3)]


def test_later_events_of_a_parked_subject_are_held_behind_it() -> None:
    work = sort_out([heard(4, 3), heard(5, 4, subject=BEN)], places(3), TYPES, {("profiles", ANNA): 2})
    assert [event.position for event in work.events] == [5]
    assert [(one.event.position, one.behind) for one in work.held] == [(4, 2)]


def test_a_foreign_record_is_kept_aside_and_stops_nothing() -> None:
    foreign = Foreign(*HERE, 11, (), b"?", "no header ce_specversion")
    work = sort_out([heard(3, 0), foreign, heard(4, 3)], places(0), TYPES, {})
    assert (len(work.events), work.foreign) == (2, [foreign])


def chain(positions: Sequence[int]) -> list[Heard]:
    return [heard(position, before) for before, position in zip([0, *positions], positions, strict=False)]


@given(st.data())
def test_whatever_relays_send_each_event_is_applied_once_and_in_order(data: st.DataObject) -> None:
    stored = chain(sorted(data.draw(st.sets(st.integers(1, 60), min_size=1))))
    log: list[Heard] = []
    mark = 0
    for _ in range(data.draw(st.integers(0, 6))):
        # A term: it sends on from the mark; Kafka gets some of it, and it marks some of what Kafka got.
        sent = data.draw(st.integers(mark, len(stored)))
        log += stored[mark:sent]
        begun = mark
        mark = data.draw(st.integers(mark, sent))
        # Batches of a leader that was replaced arrive late: any part of what it read after its own mark.
        low = data.draw(st.integers(begun, len(stored)))
        log += stored[low : data.draw(st.integers(low, len(stored)))]
    log += stored[mark:]

    now, applied = places(0, -1), []
    rest = log
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        work = sort_out(rest[:size], now, TYPES, {})
        applied += work.events
        now, rest = work.places, rest[size:]
    assert applied == stored


def test_without_the_chain_a_late_batch_would_lose_events() -> None:
    stored = chain(range(1, 7))
    log = [*stored[:2], *stored[4:5], *stored[2:]]  # 5 from a leader that was replaced, then the new one from 3 on
    naive, at = [], 0
    for record in log:
        if record.position > at:
            naive.append(record.position)
            at = record.position
    assert naive == [1, 2, 5, 6], "3 and 4 are lost"
    assert [event.position for event in sort_out(log, places(0), TYPES, {}).events] == [1, 2, 3, 4, 5, 6]
