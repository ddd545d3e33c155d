"""From a recorded type and body to an event, for every version ever recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.contracts import conversations, notifications, opportunities, profiles, projections
from shared.contracts.event import Event

CATALOGUE: Mapping[str, type[Event]] = {
    event.type: event
    for module in (profiles, conversations, opportunities, notifications, projections)
    for event in module.EVENTS
}
"""Wire type → contract, for the newest version of each event."""

UPCASTERS: Mapping[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""Older wire type → (the next type, a pure function from its values to the next one's). Sealed values move whole."""

_VERSIONS: Mapping[str, int] = {
    name: int(version) for name, _, version in (wire_type.rpartition(".v") for wire_type in CATALOGUE)
}


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type that these contracts do not name: whoever reads the stream skips it."""

    type: str


class UnknownVersion(Exception):
    """A known event in a version newer than these contracts: to be kept until an upgrade. Not a bad event."""


def versions(newest: str) -> list[str]:
    """Every wire type that is brought to the newest one when it is read, with that one itself."""
    found = [newest]
    for wire_type in found:
        found.extend(older for older, (newer, _) in UPCASTERS.items() if newer == wire_type)
    return found


def read_event(wire_type: str, body: bytes) -> Event | Unknown:
    """The event, brought to its newest version. Raises UnknownVersion; pydantic.ValidationError for a broken body."""
    contract = CATALOGUE.get(wire_type)
    if contract is not None:
        return contract.read(body)
    if wire_type in UPCASTERS:
        return _upcast(wire_type, body)
    name, _, version = wire_type.rpartition(".v")
    if name in _VERSIONS and version.isdigit() and int(version) > _VERSIONS[name]:
        raise UnknownVersion(wire_type)
    return Unknown(wire_type)


def _upcast(wire_type: str, body: bytes) -> Event:
    values = orjson.loads(body)
    while wire_type in UPCASTERS:
        wire_type, upcast = UPCASTERS[wire_type]
        values = upcast(values)
    return CATALOGUE[wire_type].read(orjson.dumps(values))
