"""Reads as groups: the streams that are waited for in one query, and the keys of commands in another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from shared.eventstore.events import CommandKey, CommandRepeated, Overloaded, Stored
from shared.eventstore.lane import Job
from shared.eventstore.versions import Versions
from shared.postgres import LOST, Held

_FIELDS = ", ".join(f"e.{name}" for name in Stored._fields)
_STREAMS = f"select {_FIELDS} from events e where e.stream = any ($1)"
_TAIL = f"select {_FIELDS} from events e where e.position > $1 order by e.position limit $2"

COMMANDS = f"""select {_FIELDS}, c.command_key, c.command_print
    from events c join events e on e.position between c.position and c.position + c.command_size - 1
    where c.command_key = any ($1)"""
"""The events of commands, by their keys."""

_WIDTH = len(Stored._fields)
_by_version = itemgetter(Stored._fields.index("version"))


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams to read."""

    streams: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Tail:
    """Events behind a position."""

    after: int
    limit: int


ReadJob = Job[Streams | Tail | CommandKey, Any]


@dataclass(frozen=True, slots=True)
class Statements:
    """What is prepared on the connection."""

    streams: PreparedStatement
    commands: PreparedStatement
    tail: PreparedStatement


async def prepare(connection: asyncpg.Connection) -> Statements:
    """Prepares all of them."""
    return Statements(*[await connection.prepare(query) for query in (_STREAMS, COMMANDS, _TAIL)])


class Reads:
    """Carries out groups of reads on a held connection. A new one is waited for: reading twice harms nobody."""

    def __init__(self, held: Held[Statements], versions: Versions) -> None:
        self._held = held
        self._versions = versions

    async def run(self, jobs: Sequence[ReadJob]) -> None:
        """Answers each job."""
        while jobs:
            try:
                await self._carry_out(jobs)
            except LOST:
                self._held.lost()
            except asyncpg.QueryCanceledError:
                for job in jobs:
                    job.fail(Overloaded("PostgreSQL gave the read up"))
            jobs = [job for job in jobs if not job.answer.done()]

    async def _carry_out(self, jobs: Sequence[ReadJob]) -> None:
        statements = await self._held.ready()
        streams: dict[UUID, list[Stored]] = {}
        commands: dict[bytes, list[asyncpg.Record]] = {}
        for job in jobs:
            match job.asked:
                case Streams(wanted):
                    streams.update((stream, []) for stream in wanted)
                case CommandKey(key):
                    commands[key] = []
                case Tail(after, limit):
                    job.succeed([Stored._make(row) for row in await statements.tail.fetch(after, limit)])
        if streams:
            for row in await statements.streams.fetch(list(streams)):
                streams[row[1]].append(Stored._make(row))
            for stream, events in streams.items():
                if events:
                    events.sort(key=_by_version)
                    self._versions.seen(stream, events[-1].version)
        if commands:
            for row in await statements.commands.fetch(list(commands)):
                commands[row[_WIDTH]].append(row)
        for job in jobs:
            match job.asked:
                case Streams(wanted):
                    # A copy: two who read one stream in one group do not share a list.
                    job.succeed({stream: streams[stream][:] for stream in wanted})
                case CommandKey(key) as asked:
                    job.succeed(repetition(asked, commands[key]) if commands[key] else None)
                case Tail():
                    pass  # answered above


def repetition(key: CommandKey, rows: Iterable[asyncpg.Record]) -> CommandRepeated:
    """What to tell of a command that was carried out before, from rows of COMMANDS."""
    found = sorted(rows, key=itemgetter(0))
    return CommandRepeated(
        tuple(Stored._make(row[:_WIDTH]) for row in found), matches=found[0][_WIDTH + 1] == key.fingerprint
    )
