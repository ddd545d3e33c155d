"""How the people of the story call: each with a bearer token of their own, as any internal platform would."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import httpx2

from deploy.demo.place import Place
from deploy.demo.ways import Ways


class Unexpected(Exception):
    """An answer was not the one that the story needs; the message says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    etag: str | None

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def after(self) -> str:
        """For reads that shall see what was just recorded."""
        return str(self.body["after"])


class Caller:
    """One person or service account, with the token it shows."""

    def __init__(self, name: str, token: str, client: httpx2.Client, services: Mapping[str, str], ways: Ways) -> None:
        self.name = name
        self.token = token
        self._client = client
        self._services = services
        self._ways = ways

    def post(self, service: str, path: str, body: object = None, *, etag: str | None = None) -> Answer:
        """A command, which must succeed."""
        begun = perf_counter()
        headers = {} if etag is None else {"If-Match": etag}
        answer = self._send("POST", service, path, json={} if body is None else body, headers=headers)
        answered = perf_counter()
        if answer.status >= 300:
            raise Unexpected(f"{self.name}: POST {path} answered {answer.status} {answer.body}")
        self._ways.command(f"{self.name}: POST {path}", answer.body.get("after"), begun, answered)
        return answer

    def get(self, service: str, path: str, *, expect: int = 200, **query: object) -> Answer:
        """A read, which must answer with the status expected."""
        answer = self._send("GET", service, path, params={name.rstrip("_"): value for name, value in query.items()})
        if answer.status != expect:
            raise Unexpected(f"{self.name}: GET {path} answered {answer.status}, not {expect}: {answer.body}")
        return answer

    def try_get(self, service: str, path: str, **query: object) -> bool:
        """Whether a read answers; it may say that it is not yet time."""
        answer = self._send("GET", service, path, params=query)
        if answer.status not in (200, 503):
            raise Unexpected(f"{self.name}: GET {path} answered {answer.status}: {answer.body}")
        return answer.status == 200

    def _send(
        self, method: str, service: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        response = self._client.request(
            method,
            self._services[service] + path,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            **more,
        )
        return Answer(response.status_code, response.json() if response.content else None, response.headers.get("etag"))


class Callers:
    """Makes callers, with tokens of the issuer that the services believe."""

    def __init__(self, place: Place, client: httpx2.Client, ways: Ways) -> None:
        self._issuer = place.issuer
        self._claim = place.claim
        self._services = place.services
        self._client = client
        self._ways = ways

    def person(self, number: str, name: str, *roles: str) -> Caller:
        token = self._issuer.for_person(number, claim=self._claim, roles=list(roles), lifetime=8 * 3600)
        return Caller(name, token, self._client, self._services, self._ways)

    def service(self, name: str, *scopes: str) -> Caller:
        token = self._issuer.for_service(name, scopes=list(scopes), lifetime=8 * 3600)
        return Caller(name, token, self._client, self._services, self._ways)
