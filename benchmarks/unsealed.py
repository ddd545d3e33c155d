"""`python -m benchmarks.unsealed api`: profiles, which records words as they are. For P16 alone, never for people."""

import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from services.profiles.app import SERVICE
from shared.contracts.event import Event
from shared.sealing.sealer import Sealer
from shared.service import main, parts


class Unsealed(Sealer):
    """Asks for no key and encrypts nothing."""

    async def write(self, events: Sequence[Event]) -> list[bytes]:
        return [event.write(_as_it_is) for event in events]


def _as_it_is(_person: UUID, _context: str, value: bytes) -> Any:
    return orjson.Fragment(value)


if __name__ == "__main__":
    setattr(parts, Sealer.__name__, Unsealed)
    sys.exit(main(SERVICE))
