"""Who an alias names, for certain.

An employee number or a token's subject names one person at a time. Each such alias has a stream of its own, whose id is
a keyed hash of source and value: nobody without the secret learns an alias from it or finds one by trying, and it stays
after an erasure, which is how HR's files are kept from bringing an erased person back. The stream says which person
holds the alias, in events that are stored and never published. Claiming an alias and beginning the person's own stream
are one append, all or none, and a stream has one beginning: of two who report the same new employee number at the same
moment, whether by the API or by an import, one creates the person and the other is told so.

The directory in `relations` finds people by alias too, and e-mail addresses nowhere else; it lags by a moment. Nothing
that creates or joins relies on it.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.profiles.person import AddAlias, AliasTaken, AlreadyJoined, Join, RemoveAlias
from shared.contracts.event import Event
from shared.contracts.profiles import AliasAdded, AliasClaimed, AliasReleased, AliasRemoved, AliasSource, PersonJoined
from shared.contracts.reading import read_event
from shared.eventstore import EventStore, Stored
from shared.refusals import NotFound
from shared.relations.model import fold_alias
from shared.streams import Origin, Receipt, Streams

Claim = tuple[UUID, int, Sequence[Event]]
"""A stream, its version and the events to append: as `Streams.append_all` takes them."""

ONE_AT_A_TIME: frozenset[AliasSource] = frozenset(("employee_number", "subject"))
"""The sources whose aliases name one person at a time. Two people may share an address: then it finds neither."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an alias now, and the version of its stream."""

    person: UUID | None
    version: int


class AliasStreams:
    """The ids of aliases' streams. `secret` is the service's own, the same in all its processes and for ever."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"careers alias", "sha256")

    def stream(self, source: AliasSource, value: str) -> UUID:
        """Aliases are compared without case and outer space, as everywhere."""
        hashed = hmac.digest(self._secret, f"{source}\0{fold_alias(value)}".encode(), "sha256")
        return UUID(bytes=hashed[:16], version=5)


class Identity:
    """Commands about aliases, and the people who begin with them."""

    def __init__(self, streams: Streams, store: EventStore, secret: bytes) -> None:
        self._streams = streams
        self._store = store
        self._aliases = AliasStreams(secret)

    async def person(self, source: AliasSource, value: str) -> UUID | None:
        """The person whom an alias names now; one that was claimed a moment ago is known."""
        return holder(await self._store.read(self._aliases.stream(source, value))).person

    async def join(self, command: Join, events: Sequence[Event], origin: Origin) -> Receipt:
        """Begins the stream of a person with `events`, and claims their aliases.

        Whom HR named before as somebody's leader or manager has an id already, and joins under it. Raises
        AlreadyJoined, AliasTaken, VersionConflict, CommandRepeated.
        """

        async def attempt() -> Receipt:
            held = await self._holders(command.aliases)
            known = {one.person for one in held.values() if one.person is not None}
            if len(known) > 1:
                raise AliasTaken
            person = known.pop() if known else command.person
            begun = await self._store.read(person) if person != command.person else []
            if any(one.type == PersonJoined.type for one in begun):
                raise AlreadyJoined
            told = [
                event.model_copy(update={"person": person})
                for event in events
                if not (isinstance(event, AliasAdded) and self._is_held(event, held))
            ]
            claims = [claim(stream, one, person) for stream, one in held.items() if one.person is None]
            return (await self._streams.append_all([*claims, (person, len(begun), told)], origin))[-1]

        return await self._streams.once(attempt, origin)

    async def add_alias(self, command: AddAlias, origin: Origin) -> Receipt:
        """Another alias for a person. Raises NotFound, AliasTaken, VersionConflict, CommandRepeated."""

        async def attempt() -> Receipt:
            held, version = await self._before(command)
            if any(one.person not in (None, command.person) for one in held.values()):
                raise AliasTaken
            if held and all(one.person == command.person for one in held.values()):
                return Receipt(command.person, version, None)
            event = AliasAdded(
                person=command.person, source=command.source, value=command.value, effective_on=command.effective_on
            )
            claims = [claim(stream, one, command.person) for stream, one in held.items()]
            return (await self._streams.append_all([*claims, (command.person, version, [event])], origin))[-1]

        return await self._streams.once(attempt, origin)

    async def remove_alias(self, command: RemoveAlias, origin: Origin) -> Receipt:
        """An alias that is not valid any more, and free to name somebody else. Raises as `add_alias` does."""

        async def attempt() -> Receipt:
            held, version = await self._before(command)
            event = AliasRemoved(
                person=command.person, source=command.source, value=command.value, effective_on=command.effective_on
            )
            released = [
                release(stream, one, command.person) for stream, one in held.items() if one.person == command.person
            ]
            return (await self._streams.append_all([*released, (command.person, version, [event])], origin))[-1]

        return await self._streams.once(attempt, origin)

    async def _before(self, command: AddAlias | RemoveAlias) -> tuple[dict[UUID, Holder], int]:
        """Who holds the alias of the command, and the version of the person's stream."""
        stored = await self._store.read(command.person)
        if not stored:
            raise NotFound
        return await self._holders(((command.source, command.value),)), len(stored)

    async def _holders(self, aliases: Sequence[tuple[AliasSource, str]]) -> dict[UUID, Holder]:
        """The streams of those aliases that name one person at a time, with who holds them."""
        streams = [self._aliases.stream(*alias) for alias in aliases if alias[0] in ONE_AT_A_TIME]
        return {stream: holder(await self._store.read(stream)) for stream in streams}

    def _is_held(self, event: AliasAdded, held: Mapping[UUID, Holder]) -> bool:
        one = held.get(self._aliases.stream(event.source, event.value)) if isinstance(event.value, str) else None
        return one is not None and one.person is not None


def holder(stored: Sequence[Stored]) -> Holder:
    """Who holds the alias whose stream this is."""
    person: UUID | None = None
    for one in stored:
        match read_event(one.type, one.body):
            case AliasClaimed() as claimed:
                person = claimed.person
            case AliasReleased():
                person = None
            case _:
                pass
    return Holder(person, len(stored))


def claim(stream: UUID, held: Holder, person: UUID) -> Claim:
    """The append by which a free alias begins to name a person."""
    return stream, held.version, [AliasClaimed(alias=stream, person=person)]


def release(stream: UUID, held: Holder, person: UUID) -> Claim:
    """The append by which an alias becomes free."""
    return stream, held.version, [AliasReleased(alias=stream, person=person)]
