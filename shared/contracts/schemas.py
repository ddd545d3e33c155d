"""The contracts as data: a JSON Schema for each event, and the golden samples of every version ever published.

`python -m shared.contracts.schemas` writes what is new. It never rewrites a golden file: a published event keeps its
meaning for ever, and the tests read every one of them.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid5

import orjson
from pydantic import BaseModel

from shared.contracts import outward
from shared.contracts.event import Event, Open, Sealed
from shared.contracts.reading import CATALOGUE

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
GOLDEN = HERE / "golden"

_SAMPLES = UUID("5f0c0a8e-5a53-4f0b-9d4c-2f9b1f2f6a01")


def schema(contract: type[Event]) -> dict[str, Any]:
    """The JSON Schema of a stored body. Each field says why it is open, or whose key seals it."""
    described = contract.model_json_schema(ref_template="#/$defs/{model}", mode="serialization")
    described["$id"] = f"urn:careers:schema:{contract.type}"
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    described["title"] = contract.type
    described["additionalProperties"] = True  # a reader keeps fields that it does not know
    described["x-subject"] = contract.subject_field
    if contract.data_class:
        described["x-data-class"] = contract.data_class
    if contract.withheld:
        described["x-withheld"] = contract.withheld
    for name, info in contract.model_fields.items():
        field = described["properties"][name]
        if name in contract.sealed_about:
            described["properties"][name] = {
                "$ref": "#/$defs/Sealed",
                "x-sealed-about": contract.sealed_about[name],
            }
        else:
            field["x-open"] = next(mark.reason for mark in info.metadata if isinstance(mark, Open))
    if contract.sealed_about:
        described["$defs"] = _only_used(described)
    return described


def sample(contract: type[Event]) -> Event:
    """The same example of an event at every call: sealed values are sealed under a key that nobody has."""
    values = {
        name: Sealed(
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            str(uuid5(_SAMPLES, name)),
            f"{contract.type}#{name}",
        )
        if name in contract.sealed_about
        else open_value(name, info.annotation)
        for name, info in contract.model_fields.items()
    }
    return contract(**values)


def written(event: Event) -> bytes:
    """A sample's body, as it would be stored."""
    return event.write(lambda *_: (_ for _ in ()).throw(AssertionError("a sample is sealed already")))


def open_value(name: str, annotation: Any) -> Any:
    """An example of an open field: the same at every call."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return open_value(name, get_args(annotation)[0])
    if origin in (Union, UnionType):
        return open_value(name, next(one for one in get_args(annotation) if one is not type(None)))
    if origin is Literal:
        return get_args(annotation)[0]
    if origin is tuple:
        return (open_value(name, get_args(annotation)[0]),)
    if annotation is UUID:
        return uuid5(_SAMPLES, name)
    if annotation is date:
        return date(2026, 3, 1)
    if annotation is bool:
        return True
    if annotation is int:
        return 3
    if annotation is str:
        return {"time_zone": "Europe/Paris", "country": "FR"}.get(name, f"a {name}".replace("_", " "))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation(**{part: open_value(part, info.annotation) for part, info in annotation.model_fields.items()})
    return datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def _only_used(described: Mapping[str, Any]) -> dict[str, Any]:
    """Clear forms of sealed values are no part of what is stored."""
    return {"Sealed": described["$defs"]["Sealed"]}


def files() -> dict[Path, bytes]:
    """What stands in the folders for the events of today: path → content."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    found: dict[Path, bytes] = {}
    for wire_type, contract in CATALOGUE.items():
        found[SCHEMAS / f"{wire_type}.json"] = orjson.dumps(schema(contract), option=option)
        found[GOLDEN / f"{wire_type}.json"] = orjson.dumps(orjson.loads(written(sample(contract))), option=option)
    for content in outward.CONTENTS:
        found[SCHEMAS / f"{content.type}.json"] = orjson.dumps(outward.schema(content), option=option)
    return found


def main() -> None:
    """Writes schemas anew, and golden files that are not there yet."""
    for path, content in files().items():
        path.parent.mkdir(exist_ok=True)
        if path.parent == SCHEMAS or not path.exists():
            path.write_bytes(content)
    sys.stdout.write(f"{len(CATALOGUE)} events, {len(outward.CONTENTS)} kinds of items\n")


if __name__ == "__main__":
    main()
