"""What a service declares: its routes. Everything that a route does is told here once, for running and for OpenAPI."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Required, TypedDict, TypeVar, Unpack, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from pydantic import BaseModel

from shared.access import Row
from shared.auth.callers import Caller, Role, Scope
from shared.http.calls import Alias, Call, Handler, Upload
from shared.http.fields import Body, Listing, Nothing, Query, check_strict
from shared.http.positions import Waiter
from shared.refusals import Refusal

H = TypeVar("H", bound=Handler)

Grant = Role | Scope | Literal["person", "public"]
"""Who may call a route: any person, everyone, or who has a role or a scope."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Grants:
    """Any one of them is enough."""

    public: bool
    person: bool
    roles: frozenset[Role]
    scopes: frozenset[Scope]
    on_behalf: Scope
    """What a service account needs besides, where it acts on behalf of who may call."""

    def admit(self, caller: Caller) -> bool:
        """Whether the caller may come in. What they find there, relations decide."""
        if caller.actor is not None and self.on_behalf not in caller.scopes:
            return False
        return (
            (self.person and caller.person is not None)
            or not self.roles.isdisjoint(caller.roles)
            or not self.scopes.isdisjoint(caller.scopes)
            or self.public
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of an API."""

    method: Method
    path: str
    access: Row
    handler: Handler
    operation: str
    summary: str
    description: str
    body: type[Body] | None  # None with an upload
    query: type[Query] | None
    answer: Any  # the type that the handler answers with
    parameters: Mapping[str, Any]  # name in the path → Alias, UUID or str
    status: int
    creates: str | None  # the path below which the new thing is; "" is the request's own
    grants: Grants
    refuses: tuple[type[Refusal], ...]
    guarded: bool
    media_types: tuple[str, ...]
    largest: int
    deadline: float | None
    waiter: Waiter | None
    example: Mapping[str, Any] | None
    example_answer: Any


class Told(TypedDict, total=False):
    """What is told of a route, as `Routes.route` explains it."""

    access: Required[Row]
    allow: Grant | Iterable[Grant]
    refuses: Iterable[type[Refusal]]
    creates: bool | str
    guarded: bool
    example: Mapping[str, Any] | None
    example_answer: Any
    operation: str | None
    status: int | None
    reads: bool
    waiter: Waiter | None
    deadline: float | None
    accepts: tuple[str, ...]
    largest: int


@dataclass(slots=True)
class Routes:
    """The routes of one service."""

    waiter: Waiter | None = None
    """Lets every read take `after`; a route can name another."""
    declared: list[Route] = field(default_factory=list)

    @contextmanager
    def waiting_for(self, waiter: Waiter) -> Iterator[None]:
        """Reads declared within wait with this one."""
        before, self.waiter = self.waiter, waiter
        try:
            yield
        finally:
            self.waiter = before

    def get(self, path: str, **told: Unpack[Told]) -> Callable[[H], H]:
        """A read."""
        return self.route("GET", path, **told)

    def post(self, path: str, **told: Unpack[Told]) -> Callable[[H], H]:
        """A command, or a look-up whose question may not stand in a URL."""
        return self.route("POST", path, **told)

    def put(self, path: str, **told: Unpack[Told]) -> Callable[[H], H]:
        """A command that sets the whole of something."""
        return self.route("PUT", path, **told)

    def delete(self, path: str, **told: Unpack[Told]) -> Callable[[H], H]:
        """A command that takes something away."""
        return self.route("DELETE", path, **told)

    def route(
        self,
        method: Method,
        path: str,
        *,
        access: Row,
        allow: Grant | Iterable[Grant] = "person",
        refuses: Iterable[type[Refusal]] = (),
        creates: bool | str = False,
        guarded: bool = False,
        example: Mapping[str, Any] | None = None,
        example_answer: Any = None,
        operation: str | None = None,
        status: int | None = None,
        reads: bool = False,
        waiter: Waiter | None = None,
        deadline: float | None = None,
        accepts: tuple[str, ...] = ("application/json",),
        largest: int = 256 * 1024,
    ) -> Callable[[H], H]:
        """Declares a handler; its name is the operation id, its docstring the summary, its annotations the models.

        `access` is its row of the matrix of who may see what: which record, and what is done with it.
        `refuses` names the refusals of the service's own; `creates` makes the status 201 and the Location the path, or
        the path that it names, with the new id behind it; `guarded` asks for If-Match; `example` is a body, checked
        here, and of an upload one by each media type; `reads` says that a POST is a look-up; `accepts` and `largest`
        (bytes) are for uploads; `deadline` in seconds.
        """

        def declare(handler: H) -> H:
            body, query, parameters, answer = _shape(handler, path)
            upload = body is Upload
            model = None if upload else body or (Nothing if method != "GET" else None)
            if example is not None and model is not None:
                model.model_validate_json(orjson.dumps(example))
            summary, _, description = (inspect.getdoc(handler) or "").partition("\n")
            if not summary:
                raise TypeError(f"{handler.__name__}: its docstring is the summary that callers read")
            self.declared.append(
                Route(
                    method=method,
                    path=path,
                    access=access,
                    handler=handler,
                    operation=operation or handler.__name__,
                    summary=summary,
                    description=description.strip(),
                    body=model,
                    query=query,
                    answer=answer,
                    parameters=parameters,
                    status=status or (201 if creates else 204 if answer is type(None) else 200),
                    creates=creates if isinstance(creates, str) else "" if creates else None,
                    grants=_grants(allow, reads=reads or method == "GET"),
                    refuses=tuple(refuses),
                    guarded=guarded,
                    media_types=accepts,
                    largest=largest,
                    deadline=deadline,
                    waiter=(waiter or self.waiter) if method == "GET" else None,
                    example=example,
                    example_answer=example_answer,
                )
            )
            return handler

        return declare


def is_list(route: Route) -> bool:
    """Whether a route answers page by page."""
    return route.query is not None and issubclass(route.query, Listing)


def is_upload(route: Route) -> bool:
    """Whether a route takes its body as a stream."""
    return route.body is None and route.method != "GET"


def needs_body(route: Route) -> bool:
    """Whether a body must be sent: none is taken for {} where every field may be left out."""
    return route.body is None or any(one.is_required() for one in route.body.model_fields.values())


def _grants(allow: Grant | Iterable[Grant], *, reads: bool) -> Grants:
    given = {allow} if isinstance(allow, str) else set(allow)
    return Grants(
        public="public" in given,
        person="person" in given,
        roles=frozenset(one for one in given if isinstance(one, Role)),
        scopes=frozenset(one for one in given if isinstance(one, Scope)),
        on_behalf=Scope.ACT_READ if reads else Scope.ACT_WRITE,
    )


def _shape(handler: Handler, path: str) -> tuple[Any, type[Query] | None, dict[str, Any], Any]:
    """The models that a handler's annotations name. Raises TypeError where they do not fit its path."""
    hints = get_type_hints(handler, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{handler.__name__}: say what it answers")
    answer = hints.pop("return")
    names = list(inspect.signature(handler).parameters)
    call, parameters = hints.get(names[0]), {name: hints.get(name) for name in names[1:]}
    if (get_origin(call) or call) is not Call:
        raise TypeError(f"{handler.__name__}: its first parameter must be a Call[...]")
    named = re.findall(r"{(\w+)}", path)
    if len(named) == len(parameters):
        # A handler that serves things of several kinds calls each of them `item`.
        pairs = zip(named, parameters.items(), strict=True)
        parameters = {name if own == "item" else own: kind for name, (own, kind) in pairs}
    if list(parameters) != named:
        raise TypeError(f"{handler.__name__}: its parameters must be those of {path}, in that order")
    for name, kind in parameters.items():
        if kind not in (Alias, UUID, str):
            raise TypeError(f"{handler.__name__}: {name} must be an Alias, a UUID or a str")
    body, query = (*(None if kind is type(None) else kind for kind in get_args(call)), None, None)[:2]
    for model in (body, query):
        if isinstance(model, type) and issubclass(model, BaseModel):
            check_strict(model)
    return body, query, parameters, answer
