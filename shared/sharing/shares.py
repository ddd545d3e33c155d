"""The read model `shares` of a service: who may read which edition of what, for every kind that is shared there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from shared.contracts.event import Event
from shared.contracts.reading import read_event
from shared.erasure.forgetting import Mark
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.sharing.rules import Kind


class Told(NamedTuple):
    """What happened to a sharing of a kind."""

    kind: Kind[Any]
    event: Any


class Shares:
    """Sealed words stay sealed in it."""

    name = "shares"
    tables = (Path(__file__).parent / "shares.sql").read_text()

    def __init__(self, *kinds: Kind[Any]) -> None:
        self._kinds = {event.type: kind for kind in kinds for event in (kind.shared, kind.changed, kind.withdrawn)}
        self.services = tuple(sorted({kind.shared.service for kind in kinds}))
        self.types = frozenset(self._kinds)

    def prepare(self, batch: Sequence[Heard]) -> tuple[Told, ...]:
        """In the order in which it was told."""
        found = ((heard, read_event(heard.type, heard.body)) for heard in batch)
        return tuple(Told(self._kinds[heard.type], event) for heard, event in found if isinstance(event, Event))

    async def write(self, connection: asyncpg.Connection, batch: tuple[Told, ...]) -> None:
        for kind, event in batch:
            await _apply(connection, kind, event)

    def forget(self, mark: Mark) -> Mapping[str, Statement]:
        return {"sharings": ("delete from shares where person = $1", (mark.person,))}


async def _apply(connection: asyncpg.Connection, kind: Kind[Any], event: Any) -> None:
    if event.type == kind.shared.type:
        await connection.execute(
            """insert into shares (share, kind, item, person, audience, reader, edition, later_editions, shared_on,
                   until, purpose, content, submission)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               on conflict (share) do update set edition = excluded.edition, shared_on = excluded.shared_on,
                   content = excluded.content""",
            event.share,
            kind.name,
            getattr(event, kind.item),
            getattr(event, kind.person),
            event.audience,
            event.reader,
            event.edition,
            event.later_editions,
            event.effective_on,
            event.until,
            None if event.purpose is None else orjson.dumps(event.purpose),
            orjson.dumps({name: getattr(event, name) for name in kind.content}),
            event.submission,
        )
    elif event.type == kind.changed.type:
        await connection.execute(
            "update shares set until = $2, later_editions = $3 where share = $1",
            event.share,
            event.until,
            event.later_editions,
        )
    else:
        await connection.execute("delete from shares where share = $1", event.share)
