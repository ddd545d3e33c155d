"""A key database that was restored has keys that were destroyed since its backup: they go again by themselves."""

import asyncio
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

from services.profiles.app import SERVICE
from services.profiles.erasing import ASKED
from shared.contracts.event import Sealed
from shared.contracts.profiles import Aspiration, AspirationRecorded
from shared.sealing.sealer import UNAVAILABLE
from tests.api.stage import stage

TODAY = datetime.now(UTC).date()


async def test_the_worker_destroys_again_when_it_starts(database_url: str) -> None:
    async with stage(database_url, SERVICE) as on:
        erased, other = uuid4(), uuid4()
        words = Aspiration(grain="role", certainty="likely", text="Lead the customer team")
        said = [
            AspirationRecorded(aspiration=uuid4(), person=person, effective_on=TODAY, content=words)
            for person in (erased, other)
        ]
        gone, whole = [
            cast("Sealed", AspirationRecorded.read(body).content) for body in await on.parts.sealer.write(said)
        ]
        # As a restore leaves it: profiles knows of the erasure, the key database does not.
        await on.parts.pool.execute(ASKED, uuid4(), erased, "words")
        await on.parts.pool.execute("update erasures set complete = true")
        run = asyncio.create_task(SERVICE.work(on.parts).tasks["erasures"]())
        async with asyncio.timeout(30):
            while (await on.parts.sealer.unseal([gone]))[gone] is not UNAVAILABLE:
                assert not run.done()
                await asyncio.sleep(0.01)
        run.cancel()
        assert (await on.parts.sealer.unseal([whole]))[whole]["text"] == "Lead the customer team"
