"""The organisation that callers work in: units with leaders and HR partners, their people, and what goes on."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from deploy.local.tokens import Issuer
from tests.faults.client import Client
from tests.faults.ledger import Command, Told

LIFETIME = 6 * 3600
TODAY = datetime.now(UTC).date()
LONG_AGO = TODAY - timedelta(days=900)


@dataclass(frozen=True, slots=True)
class Somebody:
    """With a token. `id` is what stands as `by` on events."""

    id: str
    token: str


@dataclass(frozen=True, slots=True)
class Unit:
    id: str
    leader: Somebody
    partner: Somebody


@dataclass(slots=True)
class Employee:
    who: Somebody
    number: str
    unit: Unit


@dataclass(slots=True)
class Wish:
    owner: Employee
    id: str


@dataclass(slots=True)
class Talk:
    employee: Employee
    id: str


@dataclass(slots=True)
class Posting:
    owner: Somebody
    id: str


@dataclass(slots=True)
class Letter:
    applicant: Employee
    owner: Somebody
    id: str


@dataclass(slots=True)
class World:
    client: Client
    issuer: Issuer
    hr: Somebody
    units: list[Unit] = field(default_factory=list)
    employees: list[Employee] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    commitments: list[tuple[Somebody, str]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)
    keys: "count[int]" = field(default_factory=count)

    def person(self, person: str, *roles: str) -> Somebody:
        return Somebody(person, self.issuer.for_person(person, roles=roles, lifetime=LIFETIME))

    async def send(
        self,
        who: Somebody,
        route: str,
        event: str,
        body: object = None,
        *,
        random: Random,
        names: Mapping[str, str] | None = None,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Told | None:
        """A command. `event` is the wire name without version of what it causes: its owner is who is asked."""
        command = Command(
            by=who.id,
            service=event.partition(".")[0],
            route=route,
            event=f"{event}.v1",
            path=route.format(**(names or {})),
            body={} if body is None else body,
            key=key or f"k{next(self.keys)}",
            if_match=if_match,
        )
        return await self.client.command(who.token, command, random)

    async def found(self, unit_number: int, random: Random) -> None:
        """A unit with its leader and HR partner."""
        unit = await self._must(
            "/v1/units",
            "profiles.unit_established",
            {"code": f"U{unit_number}", "name": f"Unit {unit_number}", "effective_on": LONG_AGO.isoformat()},
            random,
        )
        leader = await self._must("/v1/people", "profiles.person_joined", self.newcomer(), random)
        partner = await self._must("/v1/people", "profiles.person_joined", self.newcomer(), random)
        since = LONG_AGO.isoformat()
        for route, event, name, who in (
            ("/v1/units/{unit}/appoint-leader", "profiles.unit_leader_appointed", "leader", leader),
            ("/v1/units/{unit}/assign-hr-partner", "profiles.hr_partner_assigned", "partner", partner),
        ):
            await self._shown(who)
            await self._must(route, event, {name: who.id, "effective_on": since}, random, unit=unit.id)
        for who in (leader, partner):
            await self._must(
                "/v1/people/{person}/take-place", "profiles.place_taken", place(unit.id), random, person=who.id
            )
        self.units.append(Unit(unit.id, self.person(leader.id), self.person(partner.id, "hr_partner")))

    async def hire(self, unit: Unit, random: Random, *, shown: bool = True) -> None:
        """Somebody new in a unit. Now and then two report the same number at once: one of them is told so."""
        body = self.newcomer()
        asked = [
            self.send(self.hr, "/v1/people", "profiles.person_joined", body, random=random)
            for _ in range(2 if random.random() < 0.2 else 1)
        ]
        joins = [told for told in await asyncio.gather(*asked) if told is not None and told.done]
        if len(joins) > 1:
            self.client.ledger.broken.append(f"{body['employee_number']} joined twice: {joins}")
        if not joins:
            return
        joined = joins[0]
        if shown:
            await self._shown(joined)
        placed = await self.send(
            self.hr,
            "/v1/people/{person}/take-place",
            "profiles.place_taken",
            place(unit.id),
            random=random,
            names={"person": joined.id},
        )
        if placed is not None and placed.done:
            self.employees.append(Employee(self.person(joined.id), body["employee_number"], unit))

    def newcomer(self) -> dict[str, Any]:
        number = next(self.numbers)
        body = {
            "employee_number": f"F{number}",
            "given_name": "Ana",
            "family_name": f"Diaz {number}",
            "language": ("en", "fr", "es")[number % 3],
            "joined_on": LONG_AGO.isoformat(),
        }
        return body if number % 2 else {**body, "email": f"f{number}@example.org"}

    async def seen_everywhere(self) -> None:
        """What HR has said so far is known to every service."""
        last = [one.answer.after for one in self.client.ledger.acknowledged() if one.answer is not None]
        someone = self.units[0].leader
        for after in filter(None, last):
            for service, path in (
                ("profiles", f"/v1/people/{someone.id}/aspirations"),
                ("conversations", f"/v1/people/{someone.id}/conversations"),
                ("opportunities", "/v1/opportunities"),
                ("notifications", f"/v1/people/{someone.id}/notifications"),
            ):
                read = await self.client.read(someone.token, service, path, tries=40, after=after, limit=1)
                assert read.status == 200, (after, service, read)

    async def _must(self, route: str, event: str, body: object, random: Random, **names: str) -> Told:
        told = await self.send(self.hr, route, event, body, random=random, names=names)
        assert told is not None
        assert told.done, (route, told)
        return told

    async def _shown(self, told: Told) -> None:
        await self.client.read(self.hr.token, "profiles", "/v1/people", tries=20, after=told.after, limit=1)


def place(unit: str, title: str = "Engineer", since: str = LONG_AGO.isoformat()) -> dict[str, object]:
    return {
        "position": "P1",
        "unit": unit,
        "title": title,
        "legal_entity": "FR01",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "effective_on": since,
    }
