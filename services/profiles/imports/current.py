"""What the streams of people say now, in the clear: what a file is compared with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.profiles.imports.difference import Known
from services.profiles.person import Fact
from shared.contracts.event import Event, Sealed
from shared.contracts.profiles import (
    AliasAdded,
    AliasRemoved,
    AliasSource,
    FactWithdrawn,
    ItemErased,
    Name,
    PersonDescribed,
    PlaceChanged,
    PlaceTaken,
)
from shared.contracts.reading import read_event
from shared.eventstore import Stored
from shared.sealing.sealer import UNAVAILABLE, Sealer


@dataclass(slots=True)
class _Folded:
    """A stream folded while its values are still sealed."""

    version: int
    facts: dict[UUID, Fact] = field(default_factory=dict)
    described: PersonDescribed | None = None
    aliases: list[AliasAdded | AliasRemoved] = field(default_factory=list)
    erased: bool = False

    def sealed(self) -> Iterable[Sealed]:
        values: list[Any] = [alias.value for alias in self.aliases]
        if self.described is not None:
            values += [self.described.name, self.described.language]
        for fact in self.facts.values():
            if isinstance(fact, PlaceTaken | PlaceChanged):
                values.append(fact.fte)
        return (value for value in values if isinstance(value, Sealed))


async def known_people(streams: Mapping[UUID, Sequence[Stored]], sealer: Sealer) -> dict[UUID, Known]:
    """By person. What does not unseal any more counts as not known. Raises KeysUnavailable."""
    folded = {person: _fold(stored) for person, stored in streams.items()}
    clear = await sealer.unseal(value for one in folded.values() for value in one.sealed())
    return {person: _known(one, clear) for person, one in folded.items()}


def events_of(stored: Sequence[Stored]) -> list[Event]:
    """The events of a stream that this code knows."""
    read = (read_event(one.type, one.body) for one in stored)
    return [event for event in read if isinstance(event, Event)]


def _fold(stored: Sequence[Stored]) -> _Folded:
    folded = _Folded(len(stored))
    for event in events_of(stored):
        match event:
            case FactWithdrawn():
                folded.facts.pop(event.fact, None)
            case PersonDescribed():
                folded.described = event
            case AliasAdded() | AliasRemoved():
                folded.aliases.append(event)
            case ItemErased():
                folded.erased = True
            case _ if isinstance(event, Fact):
                folded.facts[event.fact] = event
            case _:
                pass
    return folded


def _known(folded: _Folded, clear: Mapping[Sealed, Any]) -> Known:
    def seen(value: Any) -> Any:
        found = clear[value] if isinstance(value, Sealed) else value
        return None if found is UNAVAILABLE else found

    facts: dict[UUID, Fact] = {}
    for fact_id, fact in folded.facts.items():
        if isinstance(fact, PlaceTaken | PlaceChanged) and fact.fte is not None:
            facts[fact_id] = fact.model_copy(update={"fte": seen(fact.fte)})
        else:
            facts[fact_id] = fact
    aliases: set[tuple[AliasSource, str]] = set()
    for alias in folded.aliases:
        value = seen(alias.value)
        if value is None:
            continue
        if isinstance(alias, AliasAdded):
            aliases.add((alias.source, value))
        else:
            aliases.discard((alias.source, value))
    described = folded.described
    name = seen(described.name) if described is not None else None
    return Known(
        folded.version,
        facts,
        Name.model_validate(name) if name is not None else None,
        seen(described.language) if described is not None else None,
        frozenset(aliases),
        folded.erased,
    )
