"""A service starts from a tree that holds only itself and the kernel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.careers.services import SERVICES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_needs_no_other(tmp_path, service):
    shutil.copytree(ROOT / "shared", tmp_path / "shared")
    (tmp_path / "services").mkdir()
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service)
    # -P and a PYTHONPATH of its own: nothing of the checkout is found by accident.
    run = subprocess.run(
        [sys.executable, "-P", "-m", f"services.{service}", "api"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    assert "DATABASE_URL" in run.stderr
    assert "Traceback" not in run.stderr
