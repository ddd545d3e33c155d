"""What becomes of all that is held about a person: erasures, step by step, and the hold that forbids them.

One stream a person. What is asked is refused or recorded at once; each further step is recorded when it is done, so
that whoever is killed goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never
from uuid import UUID, uuid5

from shared.contracts.erasure import SERVICES, CleanedPlace, Scope
from shared.contracts.event import Event
from shared.contracts.profiles import (
    ErasureGround,
    ErasureOrdered,
    ErasureRequested,
    HoldLifted,
    HoldPlaced,
    KeysDestroyed,
    PersonErased,
    ServiceCleaned,
    WordsErased,
)
from shared.refusals import NotFound, Refusal
from shared.streams import Decider


class ErasureUnderWay(Refusal, code="erasure-under-way"):
    """An erasure of this person is under way: wait until it is complete."""


class OnLegalHold(Refusal, code="on-legal-hold"):
    """Nothing of this person may be erased for now, by law: their hold says why."""


class StillEmployed(Refusal, code="still-employed"):
    """A person is erased after they have left; their words can be erased at any time."""


class HoldInPlace(Refusal, code="hold-in-place"):
    """There is a hold already: lift it before another is placed."""


@dataclass(frozen=True, slots=True)
class RequestErasure:
    erasure: UUID
    person: UUID
    scope: Scope
    ground: ErasureGround
    asked_by: UUID | None
    employed: bool
    on: date


@dataclass(frozen=True, slots=True)
class NoteKeysDestroyed:
    erasure: UUID
    keys: int
    backups_end_on: date


@dataclass(frozen=True, slots=True)
class OrderCleaning:
    """No process holds a destroyed key any more."""

    erasure: UUID


@dataclass(frozen=True, slots=True)
class NoteCleaned:
    erasure: UUID
    service: str
    places: tuple[CleanedPlace, ...]
    on: date


@dataclass(frozen=True, slots=True)
class PlaceHold:
    person: UUID
    reason: str
    on: date


@dataclass(frozen=True, slots=True)
class LiftHold:
    person: UUID
    on: date


ErasureCommand = RequestErasure | NoteKeysDestroyed | OrderCleaning | NoteCleaned | PlaceHold | LiftHold


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far an erasure is: complete when every service has cleaned its stores."""

    asked: ErasureRequested
    keys: KeysDestroyed | None = None
    ordered: bool = False
    cleaned: Mapping[str, tuple[CleanedPlace, ...]] = field(default_factory=dict)
    complete_on: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """All erasures of a person, oldest first, and the hold if there is one."""

    erasures: Mapping[UUID, Erasure] = field(default_factory=dict)
    hold: HoldPlaced | None = None

    @property
    def under_way(self) -> Erasure | None:
        return next((one for one in self.erasures.values() if one.complete_on is None), None)

    @property
    def erased(self) -> bool:
        return any(one.asked.scope == "person" for one in self.erasures.values())


def record_id(person: UUID) -> UUID:
    """The stream in which a person's erasures and holds are recorded."""
    return uuid5(person, "erasures")


def evolve(state: Record, event: Event) -> Record:
    match event:
        case HoldPlaced():
            return replace(state, hold=event)
        case HoldLifted():
            return replace(state, hold=None)
        case ErasureRequested():
            return replace(state, erasures={**state.erasures, event.erasure: Erasure(event)})
        case KeysDestroyed():
            return _further(state, event.erasure, keys=event)
        case ErasureOrdered():
            return _further(state, event.erasure, ordered=True)
        case ServiceCleaned():
            cleaned = {**state.erasures[event.erasure].cleaned, event.by_service: event.places}
            return _further(state, event.erasure, cleaned=cleaned)
        case WordsErased() | PersonErased():
            return _further(state, event.erasure, complete_on=event.effective_on)
        case _:
            return state


def decide(command: ErasureCommand, state: Record) -> Sequence[Event]:
    match command:
        case RequestErasure():
            return _request(command, state)
        case NoteKeysDestroyed():
            return _note_keys_destroyed(command, state)
        case OrderCleaning():
            return _order(command, state)
        case NoteCleaned():
            return _note_cleaned(command, state)
        case PlaceHold():
            return _place_hold(command, state)
        case LiftHold():
            if state.hold is None:
                raise NotFound
            return [HoldLifted(person=command.person, effective_on=command.on)]
        case _:
            assert_never(command)


DECIDER: Decider[ErasureCommand, Record] = Decider(Record(), evolve, decide)


def _request(command: RequestErasure, state: Record) -> Sequence[Event]:
    if state.erased and state.under_way is None:
        raise NotFound
    if state.under_way is not None:
        raise ErasureUnderWay
    if state.hold is not None:
        raise OnLegalHold
    if command.scope == "person" and command.employed:
        raise StillEmployed
    return [
        ErasureRequested(
            erasure=command.erasure,
            person=command.person,
            scope=command.scope,
            ground=command.ground,
            asked_by=command.asked_by,
            effective_on=command.on,
        )
    ]


def _note_keys_destroyed(command: NoteKeysDestroyed, state: Record) -> Sequence[Event]:
    erasure = _known(state, command.erasure)
    if erasure.keys is not None:
        return []
    return [
        KeysDestroyed(
            erasure=command.erasure,
            person=erasure.asked.person,
            keys=command.keys,
            backups_end_on=command.backups_end_on,
        )
    ]


def _order(command: OrderCleaning, state: Record) -> Sequence[Event]:
    erasure = _known(state, command.erasure)
    if erasure.ordered or erasure.keys is None:
        return []
    return [ErasureOrdered(erasure=command.erasure, person=erasure.asked.person, scope=erasure.asked.scope)]


def _note_cleaned(command: NoteCleaned, state: Record) -> Sequence[Event]:
    """The last service to report completes it."""
    erasure = _known(state, command.erasure)
    if command.service in erasure.cleaned:
        return []
    person = erasure.asked.person
    cleaned = ServiceCleaned(erasure=command.erasure, person=person, by_service=command.service, places=command.places)
    if {*erasure.cleaned, command.service} != set(SERVICES):
        return [cleaned]
    if erasure.asked.scope == "person":
        return [cleaned, PersonErased(erasure=command.erasure, person=person, effective_on=command.on)]
    by = erasure.asked.asked_by
    return [cleaned, WordsErased(erasure=command.erasure, person=person, asked_by=by, effective_on=command.on)]


def _place_hold(command: PlaceHold, state: Record) -> Sequence[Event]:
    """A hold comes too late for what is being erased: it says so rather than promise what it cannot keep."""
    if state.erased and state.under_way is None:
        raise NotFound
    if state.under_way is not None:
        raise ErasureUnderWay
    if state.hold is not None:
        raise HoldInPlace
    return [HoldPlaced(person=command.person, effective_on=command.on, reason=command.reason)]


def _known(state: Record, erasure: UUID) -> Erasure:
    if erasure not in state.erasures:
        raise NotFound
    return state.erasures[erasure]


def _further(state: Record, erasure: UUID, **told: object) -> Record:
    changed = replace(state.erasures[erasure], **told)  # type: ignore[arg-type]
    return replace(state, erasures={**state.erasures, erasure: changed})
