"""A small service with a route of each kind, and a real server that serves it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import httpx2
import uvicorn
from pydantic import BaseModel, Field

from shared.access.rules import allowed, anybody_but, row
from shared.auth import Caller, Role, Scope
from shared.auth.callers import Unauthenticated
from shared.eventstore import CommandKey, CommandRepeated, OutcomeUnknown, Overloaded, VersionConflict
from shared.http import (
    Alias,
    Api,
    Body,
    Call,
    Check,
    Day,
    Found,
    Health,
    Line,
    Listing,
    Moment,
    Page,
    Query,
    Routes,
    Several,
    Text,
    Upload,
    Whole,
    build,
)
from shared.http.limits import Limits
from shared.http.positions import After
from shared.http.protocol import Protocol
from shared.metrics import Metrics
from shared.refusals import NotAllowed, NotFound, Refusal, Unavailable, Worded
from shared.streams import Receipt

SECRET = b"a secret of thirty-two bytes ..."
ANNA = UUID("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0001")
BEN = UUID("0b0b7a0e-3b4e-4d8e-9a53-0f6c9d0a0002")
ITEM = UUID("0199d3a0-5c1e-7a3b-9f2e-3d0f6b1c2a4d")
SHARE = f"/v1/people/E1001/aspirations/{ITEM}/share"


class AlreadyWithdrawn(Refusal, code="already-withdrawn"):
    """It was withdrawn; it cannot be shared any more."""


class ManagerAudience(Body):
    kind: Literal["manager"]


class PersonAudience(Body):
    kind: Literal["person"]
    person: UUID


class ShareBody(Body):
    audience: Annotated[ManagerAudience | PersonAudience, Field(discriminator="kind")]
    note: Text | None = None
    title: Line | None = None
    until: Moment | None = None
    due_on: Day | None = None
    weight: Annotated[float, Field(ge=0)] = 0.0
    count: Whole = 0
    free: dict[str, str] | None = None
    tags: Annotated[tuple[Line, ...], Field(max_length=3)] = ()


class TidyBody(Body):
    by: Line = "weight"


class Quantity(Query):
    of: Several[Literal["apples", "pears"]] = ()
    since: Moment | None = None
    on: Day | None = None
    exact: bool = False


class Fruits(Listing):
    kind: Line | None = None


class Fruit(BaseModel):
    id: int
    name: str


class Words(BaseModel):
    text: str


@dataclass
class Service:
    """What the handlers did, and what they shall do."""

    calls: list[Call[Any, Any]] = field(default_factory=list)
    does: Callable[[], Any] | None = None
    fruits: int = 7
    basket: str = "apples"
    waited: list[After] = field(default_factory=list)
    outcome: Literal["reached", "not-yet", "parked"] = "reached"
    received: int = 0
    largest: int = 1_000_000
    checks: list[Check] = field(default_factory=list)

    async def wait(self, after: After, seconds: float) -> Literal["reached", "not-yet", "parked"]:
        self.waited.append(after)
        return self.outcome

    async def act(self, call: Call[Any, Any]) -> None:
        self.calls.append(call)
        if self.does is not None:
            result = self.does()
            if asyncio.iscoroutine(result):
                await result

    @property
    def key(self) -> CommandKey | None:
        """Of the last command."""
        return self.calls[-1].key


FRUIT = row("fruit", "eat", allowed(*anybody_but(), why="It is there for all."))


def routes_of(service: Service) -> Routes:
    routes = Routes(waiter=service)

    @routes.post(
        "/v1/people/{person}/aspirations/{aspiration}/share",
        access=FRUIT,
        refuses=(AlreadyWithdrawn,),
        example={"audience": {"kind": "manager"}, "note": "Read this before we talk."},
    )
    async def share(call: Call[ShareBody], person: Alias, aspiration: UUID) -> Receipt:
        """Share an aspiration.

        The audience reads the version as it is now.
        """
        await service.act(call)
        return Receipt(aspiration, 3, "profiles:7:123")

    @routes.post("/v1/baskets", access=FRUIT, creates=True)
    async def open_basket(call: Call) -> Receipt:
        """Open a basket."""
        await service.act(call)
        return Receipt(ITEM, 1, None)

    @routes.post("/v1/people/{person}/baskets", access=FRUIT, creates="/v1/baskets")
    async def give_basket(call: Call, person: Alias) -> Receipt:
        """Give a basket."""
        await service.act(call)
        return Receipt(ITEM, 1, None)

    @routes.put("/v1/baskets/{basket}", access=FRUIT, guarded=True)
    async def fill_basket(call: Call[ShareBody], basket: UUID) -> Receipt:
        """Fill a basket."""
        await service.act(call)
        return Receipt(basket, (call.if_match or 0) + 1, "profiles:7:124")

    @routes.post("/v1/baskets/{basket}/tidy", access=FRUIT, example={"by": "colour"})
    async def tidy_basket(call: Call[TidyBody], basket: UUID) -> Receipt:
        """Tidy a basket."""
        await service.act(call)
        return Receipt(basket, 3, None)

    @routes.delete("/v1/baskets/{basket}", access=FRUIT, allow=Role.ADMIN)
    async def drop_basket(call: Call, basket: UUID) -> None:
        """Drop a basket."""
        await service.act(call)

    @routes.get("/v1/baskets/{basket}", access=FRUIT, allow=("person", Scope.PEOPLE_READ))
    async def read_basket(call: Call, basket: UUID) -> Found[Words]:
        """Read a basket."""
        await service.act(call)
        if basket != ITEM:
            raise NotFound
        return Found(Words(text=service.basket), 7)

    @routes.get("/v1/fruits", access=FRUIT)
    async def list_fruits(call: Call[None, Fruits]) -> Page[Fruit]:
        """List fruits."""
        first = int(call.cursor[0] or 0) + 1 if call.cursor else 0
        last = min(first + call.query.limit, service.fruits)
        items = [Fruit(id=number, name=f"fruit {number}") for number in range(first, last)]
        return Page(items, (last - 1,) if last < service.fruits else None)

    @routes.get("/v1/fruits/quantity", access=FRUIT, allow="public")
    async def count_fruits(call: Call[None, Quantity]) -> dict[str, int]:
        """Count fruits."""
        await service.act(call)
        return dict.fromkeys(call.query.of, service.fruits)

    @routes.post("/v1/fruits/find", access=FRUIT, reads=True)
    async def find_fruits(call: Call) -> list[Fruit]:
        """Find fruits."""
        await service.act(call)
        return []

    @routes.post("/v1/imports", access=FRUIT, allow=Scope.IMPORTS_WRITE, accepts=("text/csv",), largest=service.largest)
    async def take_import(call: Call[Upload]) -> dict[str, int]:
        """Take a file."""
        service.calls.append(call)
        async for chunk in call.body:
            service.received += len(chunk)
        return {"bytes": service.received}

    return routes


class Bearers:
    """`Bearer anna`, `Bearer ben admin`, `Bearer service imports:write`, `Bearer anna@app act:read`."""

    def knows(self, authorization: bytes | None) -> bool:
        return authorization is not None

    async def caller(self, authorization: bytes | None) -> Caller:
        if authorization is None:
            raise Unauthenticated
        name, *grants = authorization.decode("latin-1").removeprefix("Bearer ").split(" ")
        if name == "service":
            return Caller("service:files", service="files", scopes=frozenset(map(Scope, grants)))
        name, _, actor = name.partition("@")
        if name not in ("anna", "ben"):
            raise Unauthenticated("invalid_token")
        person = {"anna": ANNA, "ben": BEN}[name]
        if actor:
            return Caller(str(person), person=person, scopes=frozenset(map(Scope, grants)), actor=actor)
        return Caller(str(person), person=person, roles=frozenset(map(Role, grants)))


def sample_app(
    service: Service, *, deadline: float = 5.0, metrics: Metrics | None = None, limits: Limits | None = None
) -> Api:
    return build(
        "sample",
        routes_of(service),
        authenticator=Bearers(),
        secret=SECRET,
        metrics=metrics or Metrics("sample"),
        health=Health(service.checks),
        limits=limits,
        description="A sample.",
        deadline=deadline,
    )


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    """A real server on a free port."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=Protocol, log_config=None, lifespan="off", ws="none", access_log=False
    )
    server = uvicorn.Server(config)
    config.load()
    running = asyncio.get_running_loop()
    listening = await running.create_server(
        lambda: Protocol(config=config, server_state=server.server_state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        for task in list(server.server_state.tasks):
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)


@asynccontextmanager
async def client_of(app: Any, who: str = "anna") -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an app behind a real server."""
    async with (
        serving(app) as port,
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {who}"} if who else {}
        ) as client,
    ):
        yield client


ERRORS: dict[str, Callable[[], Exception]] = {
    "already-withdrawn": AlreadyWithdrawn,
    "not-found": NotFound,
    "not-allowed": NotAllowed,
    "unavailable": Unavailable,
    "changed-meanwhile": lambda: VersionConflict(uuid4()),
    "idempotency-key-reused": lambda: CommandRepeated((), matches=False),
    "already-done": lambda: CommandRepeated((), matches=True),
    "overloaded": Overloaded,
    "outcome-unknown": OutcomeUnknown,
    "internal-error": lambda: Worded("CANARY-in-an-exception"),
}


def raising(error: Exception) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do
