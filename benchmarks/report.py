"""Tables on the screen and in RESULTS.md, where each figure has a section of its own."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import HEAD, Result

RESULTS = Path(__file__).parent / "RESULTS.md"
INTRODUCTION = """# Results

What the last run of each figure came to (`make bench`, or `make bench ARGS="P1"`). Compare ratios, not rates: each row
stands beside a ceiling that was measured in the same run, in turns with it. What holds back those that miss their bar
stands in [HELD_BACK.md](HELD_BACK.md).
"""
_SECTION = re.compile(r"^## (\S+)", re.MULTILINE)


def screen(name: str, title: str, result: Result) -> str:
    """A table to read in a terminal."""
    lines = [HEAD, *(row.cells() for row in result.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    table = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([f"{name} {title}", *table, *(f"  {note}" for note in result.notes), ""])


def write(name: str, title: str, result: Result, machine: str) -> None:
    """Puts the figure's section in its place in RESULTS.md; those of the others stay."""
    rows = "\n".join("| " + " | ".join(cells) + " |" for cells in _table(result))
    notes = "".join(f"\n- {note}" for note in result.notes)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    section = f"## {name} {title}\n\n{when}; {machine}\n\n{rows}\n{notes and notes + chr(10)}"
    sections = {**_sections(), name: section}
    ordered = [sections[key] for key in sorted(sections, key=_number)]
    RESULTS.write_text("\n".join([INTRODUCTION, *ordered]))


def _table(result: Result) -> Sequence[Sequence[str]]:
    return [HEAD, ["---"] * len(HEAD), *(row.cells() for row in result.rows)]


def _sections() -> dict[str, str]:
    text = RESULTS.read_text() if RESULTS.exists() else ""
    begins = list(_SECTION.finditer(text))
    ends = [*(begin.start() for begin in begins[1:]), len(text)][: len(begins)]
    return {one.group(1): text[one.start() : end].rstrip() + "\n" for one, end in zip(begins, ends, strict=True)}


def _number(name: str) -> int:
    return int(name.removeprefix("P"))
