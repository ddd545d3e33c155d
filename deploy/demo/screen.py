"""What the story shows: one screen of short lines, a bar while something takes longer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.demo.ways import Way

INDENT = " " * 5


class Screen:
    """Everything that is printed."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=110)
        self._step = 0

    def title(self, text: str) -> None:
        self._console.print(f"\n[bold]{text}[/bold]")

    def step(self, text: str) -> None:
        """The next thing that happens."""
        self._step += 1
        self._console.print(f"[bold cyan]{self._step:>2}[/bold cyan] {text}")

    def line(self, text: str) -> None:
        """Below a step; what is longer than the screen goes on under its beginning."""
        lines = fill(text, self._console.width, initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False)
        self._console.print(lines, markup=False, soft_wrap=True)

    def command(self, text: str) -> None:
        """A line to copy: neither wrapped nor coloured."""
        self._console.print(text, soft_wrap=True, markup=False)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Shows that something goes on."""
        with self._console.status(f"{text} …"):
            yield

    def ways(self, ways: Sequence[tuple[Way, float | None]]) -> None:
        """The way of each event, with the milliseconds after which the timeline showed it."""
        for way, visible_ms in ways:
            seen = "" if visible_ms is None else f" → in the timeline by {visible_ms:.0f} ms"
            self._console.print(f"     [dim]{way}{seen}[/dim]", soft_wrap=True)

    def timeline(self, entries: Sequence[tuple[str, str]]) -> None:
        """Date and sentence of each entry."""
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        for day, sentence in entries:
            table.add_row(f"     [dim]{day}[/dim]", sentence)
        self._console.print(table)

    def flows(self, flows: Sequence[Mapping[str, Any]], most: int) -> None:
        """HR's view: a bar for each flow, the largest first."""
        largest = max((flow["moves"] for flow in flows), default=1)
        for flow in flows[:most]:
            name = f"{flow['from_unit']['name']} → {flow['to_unit']['name']}"
            bar = "█" * max(1, round(24 * flow["moves"] / largest))
            self._console.print(f"     {name:<40} [cyan]{bar}[/cyan] {flow['moves']}")
