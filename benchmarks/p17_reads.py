"""What it costs that reads of others are noted: one aspiration, read by whom it is shared with.

The other one is the same service that notes nothing (benchmarks/unnoted.py). A read asks for the relation, the sharing
and the reader's day, and unseals the words; its note is written beside it, many at once.
"""

from statistics import median
from uuid import UUID, uuid4

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from benchmarks.rounds import Sample, interleaved
from benchmarks.serving import LONG_AGO, Compared, Process, Stage, stage
from benchmarks.wrk import load, write_requests
from shared.contracts import profiles
from shared.contracts.event import Event

TITLE = "reads of others, against the same reads without notes"

CASE = "a shared aspiration"
BAR = 0.9
WORDS = profiles.Aspiration(grain="skill", certainty="likely", text="I want to lead conversations with customers.")


class Reading:
    """A contestant: a process under load."""

    def __init__(self, process: Process, made: Stage) -> None:
        self._process = process
        self._requests = made.folder / "reads"
        self.cpu: list[float] = []

    async def __call__(self) -> Sample:
        """Raises RequestsFailed."""
        used = self._process.cpu()
        sample = await load(self._process.url, self._requests, seconds=2)
        self.cpu.append((self._process.cpu() - used) / sample.operations)
        return sample


async def measure(place: Place) -> Result:
    """One row. Raises ValueError unless the reads were noted."""
    async with stage(place, aspirations=0) as made:
        await _shared(made)
        with made.service() as noted, made.service(module="benchmarks.unnoted") as unnoted:
            await noted.answers("/readyz", 200)
            await unnoted.answers("/readyz", 200)
            ours, theirs = Reading(noted, made), Reading(unnoted, made)
            series = await interleaved({"noted": ours, "unnoted": theirs}, 11)
            one = Compared(CASE, series["noted"], series["unnoted"], (median(ours.cpu), median(theirs.cpu)))
        notes = await made.events.fetchval("select count(*) from audit.reads")
    if not notes:
        raise ValueError("nothing was noted")
    row = Row(CASE, one.service.rate(), one.ceiling.rate(), "/s", one.service.ratio(one.ceiling), BAR)
    return Result([row], [one.note(), f"Notes written: {notes:,}."])


async def _shared(made: Stage) -> None:
    """Everybody shares an aspiration with the next person."""
    owners = list(made.tokens)
    stories: list[Event] = []
    requests = []
    for owner, reader in zip(owners, [*owners[1:], owners[0]], strict=True):
        aspiration = uuid4()
        stories += _story(aspiration, owner, reader)
        requests.append((f"/v1/people/{owner}/aspirations/{aspiration}", made.tokens[reader]))
    await made.share(stories)
    write_requests(made.folder / "reads", "", requests)


def _story(aspiration: UUID, owner: UUID, reader: UUID) -> list[Event]:
    return [
        profiles.AspirationRecorded(aspiration=aspiration, person=owner, effective_on=LONG_AGO, content=WORDS),
        profiles.AspirationShared(
            aspiration=aspiration,
            person=owner,
            effective_on=LONG_AGO,
            share=uuid4(),
            audience="person",
            reader=reader,
            edition=1,
            content=WORDS,
        ),
    ]
