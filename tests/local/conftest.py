from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import instance
from deploy.local.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A folder of servers, nothing of which is left running."""
    made = Folder(tmp_path / "local")
    yield made
    instance.forget(made)
