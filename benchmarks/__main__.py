"""`python -m benchmarks [P1 P6 …]`: measures, prints, and writes RESULTS.md. Each figure has a process of its own."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import uvloop

from benchmarks import report
from benchmarks.figures import Result, Row
from benchmarks.places import Place, machine, servers

HERE = Path(__file__).parent
MEASURE = "--measure"


def modules() -> dict[str, str]:
    """Figure → module, in the order of their numbers."""
    found = {f"P{int(path.stem[1:3])}": path.stem for path in sorted(HERE.glob("p[0-9][0-9]_*.py"))}
    return dict(sorted(found.items(), key=lambda one: int(one[0][1:])))


def measure(name: str) -> None:
    """In a process of the figure's own: prints the result as JSON in the last line."""
    module = importlib.import_module(f"benchmarks.{modules()[name]}")
    place = Place(os.environ["DATABASE_URL"], os.environ.get("KAFKA_BOOTSTRAP_SERVERS", ""))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result: Result = runner.run(module.measure(place))
        size = runner.run(machine(place.database_url))
    print(json.dumps({"rows": [asdict(row) for row in result.rows], "notes": [*result.notes], "machine": size}))


def main(names: list[str]) -> int:
    """All figures, or those named. Returns the exit code: 1 when a figure could not be measured."""
    known = modules()
    if unknown := [name for name in names if name not in known]:
        print(f"No figure {', '.join(unknown)}: there are {', '.join(known)}.", file=sys.stderr)
        return 2
    chosen = names or list(known)
    imported = {name: importlib.import_module(f"benchmarks.{known[name]}") for name in chosen}
    needed = sorted({server for module in imported.values() for server in getattr(module, "SERVERS", ("postgres",))})
    failed = 0
    with servers(needed) as environment:
        for name, module in imported.items():
            print(f"{name} {module.TITLE} …", file=sys.stderr, flush=True)
            run = subprocess.run(
                [sys.executable, "-m", "benchmarks", MEASURE, name],
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            if run.returncode:
                failed += 1
                print(f"{name} could not be measured.", file=sys.stderr)
                continue
            told = json.loads(run.stdout.splitlines()[-1])
            result = Result([Row(**row) for row in told["rows"]], told["notes"])
            print(report.screen(name, module.TITLE, result), flush=True)
            report.write(name, module.TITLE, result, told["machine"])
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == [MEASURE]:
        measure(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
