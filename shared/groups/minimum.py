"""How many people a figure is about at least."""

from dataclasses import dataclass

FLOOR = 3
"""No setting goes below it."""

MOST_DIMENSIONS = 2
"""By so many things at most is a figure grouped."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """People in a group at least: of what is counted; and of what they feel or wrote, where less says more."""

    counts: int = 5
    feelings: int = 10

    def __post_init__(self) -> None:
        if min(self.counts, self.feelings) < FLOOR:
            raise ValueError(f"a group has {FLOOR} people at least")
