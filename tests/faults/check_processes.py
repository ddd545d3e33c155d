"""What the processes said of themselves: none of them ends because of what was done to others."""

import json
from collections import Counter
from contextlib import suppress

from deploy.careers.services import KINDS, SERVICES
from tests.faults.findings import Findings
from tests.faults.house import House

ENDS = ("task_died", "task_ended", "server_died", "process_failed")


def check_processes(house: House, findings: Findings) -> None:
    """By their logs; a line that a kill tore is skipped."""
    said: Counter[str] = Counter()
    for log in sorted(house.folder.logs.glob("*.log")):
        if not log.name.startswith(tuple(f"{name}-{kind}" for name in SERVICES for kind in KINDS)):
            continue
        for line in log.read_text(errors="replace").splitlines():
            with suppress(ValueError, AttributeError):
                told = json.loads(line)
                action = told.get("action")
                said[action] += 1
                frames = told.get("frames", [""])
                why = f"{log.stem}: {told.get('task', '')} {told.get('error', '')}: {frames[-3:]}"
                findings.check("no process ends by itself", action not in ENDS, why)
    findings.facts["terms of relays"] = said["relay_leads"]
    findings.facts["relays deposed"] = said["relay_deposed"]
    findings.facts["consumers replaced"] = said["consumer_replaced"]
    findings.facts["batches written again"] = said["apply_failed"]
    findings.facts["unhandled in the event loop"] = said["unhandled"]
    findings.facts["what libraries said"] = said["library"]
