"""`python -m services.<service> audit`: what an operator is told."""

import asyncio
import base64
import os
import sys
from pathlib import Path
from uuid import uuid4

from shared.audit import Book, Chain, Shown, Signer
from shared.auth.callers import Caller
from shared.postgres import Pool


async def test_what_was_touched_is_told_and_where(pool: Pool, fresh_database: str, tmp_path: Path) -> None:
    notes = Book(pool)
    notes.note(Caller("sam", uuid4()), [Shown("aspiration", uuid4(), uuid4(), "my_manager") for _ in range(3)])
    await notes.flush()
    await Chain(pool, Signer(bytes(32))).extend()
    (tmp_path / "secret").write_text(base64.b64encode(bytes(32)).decode())
    link = (await pool.fetch("select hash from audit.links"))[0]["hash"].hex()
    said = f"profiles: all 3 notes are as they were written; link 1 is the last, {link}\n"
    assert await _said(fresh_database, tmp_path) == (0, said)
    await pool.execute("delete from audit.reads where number = 2")
    assert await _said(fresh_database, tmp_path) == (1, "profiles: a row is missing: 2\n")


async def _said(url: str, folder: Path) -> tuple[int | None, str]:
    env = {
        **os.environ,
        "DATABASE_URL": url,
        "KEYS_URL": url,
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "ISSUER_URL": "",
        "MASTER_KEY_FILE": os.devnull,
        "SECRET_FILE": str(folder / "secret"),
    }
    arguments = [sys.executable, "-m", "services.profiles", "audit"]
    running = await asyncio.create_subprocess_exec(*arguments, env=env, stdout=asyncio.subprocess.PIPE)
    said, _ = await running.communicate()
    return running.returncode, said.decode()
