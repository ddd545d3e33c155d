"""What is done to the house, and when: all of it follows from the seed."""

from dataclasses import dataclass
from random import Random
from typing import Literal

Kind = Literal[
    "api killed",
    "worker killed",
    "second worker killed",
    "all processes killed at once",
    "broker killed",
    "postmaster killed",
    "database backend killed",
    "database backend terminated",
    "api frozen",
    "worker frozen",
    "second worker frozen",
    "broker frozen",
    "database frozen",
    "database backend frozen",
]

# Of a hundred kills. What takes everything down is rare: a house that never stands has no load to get wrong.
KILLS: dict[Kind, int] = {
    "worker killed": 36,
    "api killed": 28,
    "second worker killed": 14,
    "database backend killed": 7,
    "broker killed": 7,
    "postmaster killed": 5,
    "all processes killed at once": 3,
}
# For each hundred kills, besides.
OTHERS: dict[Kind, int] = {
    "database backend terminated": 12,
    "worker frozen": 10,
    "second worker frozen": 5,
    "api frozen": 5,
    "database backend frozen": 5,
    "broker frozen": 4,
    "database frozen": 2,
}
SHORTEST, LONGEST = 1.0, 20.0  # seconds of a freeze


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` is seconds after the beginning; `chance` decides which one of a kind, of those that are there then."""

    at: float
    kind: Kind
    chance: float
    seconds: float = 0.0  # of a freeze

    @property
    def kills(self) -> bool:
        return self.kind in KILLS


def plan(seed: int, kills: int, seconds: float, *, longest: float = LONGEST) -> list[Fault]:
    """So many kills (SIGKILL of a process) and the other faults besides, spread over so many seconds."""
    random = Random(f"{seed}:plan")
    kinds = [*_share(KILLS, kills), *_share(OTHERS, round(kills * sum(OTHERS.values()) / 100))]
    random.shuffle(kinds)
    step = seconds / len(kinds)
    return [
        Fault(
            at=(number + random.random()) * step,
            kind=kind,
            chance=random.random(),
            seconds=random.uniform(SHORTEST, longest) if kind.endswith("frozen") else 0.0,
        )
        for number, kind in enumerate(kinds)
    ]


def _share(weights: dict[Kind, int], number: int) -> list[Kind]:
    """So many in all, by largest remainders; while there is room, each kind at least once."""
    total = sum(weights.values())
    counts = {kind: number * weight // total for kind, weight in weights.items()}
    if number >= len(weights):
        counts = {kind: max(1, count) for kind, count in counts.items()}
    by_remainder = sorted(weights, key=lambda kind: -(number * weights[kind] % total))
    for kind in by_remainder * number:
        if sum(counts.values()) == number:
            break
        counts[kind] += 1 if sum(counts.values()) < number else -int(counts[kind] > 1)
    return [kind for kind, count in counts.items() for _ in range(count)]
