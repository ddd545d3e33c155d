"""A route that does not say what it should is refused when it is declared."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from shared.http import Alias, Body, Call, Line, Query, Routes
from shared.streams import Receipt
from tests.http.sample import FRUIT


class Loose(BaseModel):
    name: str


class Naive(Body):
    at: datetime


class Boundless(Body):
    on: date | None = None


class Holding(Body):
    inner: Loose


class Fine(Body):
    name: Line


async def no_call(body: Fine) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def other_names(call: Call, thing: UUID) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def other_order(call: Call, second: UUID, first: UUID) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def loose_name(call: Call, id: int) -> Receipt:  # noqa: A002
    """Wrong."""
    raise NotImplementedError


async def loose(call: Call[Loose]) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def naive(call: Call[Naive]) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def boundless(call: Call[Boundless]) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def holding(call: Call[Holding]) -> Receipt:
    """Wrong."""
    raise NotImplementedError


async def mute(call: Call[Fine]) -> Receipt:
    raise NotImplementedError


async def unsaid(call: Call[Fine]):
    """Wrong."""


@pytest.mark.parametrize(
    ("path", "handler", "words"),
    [
        ("/v1/a", no_call, "first parameter"),
        ("/v1/a/{other}", other_names, "must be those of"),
        ("/v1/a/{first}/{second}", other_order, "in that order"),
        ("/v1/a/{id}", loose_name, "must be an Alias, a UUID or a str"),
        ("/v1/a", loose, "derive it from Body or Query"),
        ("/v1/a", naive, "declare times as Moment"),
        ("/v1/a", boundless, "declare dates as Day"),
        ("/v1/a", holding, "must be a Body, too"),
        ("/v1/a", mute, "docstring"),
        ("/v1/a", unsaid, "say what it answers"),
    ],
)
def test_a_route_is_declared_whole(path: str, handler: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Routes().post(path, access=FRUIT)(handler)


def test_an_example_is_a_body() -> None:
    async def fine(call: Call[Fine]) -> Receipt:
        """Fine."""
        raise NotImplementedError

    Routes().post("/v1/a", access=FRUIT, example={"name": "x"})(fine)
    with pytest.raises(ValidationError):
        Routes().post("/v1/a", access=FRUIT, example={"name": 1})(fine)


def test_a_route_says_which_row_of_who_may_see_what_it_is() -> None:
    with pytest.raises(TypeError, match="access"):
        Routes().get("/v1/a")  # type: ignore[call-arg]


def test_a_declared_route_keeps_what_its_handler_says() -> None:
    class Which(Query):
        kind: Line

    routes = Routes()

    @routes.get("/v1/people/{person}/things/{thing}", access=FRUIT)
    async def read_thing(call: Call[None, Which], person: Alias, thing: UUID) -> dict[str, int]:
        """Read a thing.

        More of it.
        """
        raise NotImplementedError

    (route,) = routes.declared
    assert (route.operation, route.summary, route.description) == ("read_thing", "Read a thing.", "More of it.")
    assert (route.query, route.body, route.status) == (Which, None, 200)
    assert route.parameters == {"person": Alias, "thing": UUID}


def test_a_handler_of_several_kinds_of_things_calls_each_of_them_item() -> None:
    async def share(call: Call, person: Alias, item: UUID) -> Receipt:
        """Share it."""
        raise NotImplementedError

    routes = Routes()
    for thing in ("wish", "rating"):
        routes.post(f"/v1/people/{{person}}/{{{thing}}}/share", access=FRUIT, operation=f"share_{thing}")(share)
    assert [list(route.parameters) for route in routes.declared] == [["person", "wish"], ["person", "rating"]]
    with pytest.raises(TypeError, match="in that order"):
        routes.post("/v1/people/{person}/share", access=FRUIT)(share)
