"""What every service records of an erasure on its own topic: from here on it is so; and what was found and done."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event, Open
from shared.contracts.fields import Item, Person

Scope = Literal["words", "person"]
"""What a person wrote or said of themselves; or, after they left, all that leads to them."""

Done = Literal["unreadable", "deleted", "emptied"]

SERVICES = ("profiles", "conversations", "opportunities", "notifications", "projections")
"""Those that clean their own stores and report: an erasure is complete when all have."""


class CleanedPlace(BaseModel):
    """One place of a service: how much was found there, and what became of it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    place: str
    found: int
    done: Done


class ErasureMarked(Event, name="erasure._marked", version=1, subject="about"):
    """Never recorded itself: each service has its own."""

    erasure: Item
    person: Person
    about: Person
    scope: Annotated[Scope, Open("says what of the person is erased, and nothing of it")]
    number: Annotated[int, Open("one of several marks: whoever has applied all of them is done")]
    of: Annotated[int, Open("how many marks of this erasure there are on this topic")]


class ErasureReported(Event, name="erasure._reported", version=1, subject="person"):
    """Never recorded itself: each service has its own."""

    erasure: Item
    person: Person
    places: Annotated[tuple[CleanedPlace, ...], Open("numbers of what was found, and nothing of it")]
