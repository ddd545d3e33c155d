"""Last step of a job: what was checked becomes events, person by person, each atomic and each judged by what holds now.

Nothing is remembered of what was told but how far the job is: who is taken up again has nothing left to be told. A page
of people is read, compared and sealed together and appended side by side, so that their appends share commits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID, uuid4

from services.profiles.identity import AliasStreams, Claim, Holder, claim, holder
from services.profiles.imports import units as unit_rules
from services.profiles.imports.current import events_of, known_people
from services.profiles.imports.difference import Known, describing, difference
from services.profiles.imports.history import described, desired
from services.profiles.imports.jobs import Job, Progress
from services.profiles.imports.problems import Problem
from services.profiles.imports.reading import as_history, managers_named
from services.profiles.imports.rows import HistoryRow
from services.profiles.imports.snapshot import absent, present
from services.profiles.imports.staging import StagedPerson, Staging
from services.profiles.imports.units import StatedUnit
from services.profiles.person import Fact
from services.profiles.unit import unit_id
from shared.contracts.event import Event
from shared.contracts.profiles import AliasAdded, PersonJoined, PersonLeft
from shared.eventstore import Append, Change, OutcomeUnknown, Overloaded, VersionConflict
from shared.sealing.keys import PersonErased
from shared.service import Parts

T = TypeVar("T")

PAGE = 200
"""People read, compared and sealed together."""

IN_FLIGHT = 16
"""Appends under way at once: enough to share commits, few enough that a group of them holds nobody up."""

ATTEMPTS = 5
"""How often some of a page are taken up again where another writer was first, or the answer was lost."""


class Unfinished(Exception):
    """Others were first again and again, or the store does not answer: the job goes on later from where it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be told of one person or unit, all or none; `known` is what held before."""

    of: Literal["named", "unit", "person", "leaver"]
    about: UUID
    stream: UUID
    version: int
    events: tuple[Event, ...]
    claims: tuple[Claim, ...] = ()
    known: Mapping[UUID, Fact] = field(default_factory=dict)
    """The facts that held before."""


class Applier:
    """Applies one job. In a dry run everything is done but the appends."""

    def __init__(
        self,
        job: Job,
        progress: Progress,
        staging: Staging,
        parts: Parts,
        aliases: AliasStreams,
    ) -> None:
        self._options = job.options
        self._by = job.by
        self._progress = progress
        self._staging = staging
        self._store = parts.store
        self._streams = parts.streams
        self._sealer = parts.sealer
        self._aliases = aliases
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._erased: set[UUID] = set()

    # Those who are named by others come first: their ids stand in others' facts

    async def name(self, page: Sequence[StagedPerson]) -> None:
        """Gives those named an id, under which they may join later; HR's number leads to it."""
        await self._until_told({one.about: one for one in page}, self._plans_of_named)

    async def _plans_of_named(self, named: Mapping[UUID, StagedPerson]) -> list[Plan]:
        held = await self._holders(named)
        await self._staging.resolve({about: one.person for about, one in held.items() if one.person is not None})
        plans = []
        for about, one in named.items():
            if held[about].person is None:
                person = uuid4()
                claims = (claim(about, held[about], person),)
                plans.append(Plan("named", about, person, 0, (self._number(person, one.number),), claims))
        return plans

    # Units

    async def units(self, stated: Sequence[StatedUnit]) -> None:
        """Tells what is new of units, parents as good as children: who reads takes either first."""
        await self._until_told({unit_id(one.code): one for one in stated}, self._plans_of_units)

    async def _plans_of_units(self, stated: Mapping[UUID, StatedUnit]) -> list[Plan]:
        streams = await self._store.read_many(list(stated))
        numbers = {number for one in stated.values() for _, number in one.leaders or () if number is not None}
        people = await self._people(numbers)
        plans = []
        for unit, one in stated.items():
            events = tuple(unit_rules.events(one, events_of(streams[unit]), people))
            plans.append(Plan("unit", unit, unit, len(streams[unit]), events))
        return plans

    # People

    async def people(self, page: Sequence[StagedPerson]) -> None:
        """Makes what is known of these people what their rows say."""
        await self._until_told({one.about: one for one in page}, self._plans_of_people)
        self._progress.people_done += len(page)

    async def _plans_of_people(self, staged: Mapping[UUID, StagedPerson]) -> list[Plan]:
        held = await self._holders(staged)
        rows = await self._staging.person_rows(staged)
        people = await self._people({number for mine in rows.values() for number in managers_named(mine)})
        who = {about: one.person or uuid4() for about, one in held.items()}
        begun = [one.person for one in held.values() if one.person is not None]
        known = await known_people(await self._store.read_many(begun), self._sealer) if begun else {}
        plans = []
        for about, one in staged.items():
            person, now = who[about], known.get(who[about], Known())
            if now.erased:
                await self._report_erased(about)
                continue
            history = as_history(rows[about], self._options.mapping.defaults)
            told = difference(person, now, self._stated(person, history, now, people))
            said = describing(person, now, described(history), self._options.as_of)
            claims: tuple[Claim, ...] = ()
            if held[about].person is None and not (self._options.dry_run and one.is_named):
                claims = (claim(about, held[about], person),)
                said = [self._number(person, one.number), *said]
            joined = [event for event in told if isinstance(event, PersonJoined)]
            events = (*joined, *said, *(event for event in told if not isinstance(event, PersonJoined)))
            plans.append(Plan("person", about, person, now.version, events, claims, now.facts))
        return plans

    def _stated(
        self, person: UUID, rows: Sequence[HistoryRow], known: Known, people: Mapping[str, UUID]
    ) -> Sequence[Fact]:
        """The facts that are to hold."""
        if self._options.mode == "snapshot":
            return present(person, rows, known.facts.values(), people, self._options.as_of)
        return desired(person, rows, people)

    # Who is absent from a snapshot

    async def leave(self, people: Sequence[UUID]) -> None:
        """Makes those who are absent have left, as far as they are in the organisation."""

        async def plan(absentees: Mapping[UUID, UUID]) -> list[Plan]:
            known = await known_people(await self._store.read_many(list(absentees)), self._sealer)
            plans = []
            for person, one in known.items():
                told = difference(person, one, absent(person, one.facts.values(), self._options.as_of))
                plans.append(Plan("leaver", person, person, one.version, tuple(told), known=one.facts))
            return plans

        await self._until_told({person: person for person in people}, plan)

    # Telling

    async def _until_told(
        self, waiting: Mapping[UUID, T], plan: Callable[[Mapping[UUID, T]], Awaitable[list[Plan]]]
    ) -> None:
        """Plans and tells, and does so anew for those with whom another writer was first. Raises Unfinished."""
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(attempt * 0.1)
            again = await self._tell(await plan(waiting))
            if not again:
                return
            waiting = {about: one for about, one in waiting.items() if about in again}
        raise Unfinished

    async def _tell(self, plans: Sequence[Plan]) -> set[UUID]:
        """Tells what is planned, and returns of whom that has to be tried anew."""
        told = [one for one in plans if one.events]
        changes = {} if self._options.dry_run else await self._sealed(told)
        recorded = await asyncio.gather(*(self._append(one) for one in changes.values()))
        again = {about for about, done in zip(changes, recorded, strict=True) if not done}
        for one in plans:
            if one.about not in again | self._erased:
                self._count(one)
        if not self._options.dry_run:
            now = {one.about: one.stream for one in plans if one.of in ("named", "person") and one.about not in again}
            await self._staging.resolve(now)
        return again

    async def _sealed(self, plans: Sequence[Plan]) -> dict[UUID, tuple[Change, ...]]:
        """What is to be appended for each. All are sealed at once; of whom was erased, nothing is told."""
        try:
            events = iter(await self._streams.sealed([event for one in plans for event in _events(one)]))
        except PersonErased:
            if len(plans) == 1:
                await self._report_erased(plans[0].about)
                return {}
            each = [await self._sealed([one]) for one in plans]
            return {about: changes for one in each for about, changes in one.items()}
        return {
            one.about: tuple(
                Change(stream, version, tuple(islice(events, len(told)))) for stream, version, told in _appends(one)
            )
            for one in plans
        }

    async def _append(self, changes: tuple[Change, ...]) -> bool:
        """Whether it was recorded; if not, or if that is not known, it is to be planned anew."""
        async with self._room:
            try:
                await self._store.append(Append(changes, by=self._by, origin="import"))
            except (VersionConflict, Overloaded, OutcomeUnknown):
                return False
            return True

    async def _report_erased(self, about: UUID) -> None:
        if about in self._erased:
            return
        self._erased.add(about)
        rows = (await self._staging.person_rows([about])).get(about)
        if rows:
            problem = Problem(rows[0].at, "erased", "begins the rows of somebody who was erased: nothing is taken")
            await self._staging.put_problems(self._progress.problems, [problem])
            self._progress.problems += 1
            self._progress.people_left_out += 1

    def _count(self, plan: Plan) -> None:
        progress = self._progress
        match plan.of:
            case "unit":
                progress.units_changed += bool(plan.events)
            case "leaver":
                progress.people_left += any(isinstance(event, PersonLeft) for event in plan.events)
            case "person":
                if any(isinstance(event, PersonJoined) and event.fact not in plan.known for event in plan.events):
                    progress.people_new += 1
                elif plan.events:
                    progress.people_changed += 1
                else:
                    progress.people_unchanged += 1
            case "named":
                pass
        progress.corrections += sum(isinstance(event, Fact) and event.fact in plan.known for event in plan.events)
        for event in plan.events:
            progress.events[event.type] = progress.events.get(event.type, 0) + 1

    # Who is who

    async def _holders(self, about: Collection[UUID]) -> dict[UUID, Holder]:
        streams = await self._store.read_many(list(about))
        return {one: holder(stored) for one, stored in streams.items()}

    async def _people(self, numbers: Collection[str]) -> dict[str, UUID]:
        """Who has these employee numbers. In a dry run, who has no id yet is stood for by their number's stream."""
        streams = {number: self._aliases.stream("employee_number", number) for number in numbers}
        found = await self._staging.found(set(streams.values()))
        people: dict[str, UUID] = {}
        for number, about in streams.items():
            _, person = found[about]
            if person is None and not self._options.dry_run:
                raise Unfinished  # everybody who is named was given an id before
            people[number] = person or about
        return people

    def _number(self, person: UUID, number: str) -> AliasAdded:
        return AliasAdded(person=person, source="employee_number", value=number, effective_on=self._options.as_of)


def _appends(plan: Plan) -> list[Claim]:
    return [*plan.claims, (plan.stream, plan.version, plan.events)]


def _events(plan: Plan) -> list[Event]:
    return [event for _, _, events in _appends(plan) for event in events]
