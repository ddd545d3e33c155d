"""One OpenAPI document of several: for clients that are generated once and call all services."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"


class DeclaredTwice(ValueError):
    """Two services declare the same operation."""


def merge(documents: Mapping[str, Json], servers: Mapping[str, str]) -> Json:
    """The documents of services, by name, as one.

    `servers` says where each service answers: each path names its own server, and the whole none when they differ. A
    model that services describe differently takes its service's name before its own; pages that every service has of
    itself are left out. Raises DeclaredTwice.
    """
    kept = [(service, _own_names(service, document, documents)) for service, document in documents.items()]
    paths: dict[str, Json] = {}
    for service, document in kept:
        for path, item in document["paths"].items():
            if path in paths:
                raise DeclaredTwice(f"{path} is declared by {service} and by another service.")
            paths[path] = {**item, "servers": [{"url": servers[service]}]}
    origins = sorted(set(servers.values()))
    if len(origins) == 1:
        paths = {path: {key: told for key, told in item.items() if key != "servers"} for path, item in paths.items()}
    first = kept[0][1]
    schemas = {name: schema for _, document in kept for name, schema in document["components"]["schemas"].items()}
    return {
        "openapi": first["openapi"],
        "info": {
            "title": "careers",
            "version": first["info"]["version"],
            "description": " ".join(f"{service}: {document['info']['description']}" for service, document in kept),
        },
        **({"servers": [{"url": origins[0]}]} if len(origins) == 1 else {}),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": first["components"]["securitySchemes"],
        },
    }


def _own_names(service: str, document: Json, documents: Mapping[str, Json]) -> Json:
    """The document with its service's name before those models that another describes differently."""
    schemas = document["components"]["schemas"]
    others = [one["components"]["schemas"] for one in documents.values() if one is not document]
    renamed = {name for name, schema in schemas.items() if any(one.get(name, schema) != schema for one in others)}
    # What refers to a renamed model differs with it.
    while more := {name for name, schema in schemas.items() if name not in renamed and renamed & set(_named(schema))}:
        renamed |= more
    names = {name: f"{service.capitalize()}{name}" if name in renamed else name for name in schemas}
    return {
        **document,
        "paths": _renamed(document["paths"], names),
        "components": {
            **document["components"],
            "schemas": {
                names[name]: _renamed(schema, names) | ({"title": names[name]} if name in renamed else {})
                for name, schema in schemas.items()
            },
        },
    }


def _named(value: Any) -> Iterator[str]:
    """The models that a part of a document refers to."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "$ref" and isinstance(part, str):
                yield part.removeprefix(_SCHEMAS)
            else:
                yield from _named(part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _named(part)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _SCHEMAS + names[part.removeprefix(_SCHEMAS)]
            if key == "$ref" and isinstance(part, str) and part.startswith(_SCHEMAS)
            else _renamed(part, names)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_renamed(part, names) for part in value]
    return value
