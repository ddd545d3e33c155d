"""Make `.venv` from pyproject.toml and constraints.txt: `python3 deploy/environment.py [--with GROUP]`.

Runs on the machine's own Python, so it uses the standard library alone and can still name a Python that is too old.
The stamp in `.venv` is written last: an environment that was interrupted has none and is made again. One run at a
time; a second one waits and then finds nothing to do.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
VENV = HERE / ".venv"
STAMP = VENV / "made.json"
GROUPS = ("local", "test", "check", "build")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="GROUP")
    groups = sorted({*GROUPS, *parser.parse_args().extra})
    if sys.version_info < (3, 11):  # noqa: UP036  the one place that an older Python reaches
        sys.exit(
            f"Python 3.11 or newer is needed, {sys.executable} is {sys.version.split()[0]}: set PYTHON=python3.11."
        )
    (HERE / ".local").mkdir(exist_ok=True)
    with (HERE / ".local" / "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = _made()
        if made["inputs"] == _inputs() and set(groups) <= set(made["groups"]):
            return
        groups = sorted({*groups, *made["groups"]})
        if not made["inputs"]:
            _create()
        _install(groups)
        STAMP.write_text(json.dumps({"inputs": _inputs(), "groups": groups}))


def is_current() -> bool:
    """Whether `.venv` is what pyproject.toml and constraints.txt say."""
    return bool(_made()["inputs"] == _inputs())


def _made() -> dict[str, Any]:
    """What the environment was made from; empty when there is none, or only half of one."""
    try:
        made = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        made = {}
    if not (VENV / "bin" / "python").exists():
        made = {}
    return {"inputs": made.get("inputs", ""), "groups": made.get("groups", [])}


def _inputs() -> str:
    """The folder counts, since scripts and the editable install name it."""
    digest = hashlib.sha256(str(HERE).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _create() -> None:
    _say("making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401, PLC0415  Debian leaves it out of python3 and puts it in python3-venv
        import venv  # noqa: F401, PLC0415
    except ImportError:
        sys.exit(
            "This Python cannot make virtual environments: on Debian or Ubuntu run `apt-get install python3-venv`."
        )
    _run([sys.executable, "-m", "venv", str(VENV)], "The virtual environment could not be made")


def _install(groups: list[str]) -> None:
    _say("installing the packages of constraints.txt")
    python, lock = str(VENV / "bin" / "python"), str(HERE / "constraints.txt")
    remedy = "Packages could not be installed; is the package index reachable, and is there space on the disk?"
    _run([python, "-m", "pip", "install", "--quiet", "--constraint", lock, "uv"], remedy)
    command = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--python", python, "--compile-bytecode"]
    command += ["--constraints", lock, "--build-constraints", lock, "--editable", str(HERE)]
    for group in groups:
        command += ["--group", f"{HERE / 'pyproject.toml'}:{group}"]
    _run(command, remedy, {**_index_of_pip(python), **os.environ})


def _index_of_pip(python: str) -> dict[str, str]:
    """uv does not read pip's settings: a mirror that pip was told of is passed on."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found = {"UV_SYSTEM_CERTS": "true"}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        variable = names.get(key.rpartition(".")[2])
        if variable:
            found[variable] = value.strip("'\"")
    return found


def _run(command: list[str], remedy: str, environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, check=False, env=environment).returncode != 0:
        sys.exit(remedy)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
