"""Two processes that write the same streams at once, and a third that tails them."""

import asyncio
import sys
from pathlib import Path

import orjson

from shared.eventstore import Stored
from shared.eventstore.postgres import PostgresEventStore

ROOT = Path(__file__).parents[2]
APPENDS = 200


async def test_two_processes_agree_on_one_order(log_url: str, postgres: PostgresEventStore) -> None:
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.eventstore.writer",
            log_url,
            str(APPENDS),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    answers = asyncio.gather(*(writer.communicate() for writer in writers))
    seen: list[Stored] = []
    while not answers.done() or await postgres.tail(seen[-1].position if seen else 0, 1):
        seen += await postgres.tail(seen[-1].position if seen else 0, 100)
    told = [orjson.loads(line) for out, _ in await answers for line in out.splitlines()]

    assert [event.position for event in seen] == list(range(1, len(seen) + 1))
    assert [event.recorded_at for event in seen] == sorted(event.recorded_at for event in seen)
    versions: dict[object, int] = {}
    for event in seen:
        assert event.version == versions.get(event.stream, 0) + 1
        versions[event.stream] = event.version
    assert len({event.by for event in seen}) == 2
    assert {event.position: str(event.id) for event in seen} == {one["position"]: one["id"] for one in told}
