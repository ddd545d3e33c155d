"""What commands over HTTP are held against: `python -m benchmarks.ceilings fastapi|starlette` serves one at PORT.

Both write the rows that a command writes (`inserted`, as in appending.py) and check no token, no version and no key.
`fastapi` is what one writes first: a pool, a connection for each request. `starlette` is what is left when all but HTTP
and the insert is taken away: bytes as they came, one held connection, all that wait in one insert.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Header
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from uuid_utils.compat import uuid7

from benchmarks.appending import INSERT
from benchmarks.rounds import settle
from shared.contracts.profiles import AudienceKind, Certainty, Grain
from shared.postgres import connect

RECORDED = "profiles.aspiration_recorded.v1"
SHARED = "profiles.aspiration_shared.v1"

CONNECTIONS = 10
"""The pool's, as asyncpg has it if nothing is said."""

INSERT_ALL = """
    insert into inserted (stream, version, id, type, subject, by, origin, withheld, command_key, command_print,
                          command_size, body)
    select stream, version, id, type, subject, subject::text, 'live', false, key, key, 1, body
    from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::uuid[], $6::bytea[], $7::json[])
         as n (stream, version, id, type, subject, key, body)
    returning position"""

RECORD = "/v1/people/{person}/aspirations"
SHARE = "/v1/people/{person}/aspirations/{aspiration}/share"


class AspirationBody(BaseModel):
    grain: Grain
    certainty: Certainty
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    skills: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    target_role: str | None = None


class ShareBody(BaseModel):
    audience: AudienceKind
    purpose: str | None = None


class Receipt(BaseModel):
    id: UUID
    version: int
    after: str


def plain_fastapi(url: str) -> FastAPI:
    """As one writes it first."""
    pool: asyncpg.Pool

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
            yield

    app = FastAPI(lifespan=lifespan)

    async def insert(kind: str, person: UUID, version: int, key: str, body: BaseModel, *, stream: UUID) -> Receipt:
        name, words, live = _hashed(key.encode()), body.model_dump_json(), False
        row = (stream, version, uuid4(), kind, person, str(person), "live", live, None, name, name, words)
        async with pool.acquire() as connection:
            position = await connection.fetchval(INSERT, *row)
        return Receipt(id=stream, version=version, after=f"profiles:0:{position}")

    @app.post(RECORD, status_code=201)
    async def record(person: UUID, body: AspirationBody, idempotency_key: Annotated[str, Header()]) -> Receipt:
        return await insert(RECORDED, person, 1, idempotency_key, body, stream=uuid4())

    @app.post(SHARE)
    async def share(
        person: UUID, aspiration: UUID, body: ShareBody, idempotency_key: Annotated[str, Header()]
    ) -> Receipt:
        return await insert(SHARED, person, 6, idempotency_key, body, stream=aspiration)

    return app


class _Group:
    """Whatever waits while an insert is under way is the next one."""

    def __init__(self, statement: "asyncpg.prepared_stmt.PreparedStatement") -> None:
        self._statement = statement
        self._waiting: list[tuple[tuple[object, ...], asyncio.Future[int]]] = []
        self._busy = False

    async def insert(self, *row: object) -> int:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, answer))
        if not self._busy:
            self._busy = True
            self._task = asyncio.ensure_future(self._run())
        return await answer

    async def _run(self) -> None:
        while group := self._waiting:
            self._waiting = []
            rows = await self._statement.fetch(*map(list, zip(*(row for row, _ in group), strict=True)))
            for (_, answer), (position,) in zip(group, rows, strict=True):
                answer.set_result(position)
        self._busy = False


def bare_starlette(url: str) -> Starlette:
    """What is left without everything else."""
    group: _Group

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        nonlocal group
        connection = await connect(url)
        group = _Group(await connection.prepare(INSERT_ALL))
        await connection.execute("select 1")
        settle()
        yield
        await connection.close()

    async def insert(request: Request, kind: str, stream: UUID, version: int, status: int) -> JSONResponse:
        person, key = UUID(request.path_params["person"]), _hashed(request.headers["idempotency-key"].encode())
        position = await group.insert(stream, version, uuid7(), kind, person, key, await request.body())
        receipt = {"id": str(stream), "version": version, "after": f"profiles:0:{position}"}
        return JSONResponse(receipt, status_code=status)

    async def record(request: Request) -> JSONResponse:
        return await insert(request, RECORDED, uuid7(), 1, 201)

    async def share(request: Request) -> JSONResponse:
        return await insert(request, SHARED, UUID(request.path_params["aspiration"]), 6, 200)

    routes = [Route(RECORD, record, methods=["POST"]), Route(SHARE, share, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


def _hashed(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()


def main() -> None:
    """Serves until it is killed."""
    make: dict[str, Any] = {"fastapi": plain_fastapi, "starlette": bare_starlette}
    app = make[sys.argv[1]](os.environ["DATABASE_URL"])
    port = int(os.environ["PORT"])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
