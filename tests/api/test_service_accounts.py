"""A service account never reads personal words, whatever its scopes: on every route of every service."""

from collections.abc import Iterator
from typing import Any, cast, get_args, get_origin

import httpx2
import pytest
from pydantic import TypeAdapter

from deploy.careers.services import SERVICES
from shared.auth.callers import Caller, Scope
from shared.contracts import conversations, notifications, opportunities, profiles
from shared.contracts.event import Event
from shared.http import Found, Health, Page, Routes, build
from shared.http.routes import Route
from shared.metrics import Metrics
from tests.http.declared import declared

ACCOUNT = Caller("service:all", service="all", scopes=frozenset(Scope))

SHOWN = {
    "Receipt": "ids and positions",
    "PersonView": "the directory, which is what people:read is for",
    "Match": "the directory, and what was asked",
    "UnitView": "official",
    "Figures": "numbers of official moves",
    "Cell": "numbers of official moves",
    "UnitName": "official",
    "OpportunityView": "what is posted to everybody",
    "ListedOpportunity": "what is posted to everybody",
    "Feed": "what HR's systems are told, which holds no words",
    "FeedItem": "what HR's systems are told, which holds no words",
    "ImportView": "how far an import of HR's is",
    "FileView": "a file of HR's: its name and size",
    "Progress": "numbers of rows",
    "ProblemView": "where a file of HR's is wrong, never what stands there",
}
"""The models that a service account may be answered with, and why no words of people stand in them."""

OPEN = {
    ("PersonView", "language"): "of the directory; what a person prefers for messages is not shown",
    ("PersonView", "email"): "of the directory; what a person prefers for messages is not shown",
    ("PersonView", "title"): "of the place",
    **{
        (view, field): "posted to everybody, also where somebody offers it in their own words"
        for view in ("OpportunityView", "ListedOpportunity")
        for field in ("title", "description", "skills")
    },
}
"""Fields that are called like sealed ones, and are others."""


OFFICIAL = ("directory", "employment", "")


def words() -> set[str]:
    """What the contracts call the words of people: sealed fields, and the parts of what stands in them."""
    events = [
        event
        for module in (profiles, conversations, opportunities, notifications)
        for event in vars(module).values()
        if isinstance(event, type) and issubclass(event, Event) and event.data_class not in OFFICIAL
    ]
    named = {field for event in events for field in event.sealed_about}
    parts = {name for event in events for field in event.sealed_about for name in _parts(event, field)}
    return named | parts


def _parts(event: type[Event], field: str) -> Iterator[str]:
    annotation: Any = event.model_fields[field].annotation
    schema = TypeAdapter(annotation).json_schema()
    for name, model in schema.get("$defs", {}).items():
        if name != "Sealed":
            yield from model.get("properties", {})


def models(route: Route) -> dict[str, set[str]]:
    """Every model in an answer, and its fields."""
    kind = get_origin(route.answer) or route.answer
    answered = get_args(route.answer)[0] if kind in (Found, Page) else route.answer
    schema = TypeAdapter(answered).json_schema(mode="serialization")
    found = {name: set(model.get("properties", ())) for name, model in schema.get("$defs", {}).items()}
    if "properties" in schema:
        found[schema["title"]] = set(schema["properties"])
    return {name: fields for name, fields in found.items() if fields}


EVERY = [(service, route) for service in SERVICES for route in declared(service)]
each = pytest.mark.parametrize(
    ("service", "route"), EVERY, ids=[f"{service} {route.method} {route.path}" for service, route in EVERY]
)


@each
def test_what_a_service_account_is_answered_holds_no_words(service: str, route: Route) -> None:
    if not route.grants.admit(ACCOUNT):
        return
    shown = models(route)
    assert shown or route.answer is type(None), "an answer without a model: nobody can say what stands in it"
    assert set(shown) <= set(SHOWN), "a model that a service account has not been answered with: say why it may be"
    called_like_words = {(model, field) for model, fields in shown.items() for field in fields & words()}
    assert called_like_words <= set(OPEN)


class Everything:
    """Whoever calls is a service account with every scope that there is."""

    def knows(self, authorization: bytes | None) -> bool:
        return authorization is not None

    async def caller(self, authorization: bytes | None) -> Caller:
        return ACCOUNT


@each
async def test_a_service_account_is_turned_away_at_every_other_door(service: str, route: Route) -> None:
    if route.grants.admit(ACCOUNT):
        return
    api = build(
        service,
        Routes(declared=[route]),
        authenticator=Everything(),
        secret=bytes(32),
        metrics=Metrics(service),
        health=Health(),
    )
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", "0199d3a0-5c1e-7a3b-9f2e-3d0f6b1c2a4d")
    transport = httpx2.ASGITransport(app=cast("Any", api))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(route.method, path, headers={"authorization": "Bearer all"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


def test_what_is_looked_for_is_there() -> None:
    assert {"content", "text", "agenda", "outcomes", "statement", "reason", "purpose", "details"} <= words()
    admitted = [route for _, route in EVERY if route.grants.admit(ACCOUNT)]
    assert {scope for route in admitted for scope in route.grants.scopes} == {
        scope for scope in Scope if not scope.startswith("act:")
    }
    assert {name for route in admitted for name in models(route)} == set(SHOWN)
