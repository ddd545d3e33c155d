"""Makes the cache with which the broker starts in half the time: `python -m deploy.local.kafka_cache FOLDER`.

Once for each machine: a broker with empty data of its own is started aside, at the lowest priority, and ended, upon
which Java writes down what it had loaded. Nobody waits for it, and without it everything works.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from deploy.local import java, kafka
from deploy.local.folder import Folder
from deploy.local.ports import free_port

PATIENCE = 180.0  # seconds to start, and to write; both take 10 s on an idle machine
LEAST_FREE = 1 << 30  # bytes; the cache itself takes 70 MB


def make(folder: Folder) -> None:
    """Raises OSError or subprocess.SubprocessError; then there is no cache, and no harm."""
    aside = Folder(folder.root / "kafka" / "aside")
    shutil.rmtree(aside.root, ignore_errors=True)
    shutil.copytree(folder.root / "kafka" / "formatted", aside.made().root / "kafka" / "formatted")
    try:
        made = aside.root / "made.aot"
        _record(aside, made)
        cache = java.cache()
        half = cache.with_name(f"{cache.name}-half")
        shutil.copyfile(made, half)  # the folder may be on another disk
        half.replace(cache)
    finally:
        shutil.rmtree(aside.root, ignore_errors=True)


def _record(aside: Folder, output: Path) -> None:
    place = kafka.prepare(aside, free_port(), free_port())
    program, *arguments = kafka.command(place).argv
    log = aside.log("kafka")
    with log.open("ab") as said:
        argv = [program, f"-XX:AOTCacheOutput={output}", *arguments]
        broker = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    until = time.monotonic() + PATIENCE
    try:
        while not kafka.is_ready(log, 0) and broker.poll() is None and time.monotonic() < until:
            time.sleep(0.2)
        broker.send_signal(signal.SIGTERM)
        broker.wait(PATIENCE)
    finally:
        broker.kill()
        broker.wait()


def main() -> None:
    if java.cache().exists() or shutil.disk_usage(java.cache().parent).free < LEAST_FREE:
        return
    os.nice(19)
    make(Folder(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
