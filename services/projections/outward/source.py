"""How the items of a kind are found as of now."""

from dataclasses import dataclass
from typing import Any

from services.projections.outward.due import Kind
from shared.contracts.outward import Content


@dataclass(frozen=True, slots=True)
class Source:
    """`now` gives a row for each item of $1 that is to be told: `item`, `effective_on`, `next_at` (when it changes by
    itself; null: never), `told` (whether there is anything to tell now), and the content's fields. `every` gives all
    items that the models know."""

    kind: Kind
    content: type[Content]
    now: str
    every: str

    def told(self, row: Any) -> Content:
        """What a row says."""
        given = {name: row[name] for name in self.content.model_fields}
        return self.content.model_validate({n: tuple(v) if isinstance(v, list) else v for n, v in given.items()})
