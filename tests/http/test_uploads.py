"""Uploads are handed on as they arrive, bounded in size and patience."""

import asyncio
import resource
from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.http.sample import Service, client_of, sample_app

CSV = {"content-type": "text/csv"}
FILES = "service imports:write"


async def chunks(count: int, size: int = 10_000) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.fixture
async def files(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(sample_app(service), FILES) as client:
        yield client


async def test_an_upload_arrives_in_pieces_however_it_is_sent(files: httpx2.AsyncClient) -> None:
    assert (await files.post("/v1/imports", content=b"a" * 900_000, headers=CSV)).json() == {"bytes": 900_000}
    answer = await files.post("/v1/imports", content=chunks(10), headers={"content-type": "text/csv; charset=utf-8"})
    assert answer.json() == {"bytes": 1_000_000}


async def test_an_upload_too_large_is_refused(files: httpx2.AsyncClient) -> None:
    declared = await files.post("/v1/imports", content=b"a" * 1_000_001, headers=CSV)
    assert (declared.status_code, declared.json()["code"]) == (413, "body-too-large")


async def test_an_upload_is_of_the_media_type_described(files: httpx2.AsyncClient, service: Service) -> None:
    answer = await files.post("/v1/imports", content=b"{}", headers={"content-type": "application/json"})
    assert answer.status_code == 415
    assert service.calls == []


async def test_an_upload_is_never_held_whole(service: Service) -> None:
    service.largest = 10**9
    async with client_of(sample_app(service), FILES) as client:
        await client.post("/v1/imports", content=chunks(50), headers=CSV)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await client.post("/v1/imports", content=chunks(8_000), headers=CSV)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert service.received == 80_500_000
    assert grown < 20_000  # KiB


async def test_an_upload_that_stops_arriving_is_given_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.uploads.IDLE", 0.1)
    async with client_of(sample_app(service), FILES) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(
            f"POST /v1/imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {FILES}\r\n"
            "content-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert service.received == 3
