"""What a reader gets of a row of the timeline: open values by name, words unsealed at this edge alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, Field

from services.projections.stories import SHARES, STORIES, Kind, Story
from shared.contracts.event import Event
from shared.contracts.profiles import AudienceKind
from shared.contracts.reading import CATALOGUE, read_event
from shared.sealing.sealer import Sealer


class SharedWith(BaseModel):
    """Who may read it, until which day: for its owner alone."""

    audience: AudienceKind
    reader: UUID | None
    until: date | None
    later_editions: bool


class Entry(BaseModel):
    """One fact of a career story."""

    id: UUID
    kind: Kind
    effective_on: date = Field(description="The calendar date from which on it holds, where the person was.")
    recorded_at: datetime = Field(description="When this version of it became known.")
    title: str | None = Field(description="The title of the place, or of the opportunity.")
    unit: str | None = Field(description="The name of the unit of the place or opportunity, as it is called today.")
    details: dict[str, Any] = Field(description="Its open values: official data, dates, and the ids of its items.")
    content: dict[str, Any] | None = Field(description="Its words; null where there are none, or none any more.")
    audience: SharedWith | None = Field(description="With whom it was shared; null for other readers than its owner.")


@dataclass(frozen=True, slots=True)
class Reading:
    """To whom entries are shown."""

    own: bool


async def entries(rows: Sequence[asyncpg.Record], to: Reading, sealer: Sealer) -> list[Entry]:
    """The entries of rows, in their order. The keys of all of them are asked for at once."""
    read = [_read(row["type"], row["body"]) for row in rows]
    words = await sealer.clear([_words(story, values, to) for story, values in read])
    return [
        _entry(row, story, values, clear, to) for row, (story, values), clear in zip(rows, read, words, strict=True)
    ]


def _read(wire_type: str, body: bytes) -> tuple[Story, dict[str, Any]]:
    """A row may be of an older version than these contracts."""
    if wire_type in CATALOGUE:
        return STORIES[wire_type], orjson.loads(body)
    event = read_event(wire_type, body)
    if not isinstance(event, Event):
        raise TypeError(wire_type)
    return STORIES[event.type], event.model_dump(mode="json", exclude_none=True)


def _words(story: Story, values: Mapping[str, Any], to: Reading) -> dict[str, Any]:
    fields = (*story.words, *story.own_words) if to.own else story.words
    return {name: values[name] for name in fields if name in values}


def _entry(row: asyncpg.Record, story: Story, values: Mapping[str, Any], words: dict[str, Any], to: Reading) -> Entry:
    content = {name: value for name, value in words.items() if value is not None}
    # An aspiration's words have names of their own.
    content.update(content.pop("content", {}))
    return Entry(
        id=row["id"],
        kind=story.kind,
        effective_on=row["effective_on"],
        recorded_at=row["recorded_from"],
        title=values.get("title", row["posted_title"]),
        unit=row["unit_name"],
        details={name: values[name] for name in story.shown if name in values},
        content=content or None,
        audience=_shared_with(row, values) if to.own and row["audience"] in SHARES else None,
    )


def _shared_with(row: asyncpg.Record, values: Mapping[str, Any]) -> SharedWith:
    return SharedWith(
        audience=row["audience"],
        reader=row["reader"],
        until=row["until"],
        later_editions=values.get("later_editions", False),
    )
