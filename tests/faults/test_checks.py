"""The checker sees what is wrong: each fault is put there by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.kafka.partitions import partition_of
from shared.kafka.records import Heard
from tests.faults.check_told import check_told
from tests.faults.check_topics import compare
from tests.faults.findings import Findings
from tests.faults.ledger import Command, Keys, Ledger, Told
from tests.faults.stores import Recorded, check_stores, published

KEYS = Keys({"profiles": bytes(32)})
PERSON, STREAM = UUID(int=1), UUID(int=2)
AT = datetime(2026, 3, 1, tzinfo=UTC)
TYPE = "profiles.aspiration_recorded.v1"


def command(number: int, *told: Told) -> Command:
    route = "/v1/people/{person}/aspirations"
    asked = Command(str(PERSON), "profiles", route, TYPE, route.format(person=PERSON), {}, f"k{number}")
    return replace(asked, sent=True, attempts=1, told=list(told))


def event(position: int, asked: Command) -> Recorded:
    return Recorded(
        position,
        STREAM,
        position,
        UUID(int=100 + position),
        TYPE,
        PERSON,
        AT + timedelta(seconds=position),
        str(PERSON),
        "live",
        withheld=False,
        trace=None,
        command_key=KEYS.of(asked),
        command_size=1,
        body=b"{}",
    )


def done(position: int) -> Told:
    return Told(201, "", str(STREAM), position, f"profiles:{partition_of(PERSON)}:{position}")


COMMANDS = [command(number, done(number)) for number in (1, 2, 3)]
EVENTS = [event(number, asked) for number, asked in enumerate(COMMANDS, 1)]


def seen(events: list[Recorded] = EVENTS, commands: list[Command] = COMMANDS) -> list[str]:
    findings = Findings()
    check_stores({"profiles": events}, findings)
    check_told(Ledger(commands), KEYS, {"profiles": events}, findings)
    return sorted({wrong.split(": ")[1] for wrong in findings.wrong})


def test_what_is_as_told_is_not_complained_of():
    assert seen() == []


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (EVENTS[:2], "an acknowledged command is recorded"),
        ([EVENTS[0], EVENTS[2]], "positions increase by one"),
        ([EVENTS[0], replace(EVENTS[1], version=3), EVENTS[2]], "versions are without gaps"),
        ([EVENTS[0], replace(EVENTS[1], recorded_at=AT), EVENTS[2]], "recorded_at does not run backwards"),
        ([EVENTS[0], EVENTS[1], replace(EVENTS[2], id=EVENTS[1].id)], "event ids are unique"),
        ([EVENTS[0], EVENTS[1], replace(EVENTS[2], command_size=2)], "an append is whole"),
        ([*EVENTS, event(4, command(4))], "every event was asked for"),
        ([*EVENTS, replace(event(4, COMMANDS[0]), command_key=None)], "every event was asked for"),
        ([*EVENTS, event(4, COMMANDS[0])], "a command's key stands once"),
    ],
)
def test_a_store_that_is_not_as_it_was_told_is_seen(events, sentence):
    assert sentence in seen(events)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ((Told(409, "changed"),), "a refused command left nothing"),
        ((replace(done(3), version=2),), "at the version that was told"),
        ((replace(done(3), after=f"profiles:{partition_of(PERSON)}:2"),), "at the position that was told"),
        ((replace(done(3), after="profiles:25:3"),), "in the partition that was told"),
        ((replace(done(3), after=None),), "a command that had nothing to do left nothing"),
        ((done(3), replace(done(3), version=4)), "a repeated command is answered alike"),
        ((done(3), Told(409, "over")), "a command is not both done and refused"),
    ],
)
def test_an_answer_that_is_not_what_was_recorded_is_seen(told, sentence):
    assert sentence in seen(commands=[*COMMANDS[:2], command(3, *told)])


def test_who_has_lost_access_may_be_refused_what_they_have_done():
    gone = command(3, Told(404, "not-found"))
    assert "a refused command left nothing" in seen(commands=[*COMMANDS[:2], gone])
    gone.attempts = 2
    assert seen(commands=[*COMMANDS[:2], gone]) == []


def test_who_never_heard_may_find_it_done_or_not():
    assert seen(commands=[*COMMANDS[:2], command(3)]) == []
    assert seen(commands=[*COMMANDS, command(4)]) == []


RECORDS = [record._replace(offset=offset) for offset, record in enumerate(published("profiles", EVENTS))]


def compared(records) -> tuple[list[str], Findings]:
    findings = Findings()
    compare({"profiles": records}, {"profiles": EVENTS}, findings)
    return sorted({wrong.split(": ")[1] for wrong in findings.wrong}), findings


def test_second_deliveries_and_records_sent_too_early_are_counted_and_not_complained_of():
    found, findings = compared([RECORDS[0], RECORDS[2], RECORDS[1], RECORDS[1], RECORDS[2]])
    assert found == []
    assert findings.facts["second deliveries"] == 1
    assert findings.facts["records before their predecessor, sent again in order"] == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda some: [some[0], some[2]], "every event is on its topic"),
        (lambda some: [some[0], some[2], some[1]], "every event is on its topic"),
        (lambda some: [*some, some[2]._replace(position=4, previous=3)], "every record was recorded"),
        (lambda some: [*some[:2], some[2]._replace(body=b"[]")], "a record is the event as recorded"),
        (lambda some: [*some[:2], some[2]._replace(previous=1)], "a record names the one before it"),
    ],
)
def test_a_topic_that_is_not_as_recorded_is_seen(change: Callable[..., list[Heard]], sentence: str):
    assert sentence in compared(change(RECORDS))[0]
