"""The switches of a legal entity: which measures of people's behaviour are on there. One stream a legal entity."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.contracts.event import Event
from shared.contracts.profiles import Measure, MeasureSwitched
from shared.streams import Decider

_ENTITIES = uuid5(NAMESPACE_URL, "urn:careers:legal-entity")


def legal_entity_id(code: str) -> UUID:
    """The id of the legal entity that HR calls by this code: the same whenever and wherever it is asked for."""
    return uuid5(_ENTITIES, code)


@dataclass(frozen=True, slots=True)
class SwitchMeasure:
    """`reason` is read by everybody in the legal entity."""

    legal_entity: str
    measure: Measure
    on: bool
    reason: str


Switches = frozenset[Measure]
"""The measures that are on."""


def evolve(state: Switches, event: Event) -> Switches:
    if not isinstance(event, MeasureSwitched):
        return state
    return state | {event.measure} if event.on else state - {event.measure}


def decide(command: SwitchMeasure, state: Switches) -> Sequence[Event]:
    if command.on == (command.measure in state):
        return []
    return [
        MeasureSwitched(
            entity=legal_entity_id(command.legal_entity),
            legal_entity=command.legal_entity,
            measure=command.measure,
            on=command.on,
            reason=command.reason,
        )
    ]


DECIDER: Decider[SwitchMeasure, Switches] = Decider(frozenset(), evolve, decide)
