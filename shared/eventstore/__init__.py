"""The event store: what is appended is recorded all or none, in one order, and never changes.

Reading order: events.py (the interface), 0001_events.sql, postgres.py, lane.py (groups), appends.py, reads.py; then
versions.py, flight.py, bell.py. memory.py keeps the same promises without a database.
"""

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
