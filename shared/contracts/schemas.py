"""The contracts as data: a JSON Schema for each event and item, golden samples of every version ever published, and
what each schema promised, edition by edition.

`python -m shared.contracts.schemas` writes what is new. It never rewrites a golden file, adds editions behind those
that there are, and refuses what breaks a reader of any of them: what was published keeps its meaning for ever.
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
from shared.contracts.compatibility import breaks, facts
from shared.contracts.event import Event, Open, Sealed
from shared.contracts.reading import CATALOGUE, UPCASTERS

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
GOLDEN = HERE / "golden"
GOLDEN_ITEMS = GOLDEN / "outward"
PUBLISHED = HERE / "published"

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


def item_sample(content: type[outward.Content], *, retracted: bool = False) -> dict[str, Any]:
    """The value of a record, as it would be told: the same at every call."""
    envelope = {
        "id": open_value(content.type, UUID),
        "type": content.type,
        "revision": 2 if retracted else 1,
        "retracted": retracted,
        "recorded_at": open_value("recorded_at", datetime),
        "effective_on": None if retracted else open_value("effective_on", date),
    }
    told = {} if retracted else {name: open_value(name, info.annotation) for name, info in content.model_fields.items()}
    return outward.Envelope(**envelope).model_dump(mode="json") | (
        {} if retracted else content(**told).model_dump(mode="json")
    )


def schemas() -> dict[str, dict[str, Any]]:
    """Wire type → JSON Schema, of every event and item of today."""
    return {wire_type: schema(contract) for wire_type, contract in CATALOGUE.items()} | {
        content.type: outward.schema(content) for content in outward.CONTENTS
    }


def published(folder: Path = PUBLISHED) -> dict[str, list[dict[str, Any]]]:
    """Wire type → what each edition of its schema promised, the first one first."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def broken(editions: Mapping[str, list[dict[str, Any]]], today: Mapping[str, dict[str, Any]]) -> list[str]:
    """What of today's schemas breaks a reader of anything ever published, as "<type> <field>: <what>"."""
    found = [
        f"{wire_type}: no longer told or read"
        for wire_type in editions
        if wire_type not in today and wire_type not in UPCASTERS
    ]
    for wire_type, described in today.items():
        now = facts(described)
        told = (one for edition in editions.get(wire_type, ()) for one in breaks(edition, now))
        found += [f"{wire_type} {one}" for one in dict.fromkeys(told)]
    return found


def files() -> dict[Path, bytes]:
    """What stands in the folders for the events and items of today: path → content."""
    found: dict[Path, bytes] = {}
    for wire_type, described in schemas().items():
        found[SCHEMAS / f"{wire_type}.json"] = _json(described)
    for wire_type, contract in CATALOGUE.items():
        found[GOLDEN / f"{wire_type}.json"] = _json(orjson.loads(written(sample(contract))))
    for content in outward.CONTENTS:
        found[GOLDEN_ITEMS / f"{content.type}.told.json"] = _json(item_sample(content))
        found[GOLDEN_ITEMS / f"{content.type}.retracted.json"] = _json(item_sample(content, retracted=True))
    return found


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def publish(today: Mapping[str, dict[str, Any]], folder: Path = PUBLISHED) -> None:
    """Adds today's edition behind those there are, where it says anything else. Raises ValueError for a break."""
    editions = published(folder)
    if found := broken(editions, today):
        raise ValueError("\n".join(found))
    folder.mkdir(exist_ok=True)
    for wire_type, described in today.items():
        known, now = editions.get(wire_type, []), facts(described)
        if now not in known:
            (folder / f"{wire_type}.json").write_bytes(_json([*known, now]))


def main() -> None:
    """Writes schemas anew, golden files that are not there yet, and editions behind those published."""
    try:
        publish(schemas())
    except ValueError as refused:
        sys.exit(f"These break who reads what was published: make a new version.\n{refused}")
    for path, content in files().items():
        path.parent.mkdir(exist_ok=True)
        if path.parent == SCHEMAS or not path.exists():
            path.write_bytes(content)
    sys.stdout.write(f"{len(CATALOGUE)} events, {len(outward.CONTENTS)} kinds of items\n")


if __name__ == "__main__":
    main()
