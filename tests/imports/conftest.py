"""Profiles on a stage, with its importer: files go in through the API, and the worker's task is run by hand."""

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.profiles.app import SERVICE
from services.profiles.identity import AliasStreams, holder
from services.profiles.imports.current import events_of, known_people
from services.profiles.imports.difference import Known
from services.profiles.imports.worker import Importer
from services.profiles.unit import unit_id
from shared.contracts.event import Event
from shared.eventstore import Stored
from tests.api.stage import Stage, stage

ADMIN = UUID("0d5f0a8e-5a53-4f0b-9d4c-2f9b1f2f6a01")
SECRET = bytes(range(32))


@dataclass
class Imports:
    """What HR does, and what came of it."""

    stage: Stage
    importer: Importer
    client: httpx2.AsyncClient

    async def send(
        self, files: Mapping[str, bytes] | bytes, *, mapping: bytes | None = None, key: str | None = None, **query: Any
    ) -> httpx2.Response:
        """`files` by name; one alone goes as it is."""
        headers = {"authorization": f"Bearer {ADMIN} admin", **({"idempotency-key": key} if key else {})}
        if isinstance(files, bytes):
            headers["content-type"] = "text/csv"
            return await self.client.post("/v1/imports", content=files, params=query, headers=headers)
        parts: list[tuple[str, Any]] = [("file", (name, content, "text/csv")) for name, content in files.items()]
        if mapping is not None:
            parts.append(("mapping", ("mapping.toml", mapping, "application/toml")))
        return await self.client.post("/v1/imports", files=parts, params=query, headers=headers)

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path, headers={"authorization": f"Bearer {ADMIN} admin"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def bring(self, files: Mapping[str, bytes] | bytes, **how: Any) -> dict[str, Any]:
        """Sends files, has them carried out, and returns the report."""
        answer = await self.send(files, **how)
        assert answer.status_code == 202, answer.text
        while await self.importer.work_once():
            pass
        report: dict[str, Any] = await self.get(f"/v1/imports/{answer.json()['id']}")
        return report

    async def problems(self, report: Mapping[str, Any]) -> list[tuple[str, int, int | None, str | None, str]]:
        found = (await self.get(f"/v1/imports/{report['id']}/problems?limit=200"))["items"]
        return [(one["file"], one["line"], one["column"], one["field"], one["code"]) for one in found]

    async def log(self) -> list[Stored]:
        """Everything recorded."""
        found: list[Stored] = []
        while page := await self.stage.parts.store.tail(found[-1].position if found else 0, 1000):
            found += page
        return found

    async def person(self, number: str) -> UUID:
        stream = AliasStreams(SECRET).stream("employee_number", number)
        found = holder(await self.stage.parts.store.read(stream)).person
        assert found is not None
        return found

    async def known(self, number: str) -> Known:
        person = await self.person(number)
        streams = {person: await self.stage.parts.store.read(person)}
        return (await known_people(streams, self.stage.parts.sealer))[person]

    async def unit(self, code: str) -> list[Event]:
        return events_of(await self.stage.parts.store.read(unit_id(code)))


@pytest.fixture
async def imports(database_url: str, tmp_path: Path) -> AsyncIterator[Imports]:
    secret = tmp_path / "secret"
    secret.write_text(base64.b64encode(SECRET).decode())
    async with stage(database_url, SERVICE, secret_file=secret) as staged:
        transport = httpx2.ASGITransport(app=staged.api)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Imports(staged, Importer(staged.parts), client)
