"""The event store."""

from shared.eventstore.events import (
    Append,
    Appended,
    Change,
    CommandKey,
    CommandRepeated,
    EventStore,
    NewEvent,
    OutcomeUnknown,
    Overloaded,
    Stored,
    VersionConflict,
)

__all__ = [
    "Append",
    "Appended",
    "Change",
    "CommandKey",
    "CommandRepeated",
    "EventStore",
    "NewEvent",
    "OutcomeUnknown",
    "Overloaded",
    "Stored",
    "VersionConflict",
]
