"""One import from its files to its end: stage, check, apply. Whatever is killed on the way, it can be taken up again.

What is interrupted before anything was taken begins anew. People are taken in the order of their aliases' streams, and
the job remembers how far it is.
"""

from uuid import UUID

from services.profiles.identity import AliasStreams
from services.profiles.imports.apply import PAGE, Applier
from services.profiles.imports.check import Checker
from services.profiles.imports.current import events_of
from services.profiles.imports.jobs import Job, Jobs, Progress, State
from services.profiles.imports.shapes import check_files
from services.profiles.imports.stage import Stager
from services.profiles.imports.staging import Staging
from shared.contracts.profiles import PersonJoined
from shared.service import Parts


class Refused(Exception):
    """Nothing of the files is taken; the words say why."""


class Carrying:
    """Carries out what is left of one job."""

    def __init__(self, job: Job, jobs: Jobs, staging: Staging, parts: Parts) -> None:
        self._job = job
        self._jobs = jobs
        self._staging = staging
        self._parts = parts
        self._aliases = AliasStreams(parts.settings.secret)
        self._checker = Checker(job.options, staging, parts.store, self._aliases)
        self._progress = job.progress

    async def to_the_end(self) -> None:
        """Raises Refused, and whatever goes wrong with the parts."""
        if self._job.state == "applying":
            self._checker.files = self._job.files
        else:
            self._progress = Progress()
            await self._stage()
            await self._check()
        applier = Applier(self._job, self._progress, self._staging, self._parts, self._aliases)
        await self._advance("applying")
        await self._apply_names_and_units(applier)
        await self._apply_people(applier)

    async def _stage(self) -> None:
        await self._staging.clear(content=False)
        stager = Stager(self._job.options, self._staging, self._aliases)
        files = list(self._job.files)
        for number, file in enumerate(self._job.files):
            files[number] = await stager.file(number, file, self._progress)
            await self._jobs.advance(self._job.id, "staging", self._progress, files=files)
        self._checker.files = files
        kinds = [file.kind for file in files if file.kind is not None]
        if len(kinds) < len(files):
            raise Refused("a file cannot be read by its header: nothing is taken")
        for trouble in check_files(kinds, self._job.options.mode):
            raise Refused(trouble)

    async def _check(self) -> None:
        await self._advance("checking")
        await self._checker.check(self._progress, lambda: self._advance("checking"))
        if self._progress.problems and not self._job.options.take_good_rows:
            raise Refused("there are bad rows: nothing is taken")
        if (trouble := await self._checker.trouble()) is not None:
            raise Refused(trouble)

    async def _apply_names_and_units(self, applier: Applier) -> None:
        """First those whom others name, since their ids stand in the facts of others and of units."""
        after: UUID | None = None
        while page := await self._staging.people(after, PAGE, where="is_named and person is null"):
            after = page[-1].about
            await applier.name(page)
        self._progress.people_known_by_id = await self._known_by_id()
        stated, _ = await self._checker.stated_units()
        for start in range(0, len(stated), PAGE):
            await applier.units(stated[start : start + PAGE])

    async def _known_by_id(self) -> int:
        """How many are named of whom neither these files nor any before have said that they joined."""
        count, after = 0, None
        while page := await self._staging.people(after, PAGE, where="is_named and not has_rows"):
            after = page[-1].about
            people = [one.person for one in page if one.person is not None]
            streams = await self._parts.store.read_many(people) if people else {}
            joined = (any(isinstance(event, PersonJoined) for event in events_of(one)) for one in streams.values())
            count += len(page) - sum(joined)
        return count

    async def _apply_people(self, applier: Applier) -> None:
        done = self._job.checkpoint
        while page := await self._staging.people(done, PAGE, where="has_rows and not is_bad"):
            await applier.people(page)
            done = page[-1].about
            await self._advance("applying", done)
        if self._job.options.absent == "left":
            after: UUID | None = None
            while absent := await self._staging.absent(self._job.options.as_of, after, PAGE):
                await applier.leave(absent)
                after = absent[-1]
        await self._advance("applying", done)

    async def _advance(self, state: State, checkpoint: UUID | None = None) -> None:
        checkpoint = checkpoint or self._job.checkpoint
        await self._jobs.advance(self._job.id, state, self._progress, checkpoint=checkpoint)
