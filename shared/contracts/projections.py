"""The event of projections, which owns no facts: that its read models were cleaned."""

from shared.contracts import erasure
from shared.contracts.event import Event


class ErasureReported(erasure.ErasureReported, name="projections.erasure_reported", version=1, subject="person"):
    """This service has cleaned its own stores of what an erasure took."""


EVENTS: tuple[type[Event], ...] = (ErasureReported,)
