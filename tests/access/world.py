"""A service with one real record of each kind, and what is sent to each of its routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID, uuid4

import httpx2
import orjson

from shared.access import Row, Verdict, Who
from shared.http.routes import Route
from tests.access.cast import Cast

BUSINESS = (409, 412, 422)
"""What a command that is allowed may be refused with, since it does not fit what is the case."""


@dataclass(frozen=True)
class Canary:
    """Words that stand in a record, and whose they are by the matrix; `theirs` as in `Try`."""

    text: str
    row: Row
    theirs: frozenset[Who] = frozenset()

    def is_for(self, who: Who) -> bool:
        return _verdict(self.row, who, self.theirs) in (Verdict.ALLOWED, Verdict.PART)


@dataclass(frozen=True)
class Try:
    """A request. For whom THEIRS is said in the matrix, the record is `theirs` or it is not.

    `shows` stands in an answer that shows the record, and in no other; of the canaries in `words`, an answer that shows
    it has those that are for its reader, and no others.
    """

    ids: Mapping[str, UUID | str] = field(default_factory=dict)
    body: object = None
    bodies: Mapping[Who, object] = field(default_factory=dict)
    """Where it is another for some."""
    query: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    theirs: frozenset[Who] = frozenset()
    shows: str = ""
    words: Sequence[Canary] = ()

    def elsewhere(self, route: Route) -> list["Try"]:
        """The same, of what nobody has: of a person who is not there, and of a record of theirs that is not."""
        nobody: dict[str, UUID | str] = {name: uuid4() for name in route.parameters}
        found = [nobody, {**nobody, "person": self.ids["person"]}] if len(nobody) > 1 else [nobody]
        return [replace(self, ids=ids) for ids in found]

    def by(self, who: Who) -> "Try":
        return replace(self, body=self.bodies.get(who, self.body))

    def expected(self, row: Row, who: Who) -> Verdict:
        return _verdict(row, who, self.theirs)


def _verdict(row: Row, who: Who, theirs: frozenset[Who]) -> Verdict:
    verdict = row.rule(who).verdict
    if verdict is not Verdict.THEIRS:
        return verdict
    me = Who.SELF if who is Who.ACTING else who
    return Verdict.ALLOWED if me in theirs else Verdict.NOT_THERE


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> Any:
        return orjson.loads(self.content)

    def shows(self, text: str) -> bool:
        return text.encode() in self.content


class World:
    """Of one service. A subclass makes the records and has a method for each operation that needs more than ids."""

    def __init__(self, cast_: Cast) -> None:
        self.cast = cast_
        self.stage = cast_.stage
        self.canaries: list[Canary] = []
        self.questions: list[str] = []
        """What was asked of the database for the last request: each statement, each stream."""
        self._note_what_is_asked()
        transport = httpx2.ASGITransport(app=cast("Any", self.stage.api))
        self._client = httpx2.AsyncClient(transport=transport, base_url="http://test")

    def _note_what_is_asked(self) -> None:
        pool, store = cast("Any", self.stage.parts.pool), cast("Any", self.stage.parts.store)
        fetch, read = pool.fetch, store.read

        async def noted_fetch(query: str, *arguments: object) -> object:
            self.questions.append(query)
            return await fetch(query, *arguments)

        async def noted_read(stream: UUID) -> object:
            self.questions.append("a stream")
            return await read(stream)

        pool.fetch, store.read = noted_fetch, noted_read

    def canary(self, name: str, row: Row, *theirs: Who) -> Canary:
        made = Canary(name if name.startswith('"') else f"CANARY-{name}.", row, frozenset(theirs))
        self.canaries.append(made)
        return made

    async def tries(self, route: Route) -> Sequence[Try]:
        """What is sent to a route. A record is made anew for each command."""
        make = getattr(self, route.operation, None)
        found = await make() if make is not None else [Try(dict(self.ids))]
        return [one if one.body is not None else replace(one, body=route.example) for one in found]

    @property
    def ids(self) -> Mapping[str, UUID | str]:
        """Of paths that name only the employee."""
        return {"person": self.cast.employee}

    async def send(self, token: str | None, route: Route, one: Try) -> Answer:
        """By whoever has the token. No day is kept of anybody: `questions` would differ by who was asked for before."""
        path = route.path.format_map(one.ids)
        self.stage.parts.relations._zones.clear()
        self.questions.clear()
        headers = {} if token is None else {"authorization": token.strip()}
        content = None
        if route.method != "GET":
            upload = route.body is None
            headers["content-type"] = "text/csv" if upload else "application/json"
            content = one.body[headers["content-type"]].encode() if upload else orjson.dumps(one.body or {})  # type: ignore[index]
            if route.guarded:
                headers["if-match"] = f'"{one.version}"'
        answer = await self._client.request(
            route.method, path, content=content, headers=headers, params=dict(one.query)
        )
        return Answer(answer.status_code, answer.content, dict(answer.headers))

    async def command(self, who: Who, path: str, body: object = None, **headers: str) -> Any:
        """By the API; what it answers. Raises AssertionError unless it is done."""
        answer = await self._client.post(
            path,
            content=orjson.dumps(body or {}),
            headers={
                "authorization": self.cast.token(who).strip(),
                "content-type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        assert answer.status_code in (200, 201), (path, answer.content)
        return orjson.loads(answer.content)

    async def made(self, who: Who, path: str, body: object = None) -> UUID:
        """The id of what a command made."""
        return UUID((await self.command(who, path, body))["id"])
