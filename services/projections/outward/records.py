"""What stands in the record of an item: a CloudEvent 1.0 in binary mode, and the same in the value, for sinks that drop
headers. The feed and the topics say the same bytes."""

from datetime import datetime

import asyncpg
import orjson

Header = tuple[str, bytes]

SOURCE = "/careers/hr"


def value(row: asyncpg.Record) -> bytes:
    """The item of a row of outward_items."""
    envelope = {
        "id": str(row["item"]),
        "type": row["type"],
        "revision": row["revision"],
        "retracted": row["content"] is None,
        "recorded_at": row["recorded_at"],
        "effective_on": row["effective_on"],
    }
    told = orjson.dumps(envelope, option=orjson.OPT_UTC_Z)
    return told if row["content"] is None else told[:-1] + b"," + row["content"][1:]


def headers(row: asyncpg.Record) -> list[Header]:
    """The attributes: `ce_id` names the revision, once and for all."""
    item, wire_type, revision = str(row["item"]), row["type"], str(row["revision"])
    found = {
        "ce_specversion": "1.0",
        "ce_id": f"{item}.{revision}",
        "ce_source": SOURCE,
        "ce_type": wire_type,
        "ce_subject": item,
        "ce_partitionkey": item,
        "ce_time": _text(row["recorded_at"]),
        "ce_dataschema": f"urn:careers:schema:{wire_type}",
        "ce_revision": revision,
        "ce_retracted": "true" if row["content"] is None else "false",
        "ce_recordedat": _text(row["recorded_at"]),
        "content-type": "application/json",
    }
    if row["effective_on"] is not None:
        found["ce_effectiveon"] = row["effective_on"].isoformat()
    return [(name, text.encode()) for name, text in found.items()]


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
