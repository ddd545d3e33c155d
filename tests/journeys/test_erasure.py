"""Words and people are erased, from outside: who may ask, what is left to read, what the receipt says."""

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.erasure import SERVICES
from tests.journeys.house import TODAY, Caller, House
from tests.journeys.test_sharing import GOOD, rated

WORDS = "I want to lead conversations with customers"
_LEFT_LONG_AGO = {"scope": "person", "ground": "end_of_retention"}
WISH = {"grain": "skill", "certainty": "likely", "text": WORDS}


def hired(house: House) -> tuple[Caller, Caller, Caller]:
    """Amina and her manager Ben, as conversations knows them by now, too; and an administrator."""
    ben = house.hire()
    amina = house.hire(house.unit(ben.id))
    house.until(lambda: ben.get("conversations", f"/v1/people/{amina.id}/commitments").status == 200)
    return amina, ben, house.person(house.hire().id, "admin")


@pytest.fixture
def team(house: House) -> tuple[Caller, Caller, Caller]:
    return hired(house)


def erased(house: House, asker: Caller, person: str, scope: str = "words", ground: str | None = None) -> Any:
    """The receipt of a complete erasure."""
    asked = asker.post("profiles", f"/v1/people/{person}/erasures", {"scope": scope, "ground": ground})
    assert asked.status == 201, asked

    def receipt():
        found = asker.get("profiles", f"/v1/people/{person}/erasures/{asked.id}").body
        return found if found["state"] == "complete" else None

    return house.until(receipt, 60)


def test_words_are_gone_everywhere_and_employment_goes_on(house, team):
    amina, ben, _ = team
    path = f"/v1/people/{amina.id}/aspirations"
    wish = amina.post("profiles", path, WISH)
    shared = amina.post("profiles", f"{path}/{wish.id}/share", {"audience": "my_manager"})
    assert ben.get("profiles", f"{path}/{wish.id}", after=shared.after).status == 200
    promise = {"party": "employee", "text": WORDS, "due_on": (TODAY + timedelta(days=9)).isoformat()}
    promised = amina.post("conversations", f"/v1/people/{amina.id}/commitments", promise)
    timeline = f"/v1/people/{amina.id}/timeline"
    assert WORDS in str(amina.get("projections", timeline, after=promised.after).body)

    receipt = erased(house, amina, amina.id)

    assert [one["service"] for one in receipt["services"] if one["cleaned"]] == list(SERVICES)
    assert receipt["keys_destroyed"] >= 2
    found = {(one["service"], place["place"]): place for one in receipt["services"] for place in one["places"]}
    assert found["profiles", "events"] == {"place": "events", "found": 2, "done": "unreadable"}
    assert found["profiles", "aspirations"] == {"place": "aspirations", "found": 1, "done": "deleted"}
    assert found["projections", "words of timeline"]["found"] == 3
    assert amina.get("profiles", path).body["items"] == []
    for asking in (amina, ben):
        assert asking.get("profiles", f"{path}/{wish.id}").code == "not-found"
    assert amina.post("profiles", f"{path}/{wish.id}/confirm").code == "not-found"
    house.until(lambda: "words_erased" in str(amina.get("projections", timeline).body))
    story = amina.get("projections", timeline, order="oldest").body["items"]
    assert WORDS not in str(story)
    kinds = [entry["kind"] for entry in story]
    assert {"person_joined", "place_taken", "aspiration_recorded", "aspiration_shared", "words_erased"} <= set(kinds)
    assert all(entry["audience"] is None for entry in story)
    seen = ben.get("projections", timeline).body["items"]
    assert {entry["kind"] for entry in seen} == {"person_joined", "place_taken"}
    again = amina.post("profiles", path, WISH)
    assert amina.get("profiles", f"{path}/{again.id}").body["content"]["text"] == WORDS


def test_a_rating_that_was_shared_goes_with_the_words(house, team):
    amina, ben, _ = team
    talk = rated(amina, ben)
    path = f"/v1/people/{amina.id}/outcomes/{talk}"
    share = amina.post("conversations", f"{path}/share", {"later_editions": True})
    assert ben.get("conversations", path, after=share.after).body["outcomes"] == GOOD
    receipt = erased(house, amina, amina.id)
    found = {(one["service"], place["place"]): place for one in receipt["services"] for place in one["places"]}
    assert found["conversations", "sharings"] == {"place": "sharings", "found": 1, "done": "deleted"}
    for asking in (amina, ben):
        assert asking.get("conversations", path).code == "not-found"
    again = amina.post("conversations", f"/v1/conversations/{talk}/rate", GOOD)
    assert amina.get("conversations", path, after=again.after).body["shares"] == []
    assert ben.get("conversations", path, after=again.after).code == "not-found"


def test_who_has_left_is_erased_and_does_not_come_back(house, team):
    amina, ben, admin = team
    path = f"/v1/people/{amina.id}"
    assert admin.post("profiles", f"{path}/erasures", _LEFT_LONG_AGO).code == "still-employed"
    number = amina.get("profiles", path).body["employee_number"]
    house.told(f"{path}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})
    receipt = erased(house, admin, amina.id, **_LEFT_LONG_AGO)
    found = {place["place"] for one in receipt["services"] for place in one["places"] if place["found"]}
    assert {"events", "aliases", "directory", "timeline"} <= found
    for asking in (amina, ben, house.hr):
        assert asking.get("profiles", path).code == "not-found"
        assert asking.get("profiles", f"/v1/people/{number}").code == "not-found"
    assert admin.post("profiles", f"{path}/erasures", _LEFT_LONG_AGO).code == "not-found"
    joined = {"employee_number": number, "given_name": "A", "family_name": "B", "joined_on": TODAY.isoformat()}
    assert house.hr.post("profiles", "/v1/people", joined).code == "person-already-joined"


def test_whose_words_somebody_else_has_erased_reads_who_and_why_and_is_told(house, team):
    amina, _, admin = team
    amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    path = f"/v1/people/{amina.id}/erasures"
    refused = admin.post("profiles", path, {"scope": "words"})
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("invalid", "#/ground")
    receipt = erased(house, admin, amina.id, "words", "court_or_authority")
    assert (receipt["asked_by"], receipt["ground"]) == (admin.id, "court_or_authority")
    assert amina.get("profiles", f"{path}/{receipt['erasure']}").body == receipt
    assert told(house, amina, "words_erased").startswith("Ana Diaz had erased what you wrote and said.")
    own = erased(house, amina, amina.id)
    assert (own["asked_by"], own["ground"]) == (amina.id, "asked_by_the_person")


def test_who_is_on_hold_is_told_when_it_is_placed_and_when_it_is_lifted(house, team):
    amina, _, admin = team
    path = f"/v1/people/{amina.id}"
    admin.post("profiles", f"{path}/place-hold", {"reason": "Labour court of Lyon"})
    assert "Labour court" not in told(house, amina, "hold_placed")
    admin.post("profiles", f"{path}/lift-hold")
    assert "may be erased again" in told(house, amina, "hold_lifted")


def told(house: House, person: Caller, kind: str) -> str:
    """The message of a kind, once it is there."""

    def message() -> str | None:
        inbox = person.get("notifications", f"/v1/people/{person.id}/notifications").body["items"]
        return next((one["text"] for one in inbox if one["kind"] == kind), None)

    return house.until(message, 30)


def test_nobody_else_has_somebodys_words_erased(house, team):
    amina, ben, admin = team
    path = f"/v1/people/{amina.id}/erasures"
    for asking, status in ((ben, 404), (house.hr, 403), (house.nobody, 401)):
        assert asking.post("profiles", path, {"scope": "words"}).status == status
        assert asking.get("profiles", path).status == status
    assert amina.post("profiles", path, {"scope": "person"}).code == "not-allowed"
    assert amina.post("profiles", path, {"scope": "words", "ground": "court_or_authority"}).code == "not-allowed"
    assert amina.post("profiles", path, {"scope": "everything"}).status == 422
    assert admin.get("profiles", f"{path}/{uuid4()}").code == "not-found"


def test_a_hold_forbids_erasure_and_says_why(house, team):
    amina, ben, admin = team
    path = f"/v1/people/{amina.id}"
    assert amina.get("profiles", f"{path}/hold").code == "not-found"
    assert ben.post("profiles", f"{path}/place-hold", {"reason": "none"}).status == 403
    placed = admin.post("profiles", f"{path}/place-hold", {"reason": "Labour court of Lyon"})
    assert placed.status == 200
    assert admin.post("profiles", f"{path}/place-hold", {"reason": "Another"}).code == "hold-in-place"
    assert amina.post("profiles", f"{path}/erasures", {"scope": "words"}).code == "on-legal-hold"
    assert amina.get("profiles", f"{path}/hold").body["reason"] == "Labour court of Lyon"
    assert ben.get("profiles", f"{path}/hold").code == "not-found"
    assert admin.post("profiles", f"{path}/lift-hold").status == 200
    assert admin.post("profiles", f"{path}/lift-hold").code == "not-found"
    asked = amina.post("profiles", f"{path}/erasures", {"scope": "words"}, idempotency_key="erase-mine")
    again = amina.post("profiles", f"{path}/erasures", {"scope": "words"}, idempotency_key="erase-mine")
    assert (asked.status, asked.body) == (again.status, again.body)
    assert amina.post("profiles", f"{path}/erasures", {"scope": "words"}).code == "erasure-under-way"
    assert admin.post("profiles", f"{path}/place-hold", {"reason": "Too late"}).code == "erasure-under-way"


def careers(
    house: House, asker: Caller, *arguments: str, stdin: int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PROFILES_URL": house.urls["profiles"], "CAREERS_TOKEN": str(asker.token)}
    command = [sys.executable, "-m", "deploy.careers.main", "erase", *arguments]
    return subprocess.run(command, env=env, stdin=stdin, capture_output=True, text=True, check=False)


def test_the_command_waits_and_prints_the_receipt(house, team):
    amina, ben, _ = team
    amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    refused = careers(house, ben, amina.id)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Profiles refused (404)" in refused.stderr
    done = careers(house, amina, amina.id)
    assert done.returncode == 0, done.stderr
    assert "1 aspirations deleted" in done.stdout
    assert "every service cleans its stores" in done.stderr
    receipt = json.loads(careers(house, amina, amina.id, "--json").stdout)
    assert (receipt["scope"], receipt["state"]) == ("words", "complete")
    assert WORDS not in done.stdout + done.stderr


def test_the_command_tells_of_who_is_erased_also_when_it_is_run_again(house, team):
    amina, _, admin = team
    number = amina.get("profiles", f"/v1/people/{amina.id}").body["employee_number"]
    house.told(f"/v1/people/{amina.id}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})
    person = ("--scope", "person", "--ground", "asked_by_the_person")
    done = careers(house, admin, number, *person, "--json")
    assert done.returncode == 0, done.stderr
    assert amina.id in done.stderr
    receipt = json.loads(done.stdout)
    assert (receipt["person"], receipt["scope"], receipt["state"]) == (amina.id, "person", "complete")
    again = careers(house, admin, amina.id, *person, "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, receipt)
    assert "Profiles refused (404)" in careers(house, admin, number, *person).stderr


def test_at_a_terminal_the_command_asks_whether_it_is_meant(house, team):
    amina, _, _ = team
    ours, terminal = pty.openpty()
    try:
        os.write(ours, b"n\n")
        refused = careers(house, amina, amina.id, stdin=terminal)
        assert refused.returncode == 1
        assert f"Erase for good what {amina.id} wrote and said?" in refused.stderr
        assert amina.get("profiles", f"/v1/people/{amina.id}/erasures").body["items"] == []
        done = careers(house, amina, amina.id, "--yes", stdin=terminal)
        assert (done.returncode, "for good" in done.stderr) == (0, False)
    finally:
        os.close(ours)
        os.close(terminal)
