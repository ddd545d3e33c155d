"""What the checker has looked at, and what it found wrong."""

from collections import Counter
from dataclasses import dataclass, field

NAMED = 20  # of one kind; the others are counted


@dataclass(slots=True)
class Findings:
    looked: Counter[str] = field(default_factory=Counter)
    """What was checked → how often."""
    wrong: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    """What is neither right nor wrong: second deliveries, events by service …"""
    _named: Counter[str] = field(default_factory=Counter)

    def check(self, what: str, holds: object, detail: object = "") -> None:
        """`what` is a sentence that is to hold; `detail` says where it does not."""
        self.looked[what] += 1
        if holds:
            return
        self._named[what] += 1
        if self._named[what] <= NAMED:
            self.wrong.append(f"not so: {what}: {detail}")
        elif self._named[what] == NAMED + 1:
            self.wrong.append(f"not so: {what}: and more")
