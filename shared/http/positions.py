"""`after=profiles:7:123`: what a command answered, given to a read that shall see it."""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.contracts.reading import CATALOGUE
from shared.kafka.partitions import PARTITIONS
from shared.refusals import Invalid, Unacceptable

_SERVICES = "|".join(sorted({event.service for event in CATALOGUE.values()}))
_PARTITIONS = "|".join(map(str, range(PARTITIONS)))
FORM = f"^({_SERVICES}):({_PARTITIONS}):([0-9]{{1,18}})$"
"""Of services that record events, and partitions that there are: anything else would never be waited for."""

_FORM = re.compile(FORM)


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
