"""What people are called, from HR's sealed words: unsealed at the edge of a read, for ids that it shows anyway."""

from collections.abc import Collection, Mapping
from uuid import UUID

import orjson

from shared.relations.reads import Rows
from shared.sealing.sealer import Sealer

_NAMES = "select person, name from people where person = any ($1) and name is not null"


class Names:
    """Asks this service's own relations."""

    def __init__(self, rows: Rows, sealer: Sealer) -> None:
        self._rows = rows
        self._sealer = sealer

    async def of(self, people: Collection[UUID]) -> Mapping[UUID, str]:
        """Those that are known and not erased. Raises KeysUnavailable."""
        if not people:
            return {}
        rows = await self._rows.fetch(_NAMES, sorted(set(people)))
        clear = await self._sealer.clear({row["person"]: orjson.loads(row["name"]) for row in rows})
        return {person: f"{name['given']} {name['family']}" for person, name in clear.items() if name is not None}
