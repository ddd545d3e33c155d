"""What is appended in these tests."""

import os
from uuid import UUID, uuid4

from shared.eventstore import Append, Change, CommandKey, NewEvent


def event(body: bytes = b'{"n":1}', *, withheld: bool = False) -> NewEvent:
    return NewEvent(uuid4(), "things.thing_happened.v1", uuid4(), body, withheld)


def change(stream: UUID | None = None, expected: int = 0, events: int = 1) -> Change:
    return Change(stream or uuid4(), expected, tuple(event() for _ in range(events)))


def append(*changes: Change, key: CommandKey | None = None) -> Append:
    return Append(changes or (change(),), by="somebody", key=key)


def command_key() -> CommandKey:
    return CommandKey(os.urandom(32), os.urandom(32))
