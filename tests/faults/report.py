"""What came of a run, for the screen and for RESULTS.md."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.run import Outcome

RESULTS = Path(__file__).parent / "RESULTS.md"
INTRODUCTION = """# Faults

What the last runs of `make faults` came to: kills and freezes under load, then callers' answers, stores, topics, read
models and messages compared. A kill is a SIGKILL of a process that ran. See `__init__.py` for the reading order.
"""
KEPT = 5  # runs in RESULTS.md, the newest first


def report(outcome: Outcome) -> str:
    """A section of Markdown that is read as well on a screen."""
    wanted, ledger, findings = outcome.wanted, outcome.ledger, outcome.findings
    answered = Counter(len(one.told) > 0 for one in ledger.commands)
    facts = {
        "commands sent": len(ledger.commands),
        "attempts (with repeats after silence, errors and 5xx)": sum(one.attempts for one in ledger.commands),
        "commands that took more than one attempt": sum(one.attempts > 1 for one in ledger.commands),
        "acknowledged": len(ledger.acknowledged()),
        "refused": len(ledger.refused()),
        "never answered": answered[False],
        "reads": ledger.reads,
        "slowest answer, s": f"{ledger.slowest:.1f}",
        **findings.facts,
    }
    lines = [
        f"## Seed {wanted.seed}: {outcome.kills} kills, {'clean' if outcome.clean else 'NOT CLEAN'}",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {_machine()}; {wanted.callers} callers; "
        + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome.seconds.items()),
        "",
        *_table(("done to it", "times"), sorted(outcome.done.items(), key=lambda one: (-one[1], one[0]))),
        "",
        *_table(("seen", ""), facts.items()),
        "",
        *_table(("checked", "times"), findings.looked.items()),
        "",
        *(f"- {wrong}" for wrong in findings.wrong),
    ]
    return "\n".join(lines).rstrip() + "\n"


def write(section: str) -> None:
    """Puts the newest run before the others."""
    text = RESULTS.read_text() if RESULTS.exists() else ""
    before = [f"## {one.rstrip()}\n" for one in text.split("\n## ")[1:]]
    RESULTS.write_text("\n".join([INTRODUCTION, section, *before[: KEPT - 1]]))


def _table(head: tuple[str, str], rows: object) -> list[str]:
    return [
        f"| {head[0]} | {head[1]} |",
        "| --- | ---: |",
        *(f"| {name} | {value} |" for name, value in rows),  # type: ignore[attr-defined]
    ]


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].split("Processor")[0].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "processor unknown",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, load {os.getloadavg()[0]:.1f}"
