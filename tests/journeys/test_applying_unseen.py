"""What the manager of somebody who applies elsewhere learns of it before the offer is accepted: nothing, anywhere."""

from typing import Any
from uuid import uuid4

import pytest

from deploy.careers.services import SERVICES
from shared.http.calls import Alias
from tests.http.declared import declared
from tests.journeys.house import Caller, House

WISH = {"grain": "skill", "certainty": "likely", "text": "I want to test what we build"}


@pytest.fixture
def team(house: House) -> tuple[Caller, Caller, Caller, str]:
    """Amina, her manager Ben; and Owen, who posts a role in his unit."""
    ben, owen = house.hire(), house.hire()
    research = house.unit(owen.id)
    body = {"kind": "role", "unit": research, "title": "Test Engineer", "description": "…", "skills": ["testing"]}
    posted = owen.post("opportunities", "/v1/opportunities", body)
    assert posted.status == 201, posted
    return house.hire(house.unit(ben.id)), ben, owen, posted.id


GROWING = {f"/v1/people/{{person}}/data/{service}" for service in SERVICES}
"""What is held of oneself tells what one has read: it grows with each look of one's own, and is nobody else's."""


def everything(reader: Caller, people: list[str], ids: dict[str, str]) -> dict[tuple[str, str, str], Any]:
    """The reader's answer to every read of every service: about each of the people, and of all that they could name."""
    answers: dict[tuple[str, str, str], Any] = {}
    for service in SERVICES:
        for route in declared(service):
            if route.method != "GET" or route.path in GROWING:
                continue
            for person in people if Alias in route.parameters.values() else people[:1]:
                path = route.path
                for name, kind in route.parameters.items():
                    path = path.replace(f"{{{name}}}", person if kind is Alias else ids.get(name, ids["application"]))
                answer = reader.get(service, path)
                told = answer.body if isinstance(answer.body, dict) else {"text": answer.body}
                answers[service, route.path, person] = (
                    answer.status,
                    {name: told[name] for name in told if name != "instance"},
                )
    return answers


def test_the_manager_learns_of_an_application_when_the_offer_is_accepted_and_not_before(
    house: House, team: tuple[Caller, Caller, Caller, str]
) -> None:
    amina, ben, owen, opportunity = team
    ids = {"opportunity": opportunity, "application": str(uuid4())}

    def seen() -> dict[tuple[str, str, str], Any]:
        return everything(ben, [amina.id, ben.id], ids)

    def step(kind: str) -> None:
        """It has arrived with whom it concerns."""
        timeline = f"/v1/people/{amina.id}/timeline"
        house.until(lambda: kind in str(amina.get("projections", timeline).body))
        told, what = (owen, "application_received") if kind == "application_submitted" else (amina, kind)
        inbox = f"/v1/people/{told.id}/notifications"
        house.until(lambda: what in str(told.get("notifications", inbox).body))

    def version() -> str:
        return str(owen.get("opportunities", path).headers["etag"])

    house.until(lambda: ben.get("projections", f"/v1/people/{amina.id}/timeline").status == 200)
    house.until(lambda: opportunity in str(ben.get("opportunities", "/v1/opportunities").body))
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    of_wish = f"/v1/people/{amina.id}/aspirations/{wish.id}"
    before = seen()
    assert {status for status, _ in before.values()} >= {200, 404}
    applied = amina.post("opportunities", "/v1/applications", {"opportunity": opportunity, "skills": ["testing"]})
    assert applied.status == 201, applied
    application, path = applied.id, f"/v1/applications/{applied.id}"
    ids["application"] = application
    step("application_submitted")
    sent = {"audience": "opportunity_leader", "opportunity": opportunity}
    house.until(lambda: amina.post("profiles", f"{of_wish}/share", sent).status == 200)
    house.until(lambda: owen.get("profiles", of_wish).status == 200)
    house.until(lambda: "aspiration_shared" in str(amina.get("projections", f"/v1/people/{amina.id}/timeline").body))
    assert seen() == before
    assert owen.post("opportunities", f"{path}/shortlist").status == 200
    step("application_shortlisted")
    assert seen() == before
    assert owen.post("opportunities", f"{path}/offer", if_match=version()).status == 200
    step("offer_made")
    assert seen() == before
    for command in ("shortlist", "withdraw", "accept-offer", "decline-offer"):
        hidden, nothing = (
            ben.post("opportunities", f"/v1/applications/{one}/{command}") for one in (application, uuid4())
        )
        assert (hidden.status, hidden.code) == (nothing.status, nothing.code) == (404, "not-found")
    assert amina.post("opportunities", f"{path}/accept-offer").status == 200
    house.until(lambda: "move_to_release" in str(ben.get("notifications", f"/v1/people/{ben.id}/notifications").body))
    house.until(lambda: "move_agreed" in str(ben.get("projections", f"/v1/people/{amina.id}/timeline").body))
    assert ben.get("opportunities", path).code == "not-found"
    house.until(lambda: owen.get("profiles", of_wish).status == 404)
