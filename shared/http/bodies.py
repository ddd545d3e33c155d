"""Reads what was sent: bytes → JSON without surprises → a model, with pointers to what is wrong and never an echo.

What a JSON parser lets pass and this does not: duplicate keys, NaN, 1e999, numbers beyond a bigint, NUL and other
control characters, lone surrogates, UTF-16, nesting beyond 32.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from functools import partial
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.http.fields import CONTROLS, LARGEST
from shared.http.problems import BodyTooLarge, MalformedRequest
from shared.refusals import Invalid, Unacceptable, Worded

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Model = TypeVar("Model", bound=BaseModel)

LARGEST_BODY = 256 * 1024
MOST_DISCARDED = 4 * 1024 * 1024
"""Bytes of a body that is too large that are read all the same: a caller still sending would not see the answer."""
DEEPEST = 32
MOST_ERRORS = 20

_UNFIT = re.compile(rf"[{CONTROLS}\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


class Disconnected(Exception):
    """The caller went away before all of the request had arrived."""


async def read_body(receive: Receive, declared: bytes | None, limit: int = LARGEST_BODY) -> bytes:
    """All of the body. Raises BodyTooLarge, also when its length was not declared, and Disconnected."""
    if declared is not None and (not declared.isdigit() or int(declared) > limit + MOST_DISCARDED):
        raise BodyTooLarge
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False) and len(body) <= limit:
        return body
    parts, size = [body], len(body)
    while message["type"] == "http.request" and message.get("more_body", False) and size <= limit + MOST_DISCARDED:
        message = await receive()
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
    if message["type"] != "http.request":
        raise Disconnected
    if size > limit:
        raise BodyTooLarge
    return b"".join(parts)


def parse(body: bytes) -> Any:
    """The JSON value of a body. Raises MalformedRequest, or Unacceptable where a place in it can be pointed at."""
    try:
        text = body.decode()
        value = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not UTF-8.") from None
    except JSONDecodeError as error:
        raise MalformedRequest(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise MalformedRequest(_TOO_DEEP) from None
    # Only an escape or a raw character beyond space can be unfit, and only many brackets can nest too deep.
    if "\\" in text or not text.isprintable() or text.count("[") + text.count("{") > DEEPEST:
        _check(value, "", 1)
    return value


def read_model(model: type[Model], body: bytes) -> tuple[Model, Any]:
    """The model of a body, and its plain JSON value. Raises MalformedRequest, Unacceptable."""
    value = parse(body)
    try:
        return model.__pydantic_validator__.validate_json(body), value
    except ValidationError as error:
        raise Unacceptable(invalid=tuple(_invalid(error, value))) from None


def fits(text: str) -> bool:
    """Whether a text from outside holds nothing that a database or a log would choke on."""
    return text.isprintable() or _UNFIT.search(text) is None


_TOO_DEEP = f"The body nests deeper than {DEEPEST}."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedRequest("The body has an object with the same key twice.")
    return members


def _number(kind: Callable[[str], Any], written: str) -> Any:
    if len(written) > 40:
        raise MalformedRequest("The body has a number with more than 40 characters.")
    number = kind(written)
    if not -LARGEST - 1 <= number <= LARGEST:
        raise MalformedRequest("The body has a number beyond 64 bits.")
    return number


def _constant(_name: str) -> NoReturn:
    raise MalformedRequest("The body has a number that is not finite.")


_DECODER = JSONDecoder(
    object_pairs_hook=_once,
    parse_int=partial(_number, int),
    parse_float=partial(_number, float),
    parse_constant=_constant,
)


def _check(value: Any, pointer: str, depth: int) -> None:
    if isinstance(value, str):
        if not fits(value):
            raise Unacceptable(invalid=(Invalid(f"#{pointer}", _CHARACTERS),))
    elif isinstance(value, (dict, list)):
        if depth > DEEPEST:
            raise MalformedRequest(_TOO_DEEP)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            if isinstance(key, str) and not fits(key):
                raise Unacceptable(invalid=(Invalid(f"#{pointer}", _CHARACTERS),))
            _check(member, f"{pointer}/{_token(key)}", depth + 1)


_CHARACTERS = "must not hold control characters or halves of characters"


def shown(name: str) -> str:
    """A name that the caller made up is repeated only where it looks like a field's name, not like a value."""
    return name if _NAME.fullmatch(name) else "?"


def _token(key: str | int) -> str:
    return str(key) if isinstance(key, int) else shown(key)


def _invalid(error: ValidationError, value: Any) -> Iterator[Invalid]:
    for one in error.errors(include_url=False, include_input=False)[:MOST_ERRORS]:
        yield Invalid(_pointer(one, value), words(one))


def _pointer(error: ErrorDetails, value: Any) -> str:
    """pydantic's path also names the branches of unions; a pointer has only steps that the body has."""
    steps: list[str] = []
    here = value
    for number, step in enumerate(error["loc"], 1):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step] if step < len(here) else None
        elif error["type"] != "missing" or number < len(error["loc"]):
            continue
        steps.append(f"/{_token(step)}")
    return f"#{''.join(steps)}"


def words(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    if isinstance(worded := context.get("error"), Worded):
        return str(worded)
    return _SAID.get(error["type"], "is not valid").format_map(context)


_SAID = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the form that the API describes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "date_type": "must be a date such as 2027-01-31",
    "date_parsing": "must be a date such as 2027-01-31",
    "date_from_datetime_parsing": "must be a date such as 2027-01-31",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must have a kind among {expected_tags}",
    "union_tag_not_found": "must name its kind",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "too_long": "must have at most {max_length} items",
    "too_short": "must have at least {min_length} items",
}
"""pydantic's own words may repeat the input; these cannot."""
