"""The attack: every question that analysts may ask of every release, and every difference of two answers.

What HR reported of the thousand employees of the sample is released again and again, with late facts and corrections in
between; some are aimed at groups, so that few would stay behind, or few would leave. An answer is the set of moves that
it counts, as bits of a number: to unite disjoint sets is to add their numbers. So the code that answers analysts is
given sets in place of figures, and adds them to sets.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import get_args
from uuid import UUID

from services.projections.movement import Fact as Report
from services.projections.movement import Kind, Move, moves_of
from services.projections.moves_reads import GroupBy, MovesAsked
from services.projections.moves_released import Fineness, Told, count, fineness, labels_of, span
from shared.groups import Fact, Group, Label, regroup, told
from tests.projections.employees import departments, employees, facts_of, person_id, unit_id

MINIMUM = 5
UNTIL = (
    date(1996, 12, 31),
    date(1999, 6, 30),
    date(1999, 7, 31),
    date(2001, 3, 31),
    date(2001, 4, 30),
    date(2002, 8, 31),
)
"""Up to which day each release goes."""

Period = tuple[date | None, date | None]

ALWAYS: Sequence[Period] = [(None, None)]
YEARS: Sequence[Period] = [
    *ALWAYS,
    *((date(year, 1, 1), None) for year in range(1985, 2003)),
    *((None, date(year, 12, 31)) for year in range(1985, 2003)),
    *((date(year, 1, 1), date(year, 12, 31)) for year in range(1985, 2003)),
]
EVERY_PERIOD: Sequence[Period] = [
    *YEARS,
    *((date(first, 1, 1), date(last, 12, 31)) for first in range(1985, 2002) for last in range(first + 1, 2003)),
    *(span(f"{year}-Q{quarter}") for year in range(1985, 2003) for quarter in range(1, 5)),
    *(span(f"{year}-{month:02}") for year in range(1985, 2003) for month in range(1, 13)),
]
"""Spans of whole years, quarters, months. Longer spans of months are sums of these: `parts` knows of them, too."""

Regroup = Callable[[Sequence[Group], Sequence[Fact], int], list[Group]]

_EACH: Sequence[Kind] = [kind for kinds in get_args(Kind) for kind in get_args(kinds)]
_KINDS: Sequence[Sequence[Kind]] = [(), _EACH, *((kind,) for kind in _EACH)]
_GROUPINGS: Sequence[Sequence[GroupBy]] = [
    (),
    *((one,) for one in get_args(GroupBy)),
    *combinations(get_args(GroupBy), 2),
]


class Organisation:
    """The sample, as HR reports and corrects it; `late` reports come after the first release."""

    def __init__(self, seed: int = 7, *, late: int = 60) -> None:
        self.chance = random.Random(seed)
        self.reports = {person_id(number): list(facts_of(number, one)) for number, one in employees().items()}
        self.late: list[tuple[UUID, Report]] = []
        self._sequence = 1_000
        for person in self.chance.sample(sorted(self.reports), late):
            report = self.chance.choice(self.reports[person][1:])
            self.reports[person].remove(report)
            self.late.append((person, report))

    def moves(self) -> list[tuple[UUID, Move]]:
        """Of all people, by the rules of official moves."""
        return [(person, move) for person, reports in self.reports.items() for move in moves_of(reports, {})]

    def correct(self, groups: Sequence[Group]) -> None:
        """Late facts, corrections here and there, and some that take most of a group away, or few of it."""
        for person, report in self.late[:20]:
            self.reports[person].append(report)
        del self.late[:20]
        for person in self.chance.sample(sorted(self.reports), 40):
            self._correct(person, self.chance.choice(self.reports[person]), self._another_day(400))
        by_id = {move.id: (person, move) for person, move in self.moves()}
        small = [group for group in groups if group.label is not None and len(group.members) < 40]
        for group in self.chance.sample(small, min(24, len(small))):
            people = [by_id[each] for each in sorted(group.members) if each in by_id]
            few = self.chance.randint(1, MINIMUM - 1)
            change = self.chance.choice(
                (self._another_day(400), self._another_day(40), _withdrawn, self._another_unit())
            )
            for person, move in people[few:] if self.chance.random() < 0.7 else people[:few]:
                for report in [one for one in self.reports[person] if one.effective_on == move.effective_on]:
                    self._correct(person, report, change)

    def _correct(self, person: UUID, report: Report, change: Callable[[Report], Report]) -> None:
        self._sequence += 1
        self.reports[person] = [one for one in self.reports[person] if one.source != report.source]
        self.reports[person].append(replace(change(report), seq=self._sequence))

    def _another_day(self, most: int) -> Callable[[Report], Report]:
        days = timedelta(days=self.chance.randint(-most, most))
        return lambda report: replace(report, effective_on=report.effective_on + days)

    def _another_unit(self) -> Callable[[Report], Report]:
        unit = unit_id(self.chance.choice(sorted(departments())))
        return lambda report: replace(report, unit=unit) if report.kind == "held" else report


def _withdrawn(report: Report) -> Report:
    return replace(report, kind="withdrawn")


@dataclass(frozen=True, slots=True)
class Released:
    """A release, and the moves behind it."""

    official: int
    """Moves as HR has them then."""
    counts: Mapping[Label, int]
    sets: Mapping[Label, int]
    right: Mapping[Fineness, int]
    """Official moves by the period for which they are told as what they are; the others wait, or a correction does."""


@dataclass(slots=True)
class Found:
    """What came of it."""

    releases: list[Released]
    questions: int = 0
    answers: int = 0
    """Cells, and the sums beside them."""
    sets: int = 0
    """Different ones among the answers."""
    pairs: int = 0
    few: list[int] = field(default_factory=list)
    """Of each pair that differs by fewer people than the minimum, how many those are."""
    parts: list[int] = field(default_factory=list)
    """People in each part that sums and differences of any number of answers could be about, the smallest first."""


def attack(*, seed: int = 7, rule: Regroup = regroup, periods: Sequence[Period] = YEARS) -> Found:
    """Releases, asks and compares."""
    persons: list[UUID] = []  # whose move each bit is
    found = Found(list(_releases(Organisation(seed), rule, persons)))
    sets = {0}
    for released, (begins, ends), kinds in product(found.releases, periods, _KINDS):
        asked = {label: moves for label, moves in released.sets.items() if not kinds or label[0] in kinds}
        for grouping in _GROUPINGS:
            counted = count(asked, MovesAsked(begins, ends, kind=kinds, group_by=grouping))
            cells = counted.cells.values()
            answers = [*cells, counted.other, counted.wider, sum(cells) + counted.other]
            found.questions += 1
            found.answers += len(answers)
            sets.update(answers)
    found.sets = len(sets)
    _compare(sorted(sets, key=int.bit_count), persons, found)
    found.parts = sorted(len(_people(part, persons)) for part in _parts(sets))
    return found


def _releases(organisation: Organisation, rule: Regroup, persons: list[UUID]) -> Iterator[Released]:
    bits: dict[UUID, int] = {}
    groups: list[Group] = []
    for until in UNTIL:
        facts = [_fact(person, move, until) for person, move in organisation.moves() if move.effective_on <= until]
        for fact in facts:
            if fact.id not in bits:
                bits[fact.id] = 1 << len(persons)
                persons.append(fact.person)
        groups = rule(groups, facts, MINIMUM)
        yield _released(groups, {fact.id: fact for fact in facts}, bits)
        organisation.correct(groups)


def first_release() -> Released:
    """Of everything in the sample at once, without corrections."""
    until, moves = date(2002, 12, 31), Organisation(late=0).moves()
    facts = {move.id: _fact(person, move, until) for person, move in moves}
    return _released(regroup([], facts.values(), MINIMUM), facts, {fact: 1 << bit for bit, fact in enumerate(facts)})


def _released(groups: Sequence[Group], facts: Mapping[UUID, Fact], bits: Mapping[UUID, int]) -> Released:
    counts: dict[Label, int] = {}
    sets: dict[Label, int] = {}
    right: dict[Fineness, int] = defaultdict(int)
    for label, alike in told(groups, MINIMUM).items():
        members = [(each, one.level) for one in alike for each in one.members]
        counts[label], sets[label] = len(members), sum(bits[each] for each, _ in members)
        now = [facts[each].labels[level] for each, level in members if each in facts]
        right[fineness(Told(*label).period)] += now.count(label)
    return Released(len(facts), counts, sets, right)


def _fact(person: UUID, move: Move, until: date) -> Fact:
    units = (str(move.from_unit or ""), str(move.to_unit or ""))
    titles = (move.from_title or "", move.to_title or "")
    return Fact(move.id, person, labels_of(move.kind, move.effective_on, units, titles, until))


def _compare(sets: Sequence[int], persons: Sequence[UUID], found: Found) -> None:
    """Every pair; where the numbers alone differ by more moves than few people have, so do the sets."""
    found.pairs = len(sets) * (len(sets) - 1) // 2
    most = max(persons.count(person) for person in set(persons)) * (MINIMUM - 1)
    sizes = [one.bit_count() for one in sets]
    for place, one in enumerate(sets):
        for other in range(place + 1, len(sets)):
            if sizes[other] - sizes[place] > most:
                break
            difference = one ^ sets[other]
            if difference.bit_count() <= most and (people := len(_people(difference, persons))) < MINIMUM:
                found.few.append(people)


def _parts(sets: Collection[int]) -> list[int]:
    """Moves that every answer counts together, or not at all."""
    parts = [(1 << max(one.bit_length() for one in sets)) - 1]
    for one in sets:
        parts = [piece for part in parts for piece in (part & one, part & ~one) if piece]
    told = 0
    for one in sets:
        told |= one
    return [part for part in parts if part & told]


def _people(moves: int, persons: Sequence[UUID]) -> set[UUID]:
    people = set()
    while moves:
        people.add(persons[(moves & -moves).bit_length() - 1])
        moves &= moves - 1
    return people
