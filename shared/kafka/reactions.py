"""From an event to a command: functions that may run twice, and take effect once by the key of their command."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg

from shared.erasure.forgetting import Mark
from shared.eventstore import CommandKey
from shared.kafka.model import Statement
from shared.kafka.records import Heard
from shared.refusals import Refusal, Unavailable
from shared.sealing.keys import PersonErased

React = Callable[[Heard], Awaitable[None]]

_REFUSED = """
    insert into public.refused_reactions (reaction, event_id, service, position, type, subject, code)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"""


class Reactions:
    """A Model whose rows are other streams: its checkpoint moves when each event's function has returned.

    A command that is refused is recorded and done with. One that fails otherwise is tried again or parked, as a model's
    write is. There is nothing to rebuild: no reaction ever hears an event again because of a replay.
    """

    forget: Callable[[Mark], Mapping[str, Statement]]

    def __init__(
        self,
        name: str,
        table: Mapping[str, React],
        *,
        at_once: int = 16,
        forget: Callable[[Mark], Mapping[str, Statement]] | None = None,
        of_erased: bool = False,
    ) -> None:
        """`table`: wire type → function. `at_once`: how many subjects are seen to at the same time. `forget`: what an
        erasure takes of rows that the functions have made. `of_erased`: whether it hears of who is erased, too."""
        self.name = name
        self.types = frozenset(table)
        self.services = frozenset(wire_type.partition(".")[0] for wire_type in table)
        if forget is not None:
            self.forget = forget
        self.kept = frozenset(table) if of_erased else frozenset[str]()
        self._table = table
        self._at_once = asyncio.Semaphore(at_once)

    def prepare(self, batch: Sequence[Heard]) -> list[list[Heard]]:
        """By subject, in order."""
        subjects: dict[object, list[Heard]] = {}
        for heard in batch:
            subjects.setdefault((heard.service, heard.subject), []).append(heard)
        return list(subjects.values())

    async def write(self, connection: asyncpg.Connection, prepared: list[list[Heard]]) -> None:
        refused: list[tuple[object, ...]] = []
        seen = await asyncio.gather(*(self._subject(events, refused) for events in prepared), return_exceptions=True)
        for failure in seen:
            if failure is not None:
                raise failure
        if refused:
            await connection.executemany(_REFUSED, refused)

    async def _subject(self, events: Sequence[Heard], refused: list[tuple[object, ...]]) -> None:
        async with self._at_once:
            for event in events:
                try:
                    await self._table[event.type](event)
                except Unavailable:
                    raise
                except (Refusal, PersonErased) as no:
                    code = no.code if isinstance(no, Refusal) else "person-erased"
                    at = (event.service, event.position, event.type, event.subject)
                    refused.append((self.name, event.id, *at, code))


def reaction_key(reaction: str, heard: Heard) -> CommandKey:
    """The key under which a reaction's command is recorded, however often the event is heard."""
    key = hashlib.sha256(f"{reaction}:{heard.id}".encode()).digest()
    return CommandKey(key, key)
