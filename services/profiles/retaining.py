"""Ends what is over by the policy of retention, a bounded part at a time: who asks goes on until nothing is due.

People are erased by the saga of erasures, as by anybody who asks; keys of old years are destroyed by the key store.
Whoever is on legal hold is kept, and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from services.profiles import erasure
from services.profiles.erasing import ASKED
from services.profiles.retention import AFTER_LEAVING, DECIDER, RECORD, Ended, NoteRun, Policy, Runs
from shared.auth.callers import on_whose_behalf
from shared.contracts.profiles import HoldPlaced
from shared.postgres import Migration, Pool
from shared.refusals import Refusal
from shared.relations.reads import Relations
from shared.service.parts import Keys
from shared.streams import Origin, Streams

MOST_PEOPLE = 100
MOST_KEYS = 5_000
"""In one part of a run."""

MIGRATION = Migration("profiles/0002_holds", (Path(__file__).parent / "0002_holds.sql").read_text())

_HELD = """
    select subject from (
        select distinct on (subject) subject, type from public.events
        where type in ('profiles.hold_placed.v1', 'profiles.hold_lifted.v1') order by subject, position desc) last
    where type = $1"""
# Who left last before a day ($1), of whom no erasure is under way, and who is not known to come back. That somebody who
# is erased had left stays known: they are not due again.
_LEFT = """
    select person, person = any ($2) as held from (
        select distinct on (e.person) e.person, e.kind, e.effective_on from relations.employment_facts e
        order by e.person, e.effective_on + (e.kind = 'left')::int desc, e.seq desc) last
    where kind = 'left' and effective_on < $1
        and not exists (select from public.erasures x where x.person = last.person and not x.complete)
        and not exists (select from public.erased z where z.person = last.person)
    order by person"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a rule: `ended` by this part of the run; of how many people and keys it is still due."""

    ended: Ended
    due_people: int
    due_keys: int = 0


class Retaining:
    """Over the policy of this process's settings."""

    def __init__(
        self, policy: Policy, pool: Pool, relations: Relations, streams: Streams, keys: Keys, *, backup_days: int
    ) -> None:
        self.policy = policy
        self._pool = pool
        self._relations = relations
        self._streams = streams
        self._keys = keys
        self._backups = timedelta(days=backup_days)

    async def run(self, run: UUID, origin: Origin, *, dry: bool) -> list[Outcome]:
        """One outcome a rule. With `dry` nothing is ended. Raises RelationsStale, KeysUnavailable."""
        await self._relations.require_fresh()
        today = datetime.now(UTC).date()
        dry = dry or any(one.run == run for one in await self.runs())  # asked again, a run ends no more
        held = [row["subject"] for row in await self._pool.fetch(_HELD, HoldPlaced.type)]
        outcomes = [await self._years(run, one, held, today, dry=dry) for one in sorted(self.policy.years)]
        if (before := self.policy.left_before(today)) is not None:
            outcomes.append(await self._after_leaving(run, before, held, today, origin, dry=dry))
        if not dry:
            note = NoteRun(run, today, [one.ended for one in outcomes])
            await self._streams.execute(DECIDER, RECORD, note, replace(origin, key=None))
        return outcomes

    async def runs(self) -> Runs:
        """All that was done, oldest first."""
        state, _ = await self._streams.state(DECIDER, RECORD)
        return state

    async def _years(self, run: UUID, data_class: str, held: Sequence[UUID], today: date, *, dry: bool) -> Outcome:
        first = self.policy.first_kept(data_class, today)
        found = await self._keys.retire(run, data_class, first.year, held, 0 if dry else MOST_KEYS)
        backups = today + self._backups if found.keys else None
        ended = Ended(data_class, first, found.people, found.keys, found.held_people, backups)
        return Outcome(ended, found.due_people, found.due_keys)

    async def _after_leaving(
        self, run: UUID, before: date, held: Sequence[UUID], today: date, origin: Origin, *, dry: bool
    ) -> Outcome:
        rows = await self._pool.fetch(_LEFT, before, list(held))
        due = [row["person"] for row in rows if not row["held"]]
        asked = 0
        for person in [] if dry else due[:MOST_PEOPLE]:
            command = erasure.RequestErasure(
                erasure=uuid5(run, str(person)),
                person=person,
                scope="person",
                ground="end_of_retention",
                asked_by=UUID(on_whose_behalf(origin.by)),
                employed=False,
                on=today,
            )
            try:
                await self._streams.execute(
                    erasure.DECIDER, erasure.record_id(person), command, replace(origin, key=None)
                )
            except Refusal:
                continue  # it is under way or complete, or a hold was placed meanwhile: the next run looks again
            # As the worker does once it has heard of it: the next part of the run must not find them again before.
            await self._pool.execute(ASKED, command.erasure, person, command.scope)
            asked += 1
        ended = Ended(AFTER_LEAVING, before, asked, held=len(rows) - len(due))
        return Outcome(ended, max(0, len(due) - (0 if dry else MOST_PEOPLE)))
