"""What of an event is told to a person that it names, or who did it. Pure: sealed values stay sealed here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.auth.callers import on_whose_behalf
from shared.contracts.erasure import ErasureMarked
from shared.contracts.event import Event, Sealed
from shared.contracts.fields import people_named

YOURSELF = "yourself"
SHARED_WITH = "reader"
"""The field of every kind of sharing with whom it is shared with."""


@dataclass(frozen=True, slots=True)
class Told:
    """`named_as`: fields that are this person; `words`: what is sealed about them; `others`: what is about others.

    `names_others`: whether it is said whose it is, and who did it.
    """

    what: str
    named_as: tuple[str, ...]
    effective_on: date | None
    values: Mapping[str, Any]
    words: Mapping[str, Sealed]
    others: tuple[str, ...]
    names_others: bool = True


def tell(event: Event, person: UUID) -> Told | None:
    """As the person's export has it; None where it is somebody else's decision about their own words.

    Of what they did that names them nowhere, it is told that they did it: what it says is about others. Of what was
    shared with them, that something was, and when: it is somebody else's, who can take it back.
    """
    if isinstance(event, ErasureMarked) and event.person != person:
        return None
    named_as = tuple(name for name in people_named(type(event)) if getattr(event, name) == person)
    sealed = {name: value for name in event.sealed_about if isinstance(value := getattr(event, name), Sealed)}
    shared_with = named_as == (SHARED_WITH,)
    tells = bool(named_as) and not shared_with
    values = event.model_dump(mode="json", exclude_none=True, exclude={*event.sealed_about}) if tells else {}
    return Told(
        what=(type(event).__doc__ or "").strip(),
        named_as=named_as,
        effective_on=getattr(event, "effective_on", None) if named_as else None,
        values=values,
        words={name: value for name, value in sealed.items() if event.sealed_for(name) == person},
        others=tuple(name for name in sealed if event.sealed_for(name) != person),
        names_others=not shared_with,
    )


def told_by(by: str, person: UUID) -> str:
    """Who recorded it: `yourself`, another person's id, or a service; with the service account that acted for them."""
    who = on_whose_behalf(by)
    return f"{YOURSELF}{by[len(who) :]}" if who == str(person) else by


class Fact(NamedTuple):
    """HR's fact as it was told once; without a day: as it was taken back."""

    fact: str
    position: int
    recorded_at: datetime
    effective_on: date | None


def never_seen(told: Iterable[Fact]) -> set[int]:
    """Positions of what nobody has seen or will: facts that were taken back, or told anew, before their day.

    `told`: all that was told of the facts, in its order.
    """
    unseen: set[int] = set()
    seen: set[str] = set()
    last: dict[str, Fact] = {}
    for one in told:
        before = last.get(one.fact)
        if before is not None and before.effective_on is not None:
            if before.effective_on > one.recorded_at.date():
                unseen.add(before.position)
            else:
                seen.add(one.fact)
        if one.effective_on is None and one.fact not in seen:
            unseen.add(one.position)
        last[one.fact] = one
    return unseen
