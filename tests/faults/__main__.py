"""`python -m tests.faults --seed 7 --kills 200 --minutes 10`: exit code 0 when nothing is wrong."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from deploy.local import instance
from deploy.local.folder import Folder
from tests.faults.report import report, write
from tests.faults.run import Wanted, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, help="that the kills are spread over (3 s each)")
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--keep", action="store_true", help="leave data and logs; they stay when something is wrong")
    given = parser.parse_args()
    seconds = given.kills * 3.0 if given.minutes is None else given.minutes * 60
    wanted = Wanted(given.seed, given.kills, seconds, given.callers)
    root = Path(tempfile.mkdtemp(prefix="careers-faults-"))
    clean = False
    try:
        outcome = asyncio.run(run(root, wanted, _say))
        section = report(outcome)
        _say(f"\n{section}")
        write(section)
        clean = outcome.clean
    finally:
        if clean and not given.keep:
            instance.forget(Folder(root))
            shutil.rmtree(root, ignore_errors=True)
        else:
            instance.down(Folder(root))
            _say(f"Data and logs are in {root}.")
    return 0 if clean else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
