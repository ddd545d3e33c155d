"""What a figure comes to: rows of measured values, each beside its ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One value and what it is held against. `ratio` is measured ÷ ceiling, unless the row says otherwise."""

    case: str
    measured: float
    ceiling: float | None
    unit: str
    ratio: float
    bar: float
    stretch: float | None = None
    better: Literal["more", "less"] = "more"

    @property
    def reached(self) -> str:
        """ "stretch", "bar" or "no"."""
        if self.stretch is not None and self._holds(self.stretch):
            return "stretch"
        return "bar" if self._holds(self.bar) else "no"

    def _holds(self, limit: float) -> bool:
        return round(self.ratio, 2) >= limit if self.better == "more" else round(self.ratio, 2) <= limit

    def cells(self) -> list[str]:
        """As a line of the table."""
        sign = "≥" if self.better == "more" else "≤"
        return [
            self.case,
            f"{number(self.measured)} {self.unit}",
            "" if self.ceiling is None else f"{number(self.ceiling)} {self.unit}",
            f"{self.ratio:.2f}",
            f"{sign} {self.bar:g}",
            "" if self.stretch is None else f"{sign} {self.stretch:g}",
            self.reached,
        ]


HEAD = ["case", "measured", "ceiling", "ratio", "bar", "stretch", "reached"]


@dataclass(frozen=True, slots=True)
class Result:
    """A figure's rows, and what a reader should know of this run."""

    rows: Sequence[Row]
    notes: Sequence[str] = field(default=())


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
