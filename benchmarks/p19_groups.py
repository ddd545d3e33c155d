"""How much of HR's moves analysts can read, and what the attack on it came to (tests/groups/attack.py).

No rates: moves told are held against moves there were, and pairs that find few against all pairs. Asked is of each of
six releases: each kind, moves, all kinds; over spans of whole years, each quarter and each month; by nothing, one
or two things.
"""

from collections.abc import Mapping

from benchmarks.figures import Result, Row
from benchmarks.places import Place
from services.projections.moves_released import Fineness
from tests.groups.attack import EVERY_PERIOD, Released, attack, first_release

TITLE = "figures about groups: what can be read, and what subtraction finds"

_PERIODS: tuple[Fineness, ...] = ("month", "quarter", "year", "ever")


async def measure(_place: Place) -> Result:
    """Of the thousand employees of the sample."""
    first = first_release()
    found = attack(periods=EVERY_PERIOD)
    last = found.releases[-1]
    dated = sum(first.right[period] for period in ("month", "quarter", "year"))
    rows = [
        _row("moves told, by the first release", sum(first.right.values()), first.official, 0.95),
        _row("those told for a year or less", dated, first.official, 0.5),
        _row("moves told as they are, after late facts and corrections", sum(last.right.values()), last.official, 0.85),
        Row("pairs of answers that find few", len(found.few), found.pairs, "pairs", len(found.few), 0, better="less"),
    ]
    notes = [
        f"The first release: {_told(first)}.",
        f"After {len(found.releases)} releases: {_told(last)}; of the others a correction waits, or the move itself.",
        f"{found.questions:,} questions got {found.answers:,} answers, {found.sets:,} of them different ones.",
        f"Sums and differences of any number of answers are about {found.parts[0]} people at least, the minimum.",
    ]
    return Result(rows, notes)


def _row(case: str, told: int, official: int, bar: float) -> Row:
    return Row(case, told, official, "moves", told / official, bar)


def _told(released: Released) -> str:
    right: Mapping[Fineness, int] = released.right
    shares = ", ".join(f"{right.get(period, 0) / released.official:.0%} by {period}" for period in _PERIODS)
    return shares.replace("by ever", "for all the time")
