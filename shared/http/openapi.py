"""The description of an API (OpenAPI 3.1), fed from what its routes declare: nothing in it is written twice."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from pydantic import TypeAdapter

from shared.auth.callers import IdentityNotLinked, Scope, Unauthenticated
from shared.auth.issuer import IssuerUnavailable
from shared.http import problems as p
from shared.http.calls import Alias, Found, Page
from shared.http.fields import Nothing
from shared.http.positions import FORM
from shared.http.routes import Grants, Route, is_upload, needs_body
from shared.refusals import NotAllowed, NotFound, Outdated, Refusal, Unacceptable, Unavailable
from shared.streams import Receipt

Json = dict[str, Any]

_ID = "0199d3a0-5c1e-7a3b-9f2e-3d0f6b1c2a4d"
_REF = "#/components/schemas/{model}"
_STRING: Json = {"type": "string"}
_RETRY_AFTER: Json = {"description": "Whole seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `type` is where `code` is explained; what was sent is never repeated.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _STRING,
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable: what programs look at."},
        "detail": _STRING,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "A JSON Pointer into the body, as a fragment."},
                    "parameter": _STRING,
                    "header": _STRING,
                    "detail": _STRING,
                },
            },
        },
    },
}


def describe(title: str, version: str, description: str, routes: Iterable[Route]) -> Json:
    """The OpenAPI document."""
    listed = list(routes)
    schemas, components = _schemas(listed)
    paths: dict[str, Json] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of the OpenID Connect issuer that this installation trusts. An "
                    "operation's `security` names alternatives: nothing is any person, else what is named is needed, "
                    "a role in the claim `roles` or a scope of a service account.",
                    "x-scopes": {scope.value: scope.told for scope in Scope},
                }
            },
        },
    }


Place = Literal["body", "answer"]


def _schemas(routes: list[Route]) -> tuple[Mapping[tuple[str, Place], Json], Json]:
    """The schemas of bodies and answers by operation, and the models that they and the queries refer to."""
    wanted: list[tuple[tuple[str, Place], Literal["validation", "serialization"], TypeAdapter[Any]]] = []
    for route in routes:
        if route.body is not None:
            wanted.append(((route.operation, "body"), "validation", TypeAdapter(route.body)))
        wanted.append(((route.operation, "answer"), "serialization", TypeAdapter(_answered(route))))
    found, shared = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    models = dict(shared.get("$defs", {}))
    for route in routes:
        if route.query is not None:
            models |= route.query.model_json_schema(ref_template=_REF).get("$defs", {})
    return {place: schema for (place, _), schema in found.items()}, models


def _answered(route: Route) -> Any:
    kind = get_origin(route.answer) or route.answer
    if kind is Page:
        return list[get_args(route.answer)[0]]  # type: ignore[misc]
    return get_args(route.answer)[0] if kind is Found else route.answer


def _operation(route: Route, schemas: Mapping[tuple[str, Place], Json]) -> Json:
    told: Json = {
        "operationId": route.operation,
        "tags": [route.path.split("/")[2] if route.path.count("/") > 1 else "kernel"],
        "summary": route.summary,
        "description": "\n\n".join(part for part in (route.description, _callers(route)) if part),
        "parameters": list(_parameters(route)),
        "responses": {str(route.status): _answer(route, schemas[route.operation, "answer"]), **_refusals(route)},
        "security": list(_security(route.grants)),
    }
    if is_upload(route):
        binary: Json = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        examples = {kind: {"example": example} for kind, example in (route.example or {}).items()}
        uploads = {kind: {**binary, **examples.get(kind, {})} for kind in route.media_types}
        told["requestBody"] = {"required": True, "content": uploads}
    elif route.body is not None:
        content: Json = {"schema": schemas[route.operation, "body"]}
        if (example := {} if route.body is Nothing else route.example) is not None:
            content["example"] = example
        told["requestBody"] = {"required": needs_body(route), "content": {"application/json": content}}
    return told


def _security(grants: Grants) -> Iterable[Json]:
    """Alternatives: what a token must hold."""
    if grants.public:
        return
    people: list[list[str]] = [*([[]] if grants.person else []), *([role.value] for role in sorted(grants.roles))]
    for needed in (*people, *([scope.value] for scope in sorted(grants.scopes))):
        yield {"bearer": needed}
    for needed in people:
        yield {"bearer": [*needed, grants.on_behalf.value]}


def _callers(route: Route) -> str:
    grants = route.grants
    if grants.public:
        return "Open to everyone."
    who = [
        *(["any person, as far as their relations reach"] if grants.person else []),
        *(f"role `{role}`" for role in sorted(grants.roles)),
        *(f"service account with scope `{scope}`" for scope in sorted(grants.scopes)),
    ]
    told = f"Callers: {'; '.join(who)}."
    if grants.person or grants.roles:
        told += f" A service account on behalf of a person needs the scope `{grants.on_behalf}` besides."
    return told


def _parameters(route: Route) -> Iterable[Json]:
    for name, kind in route.parameters.items():
        yield {"name": name, "in": "path", "required": True, **_PATH[kind]}
    query = route.query.model_json_schema(ref_template=_REF) if route.query is not None else {}
    for name, schema in query.get("properties", {}).items():
        yield _query_parameter(name, schema, required=name in query.get("required", ()))
    if route.waiter is not None:
        yield {
            "name": "after",
            "in": "query",
            "description": "What a command answered as `after`, such as profiles:7:123: wait until it is seen here. "
            "Leave it out where that was null: nothing was recorded, and there is nothing to wait for.",
            "schema": {"type": "string", "pattern": FORM},
        }
    if route.method == "GET":
        if get_origin(route.answer) is Found:
            yield _header("If-None-Match", "The ETag that you have: 304 while it is still the same.")
    else:
        yield _header(
            "Idempotency-Key", "Makes it safe to repeat a command: it is done once.", pattern="^[!-~]{1,255}$"
        )
        told = "The ETag of what you mean to change, as read or as a command answered: 412 when it has changed since."
        yield {**_header("If-Match", told, pattern='^"(0|[1-9][0-9]*)(-[0-9a-f]{16})?"$'), "required": route.guarded}


def _query_parameter(name: str, schema: Json, *, required: bool) -> Json:
    plain = {key: value for key, value in schema.items() if key not in ("title", "default")}
    choices = [one for one in plain.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        plain = {**{key: value for key, value in plain.items() if key != "anyOf"}, **choices[0]}
    if schema.get("default") not in (None, [], ()):
        plain["default"] = schema["default"]
    told = {"name": name, "in": "query", "required": required, "schema": plain}
    if description := plain.pop("description", None):
        told["description"] = description
    if plain.get("type") == "array":
        told |= {"style": "form", "explode": False}
    return told


def _header(name: str, description: str, **schema: Any) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string", **schema}}


def _answer(route: Route, schema: Json) -> Json:
    kind = get_origin(route.answer) or route.answer
    if kind is type(None):
        return {"description": "Done."}
    content: Json = {"schema": schema}
    headers: Json = {}
    if isinstance(kind, type) and issubclass(kind, Receipt):
        content["example"] = {"id": _ID, "version": 3, "after": "profiles:7:123"}
        headers["ETag"] = {"description": "The version.", "schema": _STRING}
        if route.creates is not None:
            headers["Location"] = {"description": "Where the new thing is.", "schema": _STRING}
    elif kind is Found:
        headers["ETag"] = {"description": "The version, and a digest of this answer.", "schema": _STRING}
    elif kind is Page:
        following = {"type": ["string", "null"], "description": "The `cursor` of the next page; null: none."}
        content["schema"] = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {"items": schema, "next": following},
        }
        headers["Link"] = {"description": 'rel="next"', "schema": _STRING}
    if route.example_answer is not None:
        content["example"] = route.example_answer
    told: Json = {"description": route.summary, "content": {"application/json": content}}
    return {**told, "headers": headers} if headers else told


def refusals(route: Route) -> list[type[Refusal]]:
    """Everything that a route may refuse with: its own refusals, and what follows from how it is declared."""
    found: list[type[Refusal]] = [p.MalformedRequest, p.InternalError, p.Overload, p.DeadlineExceeded, Unavailable]
    found += [Unacceptable, NotFound, p.TooManyRequests]
    if not route.grants.public:
        found += [Unauthenticated, NotAllowed, IdentityNotLinked, IssuerUnavailable]
    if route.method != "GET":
        found += [p.RequestTimeout, p.BodyTooLarge, p.UnsupportedMediaType, p.KeyReused, p.MaybeDone]
        found += [p.ChangedMeanwhile, Outdated]
    if route.guarded:
        found.append(p.PreconditionRequired)
    if route.waiter is not None:
        found += [p.NotYet, p.Parked]
    return [*found, *(one for one in route.refuses if one not in found)]


def _refusals(route: Route) -> Json:
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in refusals(route):
        by_status.setdefault(p.status_of(refusal), []).append(refusal)
    told: Json = {}
    if get_origin(route.answer) is Found:
        told["304"] = {"description": "You have it already."}
    for status, ones in sorted(by_status.items()):
        examples = {one.code: {"value": p.document(one)} for one in ones}
        told[str(status)] = {
            "description": " ".join(f"`{one.code}`: {one.sentence}" for one in ones),
            "content": {
                "application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}, "examples": examples}
            },
        }
        if status in p.RETRY_AFTER:
            told[str(status)]["headers"] = {"Retry-After": _RETRY_AFTER}
    return told


_PATH: Mapping[Any, Json] = {
    Alias: {
        "description": "A person's id, or an alias that is no e-mail address.",
        "schema": {"type": "string", "pattern": "^[^@/]{1,200}$"},
    },
    UUID: {"schema": {"type": "string", "format": "uuid"}},
    str: {"schema": {"type": "string", "minLength": 1}},
}
