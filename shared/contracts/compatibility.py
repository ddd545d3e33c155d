"""What breaks those who read a contract, when its schema is no longer the one that was published.

Two read: whoever knows the older schema reads what is written today, and today's code reads what was written then. So
a field keeps its type, its values and whether it is always there. What may come is a field that need not be there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_SAYS_NOTHING = frozenset({"title", "description", "examples", "default", "$schema", "x-open", "x-data-class"})
_LABELS = ("$id", "x-subject", "x-topic", "x-withheld")
_BOUNDS = (
    "format", "const", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "minItems", "maxItems", "x-sealed-about",
)  # fmt: skip


def facts(schema: Schema) -> dict[str, Any]:
    """What of a schema a reader relies on: references in their place, words left out."""
    plain: dict[str, Any] = _plain(
        {name: value for name, value in schema.items() if name != "$defs"}, schema.get("$defs", {})
    )
    return plain


def breaks(published: Schema, today: Schema) -> list[str]:
    """Each break as "<field's path>: <what>", for facts as `facts` gives them; empty for none."""
    labels = (
        f"{label}: changed from {published.get(label)!r} to {today.get(label)!r}"
        for label in _LABELS
        if published.get(label) != today.get(label)
    )
    return [*labels, *_object("", published, today)]


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(one, definitions) for one in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node:
        meant = definitions[node["$ref"].removeprefix("#/$defs/")]
        return _plain({**meant, **{name: value for name, value in node.items() if name != "$ref"}}, definitions)
    return {
        name: {field: _plain(inner, definitions) for field, inner in value.items()}
        if name == "properties"
        else _plain(value, definitions)
        for name, value in node.items()
        if name not in _SAYS_NOTHING
    }


def _field(path: str, published: Schema, today: Schema) -> Iterator[str]:
    before, now = _kinds(published), _kinds(today)
    gone, come = sorted(before.keys() - now.keys()), sorted(now.keys() - before.keys())
    if gone and come:
        yield f"{path}: type changed from {', '.join(gone)} to {', '.join(come)}"
    elif come:
        yield f"{path}: type widened, may be {', '.join(come)} now"
    elif gone:
        yield f"{path}: type narrowed, was {', '.join(gone)}, too"
    for kind in sorted(before.keys() & now.keys()):
        yield from _same_kind(path, kind, before[kind], now[kind])


def _kinds(node: Schema) -> dict[str, Schema]:
    """JSON type → the schema of values of that type."""
    if "anyOf" in node:
        outer = {name: value for name, value in node.items() if name != "anyOf"}
        return {kind: one for option in node["anyOf"] for kind, one in _kinds({**outer, **option}).items()}
    return {node.get("type", "string" if "const" in node or "enum" in node else "anything"): node}


def _same_kind(path: str, kind: str, published: Schema, today: Schema) -> Iterator[str]:
    for bound in _BOUNDS:
        if published.get(bound) != today.get(bound):
            yield f"{path}: {bound} changed from {published.get(bound)!r} to {today.get(bound)!r}"
    yield from _values(path, published.get("enum"), today.get("enum"))
    if kind == "array":
        yield from _field(f"{path}[]", published.get("items", {}), today.get("items", {}))
    if kind == "object":
        yield from _object(f"{path}.", published, today)


def _values(path: str, published: list[Any] | None, today: list[Any] | None) -> Iterator[str]:
    if published is None or today is None:
        if published != today:
            yield f"{path}: {'was free, is one of some now' if published is None else 'was one of some, is free now'}"
        return
    yield from (f"{path}: value {value!r} gone" for value in published if value not in today)
    yield from (
        f"{path}: value {value!r} added, which its readers do not know" for value in today if value not in published
    )


def _object(path: str, published: Schema, today: Schema) -> Iterator[str]:
    before, now = published.get("properties", {}), today.get("properties", {})
    needed, need = _always_there(published), _always_there(today)
    for name in sorted(before):
        if name not in now:
            yield f"{path}{name}: removed"
            continue
        if name in needed and name not in need:
            yield f"{path}{name}: became optional"
        if name in need and name not in needed:
            yield f"{path}{name}: became required, and is missing where it was written before"
        yield from _field(f"{path}{name}", before[name], now[name])
    for name in sorted(now.keys() - before.keys()):
        if name in need:
            yield f"{path}{name}: added as required, and is missing where it was written before"
        elif published.get("additionalProperties") is False:
            yield f"{path}{name}: added where the published schema allows nothing else"
    yield from _others(path, published.get("additionalProperties", True), today.get("additionalProperties", True))


def _always_there(schema: Schema) -> frozenset[str]:
    """An item that is retracted has no content: its fields are there while it is not."""
    return frozenset(schema.get("required", ())) | frozenset(schema.get("then", {}).get("required", ()))


def _others(path: str, published: Any, today: Any) -> Iterator[str]:
    if isinstance(published, Mapping) and isinstance(today, Mapping):
        yield from _field(f"{path}*", published, today)
    elif published != today:
        yield f"{path}*: other fields were {_allowed(published)}, are {_allowed(today)} now"


def _allowed(others: Any) -> str:
    return "refused" if others is False else "of a type" if isinstance(others, Mapping) else "allowed"
