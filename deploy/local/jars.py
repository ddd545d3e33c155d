"""The broker's jars, as kafka.lock names them: fetched once from Maven Central, each compared with its SHA-256.

`python -m deploy.local.jars` writes the lock anew from WANTED. `jars()` never resolves anything: it takes exactly what
the lock says. Downloads go through jgo, so its settings (repositories in its configuration file) and those of requests
(REQUESTS_CA_BUNDLE, HTTPS_PROXY) hold.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("kafka.lock")
# The binding is raw (!): read as a bill of materials it would pull kafka-clients down to a version of its own liking.
WANTED = ("org.apache.kafka:kafka_2.13:4.3.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.26.1!")
PARALLEL = 8


class JarsMissing(Exception):
    """A jar could not be had; the message names it, the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Jar:
    coordinate: str  # group:artifact:version
    sha256: str

    @property
    def file(self) -> str:
        """The sum stands in the name: another version, or another file under this version, is another file here."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}-{self.sha256[:12]}.jar"


def jars(cache: Path | None = None) -> list[Path]:
    """All jars of the lock, verified, in its order. Raises JarsMissing."""
    folder = cache or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    locked = list(_locked())
    with ThreadPoolExecutor(PARALLEL) as threads:
        good = threads.map(lambda jar: _sum(folder / jar.file) == jar.sha256, locked)
        missing = [jar for jar, is_good in zip(locked, good, strict=True) if not is_good]
    if missing:
        _fetch(missing, folder)
    return [folder / jar.file for jar in locked]


def cache_folder() -> Path:
    """Outside the checkout, as package caches are; shared by all checkouts."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "careers" / "kafka"


def _locked() -> Iterator[Jar]:
    for line in LOCK.read_text().splitlines():
        sha256, coordinate = line.split()
        yield Jar(coordinate, sha256)


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _fetch(missing: Sequence[Jar], folder: Path) -> None:
    """Into a folder of its own, then renamed: neither an interruption nor a second fetch leaves half a file."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415  slow to import, and seldom needed

    with tempfile.TemporaryDirectory(dir=folder, prefix="fetching-") as private:
        context = MavenContext(resolver=PythonResolver(), repo_cache=Path(private), remote_repos=_repositories())

        def fetch(jar: Jar) -> None:
            try:
                path = context.create_dependency(jar.coordinate).artifact.resolve()
            except (OSError, RuntimeError) as error:
                raise JarsMissing(_remedy(jar, error)) from error
            if _sum(path) != jar.sha256:
                raise JarsMissing(f"{jar.coordinate} is not the file of kafka.lock: the repository serves another one.")
            path.replace(folder / jar.file)

        with ThreadPoolExecutor(PARALLEL) as threads:
            list(threads.map(fetch, missing))


def _remedy(jar: Jar, error: Exception) -> str:
    if shutil.disk_usage(cache_folder()).free < 1 << 26:
        return f"Kafka's jars do not fit: the disk that holds {cache_folder()} is full."
    return (
        f"Kafka's {jar.coordinate} could not be fetched from Maven Central ({type(error).__name__}): "
        "check the network; behind a proxy set HTTPS_PROXY and REQUESTS_CA_BUNDLE."
    )


def _repositories() -> dict[str, str]:
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    return {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}


def write_lock() -> None:
    """Resolve WANTED with everything it needs, and write each file's sum."""
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415

    context = MavenContext(resolver=PythonResolver(), remote_repos=_repositories())
    inputs, others = context.resolver.resolve([context.create_dependency(name) for name in WANTED])
    lines = {f"{_sum(d.artifact.resolve())}  {d.groupId}:{d.artifactId}:{d.version}" for d in [*inputs, *others]}
    LOCK.write_text("".join(f"{line}\n" for line in sorted(lines, key=lambda line: line.split()[1])))


if __name__ == "__main__":
    write_lock()
    sys.stdout.write(LOCK.read_text())
