"""`after=profiles:7:123`: what a command answered, given to a read that shall see it."""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.refusals import Invalid, Unacceptable

_FORM = re.compile(r"([a-z]{1,40}):([0-9]{1,5}):([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class After:
    """A position in a service's store, and the partition that it is published to."""

    service: str
    partition: int
    position: int

    def __str__(self) -> str:
        return f"{self.service}:{self.partition}:{self.position}"


def read_after(written: str) -> After:
    """Raises Unacceptable."""
    match = _FORM.fullmatch(written)
    if match is None:
        raise Unacceptable(invalid=(Invalid("after", "must be what a command answered as `after`", "query"),))
    return After(match[1], int(match[2]), int(match[3]))


class Waiter(Protocol):
    """Knows how far what a read shows has come."""

    async def wait(self, after: After, seconds: float) -> Literal["reached", "not-yet", "parked"]:
        """Waits at most so many seconds until `after` is visible."""
        ...
