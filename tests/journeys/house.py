"""All services as processes of their own, over a real PostgreSQL and a real Kafka: what a caller from outside meets."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx2

from deploy.careers.services import SERVICES
from deploy.local import instance
from deploy.local.folder import Folder
from deploy.local.tokens import Issuer
from shared.http.limits import UNLIMITED

T = TypeVar("T")

TODAY = datetime.now(UTC).date()
LONG_AGO = TODAY - timedelta(days=900)


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def after(self) -> str:
        return str(self.body["after"])

    @property
    def code(self) -> str:
        """Of a problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.body["code"])


class Caller:
    """Somebody with a bearer token."""

    def __init__(self, house: "House", token: str | None, person: str = "") -> None:
        self.id = person
        self.token = token
        self._house = house

    def get(self, service: str, path: str, **query: object) -> Answered:
        return self.send("GET", service, path, params={name.rstrip("_"): value for name, value in query.items()})

    def post(self, service: str, path: str, body: object = None, **headers: str) -> Answered:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", service, path, json={} if body is None else body, headers=given)

    def send(self, method: str, service: str, path: str, **more: Any) -> Answered:
        headers = {**more.pop("headers", {})}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        answer = self._house.client.request(method, self._house.urls[service] + path, headers=headers, **more)
        json = answer.headers.get("content-type", "").endswith("json") and answer.content
        return Answered(answer.status_code, answer.json() if json else answer.text, answer.headers)


@dataclass
class House:
    """The running services, and HR who tells them of people."""

    folder: Folder
    urls: Mapping[str, str]
    env: Mapping[str, str]
    given: Mapping[str, str]
    client: httpx2.Client
    issuer: Issuer

    def __post_init__(self) -> None:
        self._numbers = (f"T{uuid4().hex[:6]}{number}" for number in count())
        self.hr = self.service("hr", "imports:write", "people:read")
        self.nobody = Caller(self, None)

    def service(self, name: str, *scopes: str) -> Caller:
        return Caller(self, self.issuer.for_service(name, scopes=list(scopes), lifetime=3600))

    def person(self, person: str, *roles: str) -> Caller:
        return Caller(self, self.issuer.for_person(person, claim="sub", roles=list(roles), lifetime=3600), person)

    def told(self, path: str, body: object) -> Answered:
        """HR says something, and profiles shows it."""
        answer = self.hr.post("profiles", path, body)
        assert answer.status in (200, 201), answer
        if answer.body["after"] is not None:
            self.until(lambda: self.hr.get("profiles", "/v1/people", after=answer.after, limit=1).status == 200, 60)
        return answer

    def hire(self, unit: str | None = None, *roles: str, since: date = LONG_AGO, **more: object) -> Caller:
        """Somebody new, with a place where a unit is given."""
        number = next(self._numbers)
        body = {
            "employee_number": number,
            "email": f"{number}@example.org",
            "given_name": "Ana",
            "family_name": "Diaz",
            "language": "en",
            "joined_on": since.isoformat(),
            **more,
        }
        person = self.told("/v1/people", body).id
        if unit is not None:
            self.told(f"/v1/people/{person}/take-place", place(unit, since))
        return self.person(person, *roles)

    def unit(self, leader: str | None = None, parent: str | None = None) -> str:
        code = f"U{uuid4().hex[:8]}"
        since = LONG_AGO.isoformat()
        unit = self.told("/v1/units", {"code": code, "name": "Research", "parent": parent, "effective_on": since}).id
        if leader is not None:
            self.told(f"/v1/units/{unit}/appoint-leader", {"leader": leader, "effective_on": since})
        return unit

    def partner(self, unit: str) -> Caller:
        """An HR partner for the unit."""
        partner = self.hire(None, "hr_partner")
        self.told(f"/v1/units/{unit}/assign-hr-partner", {"partner": partner.id, "effective_on": LONG_AGO.isoformat()})
        return partner

    def until(self, look: Callable[[], T | None], seconds: float = 20) -> T:
        """What `look` gives once it gives something."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            assert time.monotonic() < deadline, f"not so after {seconds} s"
            time.sleep(0.02)


def place(unit: str, since: date, position: str = "P1", **more: object) -> dict[str, object]:
    return {
        "position": position,
        "unit": unit,
        "title": "Engineer",
        "legal_entity": "FR01",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "effective_on": since.isoformat(),
        **more,
    }


@contextmanager
def opened(root: Path, given: Mapping[str, str]) -> Iterator[House]:
    """Starts everything below `root`, and takes it down again. `given` may name servers to use instead of own ones."""
    folder = Folder(root)
    mark = uuid4().hex[:8]
    own = {"DATABASE_PREFIX": f"t{mark}_", "TOPIC_PREFIX": f"t{mark}.", "KEY_CACHE_SECONDS": "0", **UNLIMITED}
    environment = {**os.environ, **given, **own}
    try:
        env = instance.up(folder, SERVICES, given=environment)
        urls = {service: env[f"{service.upper()}_URL"] for service in SERVICES}
        with httpx2.Client(timeout=20, trust_env=False) as client:
            issuer = Issuer(folder.secrets / "issuer", env["ISSUER_URL"], "careers")
            yield House(folder, urls, env, environment, client, issuer)
    finally:
        instance.forget(folder)
