"""What is no proper HTTP, and heads that are too large or never end."""

import asyncio

import pytest

from tests.http.sample import Service, sample_app, serving


async def said(port: int, *parts: bytes) -> bytes:
    """What a connection answers until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"CANARY\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\0CANARY HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nCANARY: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_problem_document(service: Service, head: bytes) -> None:
    async with serving(sample_app(service)) as port:
        answer = await said(port, head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b'"code":"malformed-request"' in answer
    assert b"CANARY" not in answer


async def test_a_head_without_end_is_refused(service: Service) -> None:
    line = b"x-filler: " + b"a" * 1000 + b"\r\n"
    async with serving(sample_app(service)) as port:
        answer = await said(port, b"GET / HTTP/1.1\r\n", *[line] * 80)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


async def test_a_head_that_trickles_has_a_deadline(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.protocol.HEAD_SECONDS", 0.1)
    async with serving(sample_app(service)) as port:
        answer = await said(port, b"GET / HTTP/1.1\r\nhost: x\r\n")
        silent = await said(port)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert silent == b""


async def test_one_connection_serves_many_requests_also_in_pieces(service: Service) -> None:
    ask = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
    async with serving(sample_app(service)) as port:
        answer = await said(
            port, ask, ask + ask, ask[:10], ask[10:-2], ask[-2:].replace(b"\r\n", b"connection: close\r\n\r\n")
        )
    assert answer.count(b"HTTP/1.1 200 OK") == 4
