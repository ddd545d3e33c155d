"""How long what is held about people is kept: the policy, and the record of the runs that ended what was over.

A person's words end year by year: a data class is kept for so many whole years after the year in which it was written.
Employment and directory end with the person, so many months after they have left.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.contracts.event import Event
from shared.contracts.profiles import RetentionApplied
from shared.sealing.erasure import WORDS
from shared.streams import Decider

AFTER_LEAVING = "after_leaving"
RECORD = uuid5(NAMESPACE_URL, "urn:careers:retention")
"""The stream of all runs."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`months`: after leaving, None for as long as nobody asks; `years` by data class, which are all of words."""

    months: int | None = 24
    years: Mapping[str, int] = field(
        default_factory=lambda: {"messages": 1, "opportunities": 3, "aspirations": 5, "conversations": 5}
    )

    def left_before(self, today: date) -> date | None:
        """Who left before this day is due."""
        if self.months is None:
            return None
        year, month = divmod(today.year * 12 + today.month - 1 - self.months, 12)
        return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))

    def first_kept(self, data_class: str, today: date) -> date:
        """The first day of the years that are kept."""
        return date(today.year - self.years[data_class], 1, 1)


def parse_years(written: str) -> Mapping[str, int]:
    """Of "messages:1,aspirations:5"; of "" no class ends by year. Raises ValueError.

    Data classes of words alone, and a year at least: the keys of others, and of this year, are in use.
    """
    years = {data_class: int(kept) for data_class, _, kept in (one.partition(":") for one in written.split(",") if one)}
    if not years.keys() <= WORDS or any(kept < 1 for kept in years.values()):
        raise ValueError(f"years, from 1 on, of {', '.join(sorted(WORDS))}")
    return years


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run did by a rule."""

    rule: str
    before: date
    people: int
    keys: int = 0
    held: int = 0
    backups_end_on: date | None = None


@dataclass(frozen=True, slots=True)
class NoteRun:
    run: UUID
    on: date
    ended: Sequence[Ended]


Runs = tuple[RetentionApplied, ...]
"""All that was done, oldest first."""


def part_after(runs: Runs) -> UUID:
    """The next part's id: the same until it is noted, so that whoever was killed before that is gone on with."""
    return uuid5(RECORD, str(len(runs)))


def evolve(state: Runs, event: Event) -> Runs:
    return (*state, event) if isinstance(event, RetentionApplied) else state


def decide(command: NoteRun, state: Runs) -> Sequence[Event]:
    """Each rule of a run once; where nobody was concerned there is nothing to note."""
    noted = {(one.run, one.rule) for one in state}
    return [
        RetentionApplied(
            run=command.run,
            effective_on=command.on,
            rule=one.rule,
            before=one.before,
            people=one.people,
            keys=one.keys,
            held=one.held,
            backups_end_on=one.backups_end_on,
        )
        for one in command.ended
        if one.people and (command.run, one.rule) not in noted
    ]


DECIDER: Decider[NoteRun, Runs] = Decider((), evolve, decide)
