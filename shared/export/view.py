"""One thing that is held about a person, as it leaves in their export."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field


class Held(BaseModel):
    """One thing that is held about you: an event of this service, or a row of another place.

    `by`: `yourself`, another person's id, or a service; null where something was shared with you. `named_as`: the
    fields in which you are named. `values` stand in the open; `words` are sealed with a key of yours, and are clear
    here. `left_out` says of each other sealed value why it is not here: it is about another person, or it was erased.
    """

    place: str
    what: str
    type: str | None = None
    id: UUID | None = None
    recorded_at: datetime | None = None
    effective_on: date | None = None
    by: str | None = None
    origin: Literal["live", "import"] | None = None
    named_as: list[str] = Field(default_factory=list)
    values: dict[str, Any]
    words: dict[str, Any] = Field(default_factory=dict)
    left_out: dict[str, Literal["about_another_person", "erased"]] = Field(default_factory=dict)
