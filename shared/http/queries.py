"""Reads query parameters: each once, none unknown, every one by its type."""

from typing import Annotated, Any, TypeVar, get_args
from urllib.parse import unquote

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreConfig, SchemaValidator, core_schema

from shared.http.bodies import fits, shown, words
from shared.http.fields import Query
from shared.http.problems import MalformedRequest
from shared.refusals import Invalid, Unacceptable

Model = TypeVar("Model", bound=Query)
T = TypeVar("T")

MOST = 40


class _Comma:
    """Reads several values between commas, each as strictly as one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        item = handler.generate_schema(get_args(source)[0])
        read = SchemaValidator(item, CoreConfig(strict=True)).validate_strings
        return core_schema.no_info_plain_validator_function(
            lambda given: tuple(read(one) for one in given.split(",")),
            json_schema_input_schema=core_schema.list_schema(item, min_length=1),
        )


Several = Annotated[tuple[T, ...], _Comma()]
"""`kinds=move,promotion`: `kinds: Several[Kind] = ()`."""


def read_parameters(query: bytes) -> dict[str, str]:
    """What a query string says. Raises Unacceptable for a parameter given twice, MalformedRequest."""
    given: dict[str, str] = {}
    pairs = query.split(b"&", MOST) if query else []
    if len(pairs) > MOST:
        raise MalformedRequest("The query has too many parameters.")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        key = _unquoted(name)
        if key in given:
            raise Unacceptable(invalid=(Invalid(shown(key), "may be given once", "query"),))
        given[key] = _unquoted(value)
    return given


def read_query(model: type[Model], parameters: dict[str, str]) -> Model:
    """The model of the parameters. Raises Unacceptable."""
    try:
        return model.model_validate_strings(parameters)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        invalid = tuple(Invalid(shown(str(one["loc"][0])), words(one), "query") for one in wrong if one["loc"])
        raise Unacceptable(invalid=invalid) from None


def _unquoted(part: bytes) -> str:
    try:
        text = unquote(part.replace(b"+", b" ").decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8.") from None
    if not fits(text):
        raise MalformedRequest("The query holds control characters.")
    return text
