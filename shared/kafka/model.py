"""What a service writes to build on the stream, and how the kernel tells its failures apart."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import asyncpg
from aiokafka.errors import KafkaError

from shared.eventstore import OutcomeUnknown, Overloaded, VersionConflict
from shared.kafka.records import Heard
from shared.refusals import Unavailable

Prepared = TypeVar("Prepared")
Prepared_contra = TypeVar("Prepared_contra", contravariant=True)


class Model(Protocol[Prepared]):
    """Rows made of events, in a PostgreSQL schema that has the model's name and stands first in the search path."""

    @property
    def name(self) -> str:
        """Lower case letters, digits and underscores; never changed."""

    @property
    def services(self) -> Collection[str]:
        """Whose topics it hears."""

    @property
    def types(self) -> Collection[str]:
        """The wire types that it takes, with version. A newer version of one of them is parked, others are skipped."""

    def prepare(self, batch: Sequence[Heard]) -> Prepared:
        """Decodes. Pure, since it runs while the batch before it is written, and again after a failure."""

    async def write(self, connection: asyncpg.Connection, prepared: Prepared) -> None:
        """Writes the rows, with keys in sorted order, in the transaction of the connection. May run again."""


AnyModel = Model[Any]

Statement = tuple[str, Sequence[object]]
"""SQL and its arguments."""


@runtime_checkable
class AtOnce(Protocol[Prepared_contra]):
    """A model whose batches are, most of the time, statements that need not see what the others do.

    They are sent with the checkpoints as one: one round trip to the server instead of four.
    """

    def statements(self, prepared: Prepared_contra) -> Sequence[Statement] | None:
        """Inserts, updates or deletes that do what `write` does; None where only `write` can."""


class Rebuildable(Model[Prepared], Protocol[Prepared]):
    """A model that can be built anew from the first event."""

    @property
    def tables(self) -> str:
        """SQL that makes the tables in the first schema of the search path."""


TRANSIENT = (
    OSError,  # TimeoutError and KeysUnavailable among them
    KafkaError,
    Unavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlocks
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidCachedStatementError,  # a table was changed: mended by connecting again
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,
    # What a store says to who appends or reads in a reaction: it may be tried again, and the key keeps it one command.
    Overloaded,
    OutcomeUnknown,
    VersionConflict,
)


def is_transient(error: BaseException) -> bool:
    """Whether it has nothing to do with the event at hand, so that trying again is right."""
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # a ValueError is a value that cannot be sent; others: connection lost
    return isinstance(error, TRANSIENT)


def place_of(error: BaseException) -> str:
    """An exception by type and place: its message may hold anybody's words."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return type(error).__name__
    code = traceback.tb_frame.f_code
    return f"{type(error).__name__} at {code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno} in {code.co_name}"
