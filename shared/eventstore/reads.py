"""Reads as groups: the streams that are waited for in one query, and command keys with them."""

from collections.abc import Iterable, Mapping, Sequence
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
_KEYED = f"""select {_FIELDS}, c.command_key, c.command_print
    from events c join events e on e.position between c.position and c.position + c.command_size - 1"""
_BOTH = f"""select {_FIELDS}, null::bytea, null::bytea from events e where e.stream = any ($1)
    union all {_KEYED} where c.command_key = any ($2)"""
_TAIL = f"select {_FIELDS} from events e where e.position > $1 order by e.position limit $2"

COMMANDS = f"{_KEYED} where c.command_key = any ($1)"
"""The events of commands, by their keys."""

_WIDTH = len(Stored._fields)
_by_version = itemgetter(Stored._fields.index("version"))


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams to read, and a command key to look up with them."""

    streams: tuple[UUID, ...]
    key: CommandKey | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """Events behind a position."""

    after: int
    limit: int


ReadJob = Job[Streams | Tail, Any]


@dataclass(frozen=True, slots=True)
class Statements:
    """What is prepared on the connection."""

    streams: PreparedStatement
    both: PreparedStatement
    tail: PreparedStatement


async def prepare(connection: asyncpg.Connection) -> Statements:
    """Prepares all of them."""
    return Statements(*[await connection.prepare(query) for query in (_STREAMS, _BOTH, _TAIL)])


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
        keys: list[bytes] = []
        for job in jobs:
            if isinstance(asked := job.asked, Tail):
                rows = await statements.tail.fetch(asked.after, asked.limit)
                job.succeed([Stored._make(row) for row in rows])
            else:
                streams.update((stream, []) for stream in asked.streams)
                if asked.key is not None:
                    keys.append(asked.key.key)
        if not streams and not keys:
            return
        commands: dict[bytes, list[asyncpg.Record]] = {}
        if keys:
            for row in await statements.both.fetch(list(streams), keys):
                if (key := row[_WIDTH]) is None:
                    streams[row[1]].append(Stored._make(row[:_WIDTH]))
                else:
                    commands.setdefault(key, []).append(row)
        else:
            rows = await statements.streams.fetch(list(streams))
            if len(streams) == 1:
                [stream] = streams
                streams[stream] = [Stored._make(row) for row in rows]
            else:
                for row in rows:
                    streams[row[1]].append(Stored._make(row))
        self._answer(jobs, streams, commands)

    def _answer(
        self,
        jobs: Iterable[ReadJob],
        streams: Mapping[UUID, list[Stored]],
        commands: Mapping[bytes, Sequence[asyncpg.Record]],
    ) -> None:
        for stream, events in streams.items():
            if events:
                events.sort(key=_by_version)
                self._versions.seen(stream, events[-1].version)
        for job in jobs:
            asked = job.asked
            if isinstance(asked, Streams):
                if asked.key is not None and (rows := commands.get(asked.key.key)):
                    job.fail(repetition(asked.key, rows))
                else:
                    # A copy: two who read one stream in one group do not share a list.
                    job.succeed({stream: streams[stream][:] for stream in asked.streams})


def repetition(key: CommandKey, rows: Iterable[asyncpg.Record]) -> CommandRepeated:
    """What to tell of a command that was carried out before, from rows of COMMANDS."""
    found = sorted(rows, key=itemgetter(0))
    return CommandRepeated(
        tuple(Stored._make(row[:_WIDTH]) for row in found), matches=found[0][_WIDTH + 1] == key.fingerprint
    )
