"""What the README shows of `make demo` are the sentences that it prints, in their order, with true numbers."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.demo import run
from deploy.demo.organisation import organisation
from deploy.demo.screen import Screen
from deploy.demo.story import WORDS, Story
from services.projections.movement import moves_of
from tests.projections.employees import departments, employees, facts_of, unit_id

README = (Path(__file__).parents[2] / "README.md").read_text()
SHOWN = README.partition("<!-- demo -->\n```text\n")[2].partition("```")[0]
TEXT = " ".join(SHOWN.split())


def printed(by: type | Callable[..., Any], *methods: str) -> list[str]:
    """Each text that the source gives to these methods of the screen, in its order, as a pattern."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(by))) if isinstance(node, ast.Call)]
    texts = [(call.lineno, call.args[0]) for call in calls if getattr(call.func, "attr", "") in methods]
    return [_pattern(text) for _, text in sorted(texts, key=lambda one: one[0])]


def _pattern(text: ast.expr) -> str:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+?" for part in parts)


def test_the_readme_shows_each_sentence_in_its_turn() -> None:
    first, last = printed(run.play, "title")
    steps = [f" {number} {step}" for number, step in enumerate(printed(Story, "step"), 1)]
    for sequence in ([first, *steps, last], [first, *printed(Story, "step", "line"), last]):
        at = 0
        for sentence in sequence:
            found = re.compile(sentence).search(TEXT, at)
            assert found, f"after {TEXT[at - 60 : at]!r}: {sentence}"
            at = found.end()


def test_a_longer_line_goes_on_in_the_readme_as_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().line(f"Marc reads, what a minute ago was 404 for him: “{WORDS}”")
    assert capsys.readouterr().out in SHOWN


def test_the_readme_tells_of_the_same_people() -> None:
    people = organisation(date(2026, 11, 23))
    countries = {person.place.country for person in people}
    assert f"{len(people)} people of Halden Instruments, {len(countries)} countries" in TEXT


def test_the_timeline_in_the_readme_is_as_long_as_it_says() -> None:
    story = SHOWN.partition("\n 8 ")[0]
    entries = re.findall(r"^     \d\d \w{3} \d{4}  \S", story, re.MULTILINE)
    assert f"of these {len(entries)}:" in TEXT


def test_hrs_view_in_the_readme_has_the_samples_true_numbers() -> None:
    names = {unit_id(code): name for code, name in departments().items()}
    moves = [move for number, one in employees().items() for move in moves_of(facts_of(number, one), {})]
    flows = Counter(
        f"{names[move.from_unit]} → {names[move.to_unit]}"
        for move in moves
        if move.kind == "department_move" and move.from_unit is not None and move.to_unit is not None
    )
    kinds = Counter(move.kind for move in moves)
    bars = re.findall(r"^     (\S.* → .*\S) +█+ (\d+)$", SHOWN, re.MULTILINE)
    assert [int(count) for _, count in bars] == [count for _, count in flows.most_common(5)]
    assert {name: flows[name] for name, _ in bars} == {name: int(count) for name, count in bars}
    assert (
        f"{flows.total()} department moves over {len(flows)} flows, {kinds['title_change']} title changes,"
        f" {kinds['left']} left."
    ) in TEXT
