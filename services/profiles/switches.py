"""The switches of a legal entity: which measures of people's behaviour are on there. One stream a legal entity."""

from collections.abc import Mapping, Sequence
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


Switches = Mapping[Measure, tuple[bool, str]]
"""Of each measure that was ever on: whether it is, and why."""


def evolve(state: Switches, event: Event) -> Switches:
    if not isinstance(event, MeasureSwitched):
        return state
    return {**state, event.measure: (event.on, event.reason)}


def decide(command: SwitchMeasure, state: Switches) -> Sequence[Event]:
    """Another reason for what is so already is recorded: it is what everybody reads."""
    if not command.on and command.measure not in state:
        return []
    if state.get(command.measure) == (command.on, command.reason):
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


DECIDER: Decider[SwitchMeasure, Switches] = Decider({}, evolve, decide)
