"""What a command goes through: read the stream, fold it, decide, seal, append.

The rules are pure (`Decider`); this module alone knows that there is a store, a key store and other writers.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.contracts.event import Event
from shared.contracts.reading import Unknown, read_event
from shared.eventstore import Append, Change, CommandKey, CommandRepeated, EventStore, NewEvent, Stored, VersionConflict
from shared.kafka.partitions import partition_of
from shared.refusals import Refusal
from shared.sealing.sealer import Sealer

State = TypeVar("State")
Command = TypeVar("Command")

ATTEMPTS = 5
"""How often a command is decided anew when another writer of the same stream was first."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a stream's events, beyond which it takes no more words, so that it can still be withdrawn or closed; beyond
twice that, nothing. Each command reads and folds all of them."""


class ChangedTooOften(Refusal, code="changed-too-often"):
    """This was changed so often that it takes no more: withdraw or close it, and begin anew."""


@dataclass(frozen=True, slots=True)
class Decider(Generic[Command, State]):
    """The rules of one noun. `decide` raises a Refusal; an empty list means that there is nothing to do."""

    initial: State
    evolve: Callable[[State, Event], State]
    decide: Callable[[Command, State], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gave a command, and what the caller said about it."""

    by: str
    key: CommandKey | None = None
    if_match: int | None = None
    trace: str | None = None
    kind: Literal["live", "import"] = "live"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command answers: ids and positions, never words.

    `after` is "service:partition:position", which a read waits for; null where there was nothing to record, and so
    nothing to wait for.
    """

    id: UUID
    version: int
    after: str | None


class Streams:
    """The streams of one service, events in and events out."""

    def __init__(self, store: EventStore, sealer: Sealer, service: str) -> None:
        self._store = store
        self._sealer = sealer
        self._service = service

    async def execute(
        self, decider: Decider[Command, State], stream: UUID, command: Command, origin: Origin
    ) -> Receipt:
        """Carries out a command on one stream.

        Raises what `decide` refuses; ChangedTooOften; VersionConflict when If-Match is not the stream's version, or
        when other writers were first ATTEMPTS times; CommandRepeated when the idempotency key was used with another
        body.
        """

        async def attempt() -> Receipt:
            stored = await self._store.read(stream)
            if origin.if_match is not None and origin.if_match != len(stored):
                raise VersionConflict(stream)
            events = decider.decide(command, fold(decider, stored))
            most = LARGEST if any(event.sealed_about for event in events) else 2 * LARGEST
            if sum(len(one.body) for one in stored) > most:
                raise ChangedTooOften
            return await self.append(stream, len(stored), events, origin)

        return await self.once(attempt, origin)

    async def create(self, decider: Decider[Command, State], stream: UUID, command: Command, origin: Origin) -> Receipt:
        """Begins a stream that nobody else can have begun, without reading it."""

        async def attempt() -> Receipt:
            return await self.append(stream, 0, decider.decide(command, decider.initial), origin)

        return await self.once(attempt, origin)

    async def once(self, attempt: Callable[[], Awaitable[Receipt]], origin: Origin) -> Receipt:
        """The receipt of an attempt to carry a command out, which is made again where another writer was first.

        A command that was carried out before is answered again, also where by now it is refused, since its day has
        passed, or there is nothing left to do: its key is looked up then, after whatever refused it. The append looks
        all others up. Raises what the attempt does, and CommandRepeated for another body.
        """
        for left in reversed(range(ATTEMPTS)):
            try:
                try:
                    receipt = await attempt()
                except (Refusal, VersionConflict):
                    await self._refuse_repetition(origin)
                    raise
                if receipt.after is None:
                    await self._refuse_repetition(origin)
                return receipt
            except CommandRepeated as repeated:
                return self._receipt_again(repeated)
            except VersionConflict:
                if origin.if_match is not None or not left:
                    raise
        raise AssertionError  # the last attempt returned or raised

    async def repeated(self, key: CommandKey) -> Receipt | None:
        """The receipt of the command that was carried out under a key. Raises CommandRepeated for another body."""
        repeated = await self._store.repetition(key)
        return None if repeated is None else self._receipt_again(repeated)

    async def _refuse_repetition(self, origin: Origin) -> None:
        if origin.key is not None and (repeated := await self._store.repetition(origin.key)) is not None:
            raise repeated

    async def append(self, stream: UUID, expected: int, events: Sequence[Event], origin: Origin) -> Receipt:
        """Seals and appends. Raises VersionConflict, CommandRepeated, PersonErased, KeysUnavailable."""
        if not events:
            return Receipt(stream, expected, None)
        change = Change(stream, expected, await self.sealed(events))
        appended = await self._store.append(
            Append((change,), by=origin.by, origin=origin.kind, trace=origin.trace, key=origin.key)
        )
        return Receipt(stream, expected + len(events), self._after(events[-1].subject, appended.last))

    async def append_all(
        self, changes: Sequence[tuple[UUID, int, Sequence[Event]]], origin: Origin
    ) -> tuple[Receipt, ...]:
        """Appends to up to eight streams, all or none; the receipts follow the order given."""
        given = [Change(stream, expected, await self.sealed(events)) for stream, expected, events in changes if events]
        if not given:
            return tuple(Receipt(stream, expected, None) for stream, expected, _ in changes)
        appended = await self._store.append(
            Append(tuple(given), by=origin.by, origin=origin.kind, trace=origin.trace, key=origin.key)
        )
        return tuple(
            Receipt(
                stream,
                expected + len(events),
                self._after(events[-1].subject, appended.last) if events else None,
            )
            for stream, expected, events in changes
        )

    async def state(
        self, decider: Decider[Command, State], stream: UUID, *, of: Callable[[Event | Unknown], bool] | None = None
    ) -> tuple[State, int]:
        """A stream folded, and its version: 0 where there is none.

        With `of`, a stream whose first event it does not take is as if there were none: it is not folded, which would
        take longer than to find none.
        """
        stored = await self._store.read(stream)
        if of is not None and stored and not of(read_event(stored[0].type, stored[0].body)):
            return decider.initial, 0
        return fold(decider, stored), len(stored)

    async def sealed(self, events: Sequence[Event]) -> tuple[NewEvent, ...]:
        """Events as the store takes them: bodies sealed, ids given."""
        bodies = await self._sealer.write(events)
        return tuple(
            NewEvent(uuid7(), event.type, event.subject, body, withheld=bool(event.withheld))
            for event, body in zip(events, bodies, strict=True)
        )

    def _receipt_again(self, repeated: CommandRepeated) -> Receipt:
        """The answer that the first of two equal commands got, made again from its events; raises for another body.

        It speaks of what is published, where anything is: nobody waits for the rest.
        """
        if not repeated.matches:
            raise repeated
        told = [event for event in repeated.events if not event.withheld] or repeated.events
        first, last = told[0], told[-1]
        version = max(event.version for event in told if event.stream == first.stream)
        return Receipt(first.stream, version, self._after(last.subject, last.position))

    def _after(self, subject: UUID, position: int) -> str:
        return f"{self._service}:{partition_of(subject)}:{position}"


def fold(decider: Decider[Command, State], stored: Sequence[Stored]) -> State:
    """The state that a stream's events lead to."""
    state = decider.initial
    for one in stored:
        event = read_event(one.type, one.body)
        if not isinstance(event, Unknown):
            state = decider.evolve(state, event)
    return state
