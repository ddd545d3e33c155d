"""An event of an older version is kept, and read, as the newest one."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.projections.timeline import Timeline
from shared.contracts import profiles, reading
from tests.projections.conftest import TODAY, World

OLD = "profiles.aspiration_confirmed.v0"


@pytest.fixture
def upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(values: dict[str, Any]) -> dict[str, Any]:
        return {"effective_on" if name == "on" else name: value for name, value in values.items()}

    upcasters: Mapping[str, Any] = {OLD: (profiles.AspirationConfirmed.type, renamed)}
    monkeypatch.setattr(reading, "UPCASTERS", upcasters)


@pytest.mark.usefixtures("upcaster")
async def test_an_older_version_is_kept_as_the_newest(world: World) -> None:
    person = await world.person(await world.unit("Development"))
    now = profiles.AspirationConfirmed(aspiration=uuid4(), person=person, effective_on=TODAY)
    [heard] = await world.tell(now)
    body = orjson.loads(heard.body)
    body["on"] = body.pop("effective_on")
    old = heard._replace(id=uuid4(), type=OLD, body=orjson.dumps(body))
    assert reading.versions(profiles.AspirationConfirmed.type) == [profiles.AspirationConfirmed.type, OLD]
    [kept, before] = [row[:4] for row in Timeline().prepare([old, heard]).rows]
    assert kept[3] == before[3] == profiles.AspirationConfirmed.type
    assert kept[1] == before[1] == TODAY
