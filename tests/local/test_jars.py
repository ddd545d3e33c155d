from pathlib import Path

import pytest

from deploy.local import jars


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Two files as the lock names them, one of them changed; and what is fetched again."""
    good = jars.Jar("org.example:good:1", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
    changed = jars.Jar("org.example:changed:2", "0" * 64)
    (tmp_path / good.file).write_text("hello")
    (tmp_path / changed.file).write_text("hello")
    (tmp_path / "kafka.lock").write_text("".join(f"{jar.sha256}  {jar.coordinate}\n" for jar in (good, changed)))
    monkeypatch.setattr(jars, "LOCK", tmp_path / "kafka.lock")
    again: list[str] = []
    monkeypatch.setattr(jars, "_fetch", lambda missing, _folder: again.extend(jar.coordinate for jar in missing))
    return again


def test_a_jar_that_is_not_what_the_lock_says_is_fetched_again(fetched: list[str], tmp_path: Path) -> None:
    assert [path.name for path in jars.jars(tmp_path)] == ["good-1-2cf24dba5fb0.jar", "changed-2-000000000000.jar"]
    assert fetched == ["org.example:changed:2"]


def test_the_lock_names_one_version_of_each(tmp_path: Path) -> None:
    artifacts = [line.split()[1].rpartition(":")[0] for line in jars.LOCK.read_text().splitlines()]
    assert len(artifacts) == len(set(artifacts))
    assert "org.apache.kafka:kafka-clients:4.3.1" in jars.LOCK.read_text()
