"""A CloudEvent 1.0 in structured mode, turned into the one form that we keep: headers and a body, as in binary mode.

The Kafka binding tells the modes apart by the content type's beginning; of the formats, JSON is read.
"""

from base64 import b64decode
from collections.abc import Mapping
from email.message import Message
from typing import Any

import orjson

_ANY_FORMAT = b"application/cloudevents"
_JSON_FORMAT = "application/cloudevents+json"
_DATA = ("data", "data_base64")


class Malformed(ValueError):
    """It says that it is a CloudEvent in structured mode, and cannot be read as one; the message says why."""


def is_structured(content_type: bytes | None) -> bool:
    return content_type is not None and content_type[: len(_ANY_FORMAT)].lower() == _ANY_FORMAT


def as_binary(content_type: bytes, value: bytes | None) -> tuple[list[tuple[str, bytes | None]], bytes | None]:
    """The headers and value that the same event has in binary mode. Raises Malformed."""
    _check_format(content_type)
    if value is None:
        raise Malformed("no value")
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError as bad:
        raise Malformed("a structured event that is no JSON") from bad
    if not isinstance(event, dict):
        raise Malformed("a structured event that is no object")
    headers = [(f"ce_{name}", _text(given)) for name, given in event.items() if name not in (*_DATA, "datacontenttype")]
    return [*headers, ("content-type", b"application/json")], _data(event)


def _check_format(content_type: bytes) -> None:
    header = Message()
    header["content-type"] = content_type.decode("latin-1").replace("\r", " ").replace("\n", " ")
    if header.get_content_type() != _JSON_FORMAT:
        raise Malformed("a format of CloudEvents that is not read")
    charset = header.get_param("charset", "utf-8")
    if not isinstance(charset, str) or charset.lower() not in {"utf-8", "utf8"}:
        raise Malformed("a structured event that is not in UTF-8")


def _text(given: Any) -> bytes | None:
    """An attribute on the wire: null is one that is not there, and so is what no attribute can be."""
    if isinstance(given, bool):
        return b"true" if given else b"false"
    if isinstance(given, int):
        return b"%d" % given
    return given.encode() if isinstance(given, str) else None


def _data(event: Mapping[str, Any]) -> bytes | None:
    kind = event.get("datacontenttype")
    if kind is not None and not _is_json(kind):
        raise Malformed("data that is no JSON")
    data, encoded = (event.get(name) for name in _DATA)
    if data is not None and encoded is not None:
        raise Malformed("data given twice")
    if encoded is None:
        return None if data is None else orjson.dumps(data)
    if not isinstance(encoded, str):
        raise Malformed("data that is no base64")
    try:
        return b64decode(encoded, validate=True)
    except ValueError as bad:
        raise Malformed("data that is no base64") from bad


def _is_json(kind: Any) -> bool:
    media_type = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
    return media_type.endswith(("/json", "+json"))
