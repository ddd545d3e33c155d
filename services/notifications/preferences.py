"""How a person wants to be told: in which language, by mail or not, and of what not at all. One stream a person.

Until somebody says so: in the language that HR reported, by mail too, of everything. What is muted is told nowhere,
neither in the inbox nor by mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from services.notifications.tellings import Kind
from shared.contracts.event import Event, Private
from shared.contracts.notifications import PreferencesSet
from shared.contracts.profiles import Language
from shared.streams import Decider

_PREFERENCES = uuid5(NAMESPACE_URL, "urn:careers:notification-preferences")


def preferences_id(person: UUID) -> UUID:
    """The stream of a person's preferences."""
    return uuid5(_PREFERENCES, str(person))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPreferences:
    """All of them: what is not given goes back to its default."""

    person: UUID
    language: Language | None
    email: bool
    muted: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Preferences:
    """As they stand in the stream, sealed there: the reader unseals what it needs."""

    language: Private[Language] | None = None
    email: Private[bool] = True
    muted: Private[tuple[str, ...]] = ()


def evolve(state: Preferences, event: Event) -> Preferences:
    if isinstance(event, PreferencesSet):
        return Preferences(event.language, event.email, event.muted)
    return state


def decide(command: SetPreferences, state: Preferences) -> Sequence[Event]:
    """Sealed values are never equal, so that the same again counts as said anew."""
    muted = tuple(sorted(set(command.muted)))
    if state == Preferences(command.language, command.email, muted):
        return []
    return [PreferencesSet(person=command.person, language=command.language, email=command.email, muted=muted)]


DECIDER: Decider[SetPreferences, Preferences] = Decider(Preferences(), evolve, decide)
