"""100,000 rows of a job history through the real processes: `python -m benchmarks.imports [PEOPLE]`.

Printed: rows a second, the worker's memory as the import goes on, and how long another command (POST /v1/people, one
after the other) takes before and meanwhile. Not one of the P figures: an import has no ceiling to stand beside.
"""

import csv
import io
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from deploy.local import instance
from deploy.local.folder import Folder
from deploy.local.state import State
from deploy.local.tokens import Issuer
from shared.http.limits import UNLIMITED

ROWS_EACH = 4
UNITS = 200
QUIET = 10.0
"""Seconds over which the other command is timed before the import begins."""


class Others:
    """A caller who reports people one by one, for as long as it is entered; the milliseconds of each."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.before: list[float] = []
        self.meanwhile: list[float] = []
        self.importing = False
        self._url = url
        self._headers = headers
        self._stop = threading.Event()

    @contextmanager
    def calling(self) -> Iterator[None]:
        thread = threading.Thread(target=self._call)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _call(self) -> None:
        body = {"given_name": "Ana", "family_name": "Diaz", "language": "es", "joined_on": "2024-01-01"}
        with httpx2.Client(timeout=60, trust_env=False) as client:
            number = 0
            while not self._stop.wait(0.02):
                number += 1
                given = {**body, "employee_number": f"X{os.getpid()}-{number}"}
                begun = time.perf_counter()
                client.post(f"{self._url}/v1/people", headers=self._headers, json=given).raise_for_status()
                taken = (time.perf_counter() - begun) * 1000
                (self.meanwhile if self.importing else self.before).append(taken)


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    with TemporaryDirectory(prefix="careers-imports-") as root:
        folder = Folder(Path(root))
        given = {name: value for name, value in os.environ.items() if name not in instance.GIVEN.values()} | UNLIMITED
        try:
            _measure(folder, instance.up(folder, ["profiles"], given=given, with_this_process=True), people)
        finally:
            instance.forget(folder)


def _measure(folder: Folder, env: dict[str, str], people: int) -> None:
    url = env["PROFILES_URL"]
    issuer = Issuer(folder.secrets / "issuer", env["ISSUER_URL"], "careers")
    headers = {"authorization": f"Bearer {issuer.for_service('hr', scopes=['imports:write'], lifetime=7200)}"}
    state = State.load(folder)
    assert state is not None
    worker = state.parts["profiles-worker"].pid
    files = [("file", ("units.csv", _units())), ("file", ("job_history.csv", _history(people)))]
    others = Others(url, headers)
    with httpx2.Client(base_url=url, headers=headers, timeout=300, trust_env=False) as client, others.calling():
        time.sleep(QUIET)
        print(f"worker before: {_megabytes(worker)} MiB")
        others.importing = True
        for name, sent in (("new", files), ("again", files)):
            begun = time.perf_counter()
            job = _import(client, sent, worker)
            seconds = time.perf_counter() - begun
            rows, events = job["progress"]["rows"], sum(job["progress"]["events"].values())
            print(
                f"{name}: {job['state']}, {rows} rows in {seconds:.1f} s, {rows / seconds:.0f} rows/s, {events} events"
            )
    for name, taken in (("before", others.before), ("meanwhile", others.meanwhile)):
        ordered = sorted(taken)
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        print(f"other commands {name}: {len(ordered)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def _import(client: httpx2.Client, files: list[Any], worker: int) -> dict[str, Any]:
    answer = client.post("/v1/imports", files=files)
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    told = -1
    while job["finished_at"] is None:
        time.sleep(0.2)
        job = client.get(f"/v1/imports/{job['id']}").json()
        step = job["progress"]["people_done"] * 10 // max(1, job["progress"]["people"])
        if step != told:
            told = step
            print(
                f"  {job['state']:<9} {job['progress']['people_done']:>7} people, {_megabytes(worker)} MiB", flush=True
            )
    return job


def _units() -> bytes:
    return ("unit,name,effective_on\n" + "".join(f"U{n},Unit {n},2000-01-01\n" for n in range(UNITS))).encode()


def _history(people: int) -> bytes:
    """Rows of invented people, shuffled; every tenth is somebody's explicit manager."""
    chance = random.Random(7)
    rows = []
    for number in range(people):
        day = date(2010, 1, 1) + timedelta(days=chance.randrange(3000))
        for step in range(ROWS_EACH):
            rows.append(
                {
                    "employee_number": f"E{number}",
                    "given_name": f"Given{number}",
                    "family_name": f"Family{number}",
                    "email": f"e{number}@example.org",
                    "language": chance.choice(["en", "fr", "es"]),
                    "position": f"P{number}",
                    "unit": f"U{chance.randrange(UNITS)}",
                    "title": "Engineer" if step < 2 else "Senior Engineer",
                    "job_level": 5 + step,
                    "legal_entity": "FR01",
                    "country": "FR",
                    "time_zone": "Europe/Paris",
                    "fte": 1,
                    "manager": f"E{number // 10}" if number % 10 == 0 and number else "",
                    "effective_on": day.isoformat(),
                }
            )
            day += timedelta(days=30 + chance.randrange(300))
    chance.shuffle(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _megabytes(pid: int) -> int:
    """What a process has resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
