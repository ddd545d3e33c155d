"""One document of several: every operation once, every model under one name that means one thing."""

from typing import Any

import pytest

from deploy.careers.openapi import DeclaredTwice, merge
from deploy.careers.services import SERVICES
from shared.http.openapi import describe
from tests.http.declared import declared

APART = {service: f"https://{service}.example.org" for service in SERVICES}
TOGETHER = dict.fromkeys(SERVICES, "https://careers.example.org")


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return {service: describe(service, "1", f"About {service}.", declared(service)) for service in SERVICES}


def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        told["operationId"]: told
        for item in document["paths"].values()
        for method, told in item.items()
        if method != "servers"
    }


def resolved(value: Any, schemas: dict[str, Any], within: tuple[str, ...] = ()) -> Any:
    """A schema with what it refers to in the place of references, and no titles: what it means."""
    if isinstance(value, dict):
        if (name := str(value.get("$ref", "")).rpartition("/")[2]) and name not in within:
            return resolved(schemas[name], schemas, (*within, name))
        return {key: resolved(part, schemas, within) for key, part in value.items() if key not in ("title", "$ref")}
    return [resolved(part, schemas, within) for part in value] if isinstance(value, list) else value


def test_every_operation_is_there_and_means_what_it_meant(documents: dict[str, Any]) -> None:
    merged = merge(documents, APART)
    found = operations(merged)
    before = [(service, name, told) for service in SERVICES for name, told in operations(documents[service]).items()]
    assert len(found) == len(before)
    for service, name, told in before:
        assert resolved(found[name], merged["components"]["schemas"]) == resolved(
            told, documents[service]["components"]["schemas"]
        )


def test_each_path_names_its_server_unless_one_answers_for_all(documents: dict[str, Any]) -> None:
    apart = merge(documents, APART)
    assert "servers" not in apart
    assert apart["paths"]["/v1/moves"]["servers"] == [{"url": APART["projections"]}]
    together = merge(documents, TOGETHER)
    assert together["servers"] == [{"url": "https://careers.example.org"}]
    assert not any("servers" in item for item in together["paths"].values())


def small(path: str, field: str) -> dict[str, Any]:
    inner = {"type": "object", "title": "Inner", "properties": {field: {"type": "string"}}}
    outer = {"type": "object", "title": "Outer", "properties": {"inner": {"$ref": "#/components/schemas/Inner"}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outer"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1", "description": ""},
        "paths": {path: {"get": {"operationId": f"read_{path}", "responses": {"200": answer}}}},
        "components": {"schemas": {"Inner": inner, "Outer": outer}, "securitySchemes": {}},
    }


def test_a_model_that_differs_takes_its_services_name_with_all_that_refers_to_it() -> None:
    merged = merge({"red": small("/a", "x"), "blue": small("/b", "y")}, {"red": "r", "blue": "b"})
    assert set(merged["components"]["schemas"]) == {"RedInner", "RedOuter", "BlueInner", "BlueOuter"}
    assert merged["components"]["schemas"]["RedInner"]["title"] == "RedInner"
    same = merge({"red": small("/a", "x"), "blue": small("/b", "x")}, {"red": "r", "blue": "b"})
    assert set(same["components"]["schemas"]) == {"Inner", "Outer"}


def test_a_path_that_two_services_declare_is_refused() -> None:
    with pytest.raises(DeclaredTwice, match="/a"):
        merge({"red": small("/a", "x"), "blue": small("/a", "x")}, {"red": "r", "blue": "b"})
