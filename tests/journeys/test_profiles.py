"""Profiles, from outside: who may say and read what, over the real processes."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.journeys.house import LONG_AGO, TODAY, House, place

WORDS = "I want to lead conversations with customers"
WISH = {"grain": "skill", "certainty": "likely", "text": WORDS}


@pytest.fixture
def team(house: House):
    """Amina and her manager Ben, of one unit with an HR partner."""
    ben = house.hire()
    unit = house.unit(ben.id)
    amina = house.hire(unit)
    return amina, ben, unit


def share(amina, wish, **body):
    return amina.post("profiles", f"/v1/people/{amina.id}/aspirations/{wish.id}/share", body)


def read(reader, amina, wish, **query):
    return reader.get("profiles", f"/v1/people/{amina.id}/aspirations/{wish.id}", **query)


def test_what_is_written_is_read_by_nobody_else_until_it_is_shared(house, team):
    amina, ben, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    assert wish.status == 201
    assert read(amina, amina, wish).body["content"]["text"] == WORDS
    assert read(ben, amina, wish, after=wish.after).code == "not-found"
    assert read(house.hire(), amina, wish).code == "not-found"
    shared = share(amina, wish, purpose="for our talk")
    seen = read(ben, amina, wish, after=shared.after)
    assert seen.body["content"]["text"] == WORDS
    assert seen.body["shares"] is None
    assert read(house.hire(), amina, wish).code == "not-found"


def test_a_former_manager_and_the_next_one_read_nothing_of_what_was_shared_with_my_manager(house, team):
    amina, ben, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    shared = share(amina, wish)
    assert read(ben, amina, wish, after=shared.after).status == 200
    carla = house.hire()
    other = house.unit(carla.id)
    house.told(f"/v1/people/{amina.id}/change-place", place(other, TODAY - timedelta(days=1)))
    assert read(ben, amina, wish).code == "not-found"
    assert read(carla, amina, wish).code == "not-found"


def test_whoever_is_my_manager_reads_by_relation(house, team):
    amina, ben, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    shared = share(amina, wish, audience="whoever_is_my_manager")
    assert read(ben, amina, wish, after=shared.after).status == 200
    carla = house.hire()
    other = house.unit(carla.id)
    house.told(f"/v1/people/{amina.id}/change-place", place(other, TODAY - timedelta(days=1)))
    assert read(ben, amina, wish).code == "not-found"
    assert read(carla, amina, wish).status == 200


def test_an_hr_partner_reads_what_is_shared_with_hr_and_nothing_else(house, team):
    amina, _, unit = team
    lucia = house.partner(unit)
    first = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    second = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    shared = share(amina, first, audience="my_hr_partner")
    assert read(lucia, amina, first, after=shared.after).status == 200
    assert read(lucia, amina, second).code == "not-found"
    without_the_role = house.person(lucia.id)
    assert read(without_the_role, amina, first).code == "not-found"


def test_a_named_reader_who_has_left_reads_nothing_any_more(house, team):
    amina, _, unit = team
    mentor = house.hire(unit)
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    shared = share(amina, wish, audience="person", reader=str(mentor.id))
    assert read(mentor, amina, wish, after=shared.after).status == 200
    house.told(f"/v1/people/{mentor.id}/leave", {"left_on": (TODAY - timedelta(days=2)).isoformat()})
    assert read(mentor, amina, wish).code == "not-found"


def test_withdrawing_takes_it_back(house, team):
    amina, ben, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    shared = share(amina, wish)
    assert read(ben, amina, wish, after=shared.after).status == 200
    [given] = read(amina, amina, wish).body["shares"]
    path = f"/v1/people/{amina.id}/aspirations/{wish.id}/withdraw-sharing"
    withdrawn = amina.post("profiles", path, {"share": given["share"]})
    assert read(ben, amina, wish, after=withdrawn.after).code == "not-found"
    assert amina.post("profiles", path, {"share": given["share"]}).code == "sharing-not-active"


def test_an_audience_reads_the_edition_that_was_shared(house, team):
    amina, ben, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    share(amina, wish)
    revise = f"/v1/people/{amina.id}/aspirations/{wish.id}/revise"
    revised = amina.post("profiles", revise, {**WISH, "text": "Something else"})
    assert read(ben, amina, wish, after=revised.after).body["content"]["text"] == WORDS
    share(amina, wish, later_editions=True)
    revised = amina.post("profiles", revise, {**WISH, "text": "Yet another"})
    assert read(ben, amina, wish, after=revised.after).body["content"]["text"] == "Yet another"


def test_nobody_else_writes_for_a_person(house, team):
    amina, ben, _ = team
    path = f"/v1/people/{amina.id}/aspirations"
    assert ben.post("profiles", path, WISH).code == "not-found"
    assert house.hr.post("profiles", path, WISH).status == 403
    assert house.nobody.post("profiles", path, WISH).status == 401


def test_the_same_command_with_its_key_is_carried_out_once(house, team):
    amina, _, _ = team
    path, key = f"/v1/people/{amina.id}/aspirations", uuid4().hex
    first = amina.post("profiles", path, WISH, idempotency_key=key)
    again = amina.post("profiles", path, WISH, idempotency_key=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert amina.post("profiles", path, {**WISH, "text": "other"}, idempotency_key=key).code == "idempotency-key-reused"
    shown = amina.get("profiles", path, after=first.after)
    assert len(shown.body["items"]) == 1


def test_a_stale_if_match_changes_nothing(house, team):
    amina, _, _ = team
    wish = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", WISH)
    path = f"/v1/people/{amina.id}/aspirations/{wish.id}/revise"
    assert amina.post("profiles", path, WISH, if_match='"1"').status == 200
    assert amina.post("profiles", path, WISH, if_match='"1"').code == "version-mismatch"
    assert read(amina, amina, wish).headers["etag"].startswith('"2-')


def test_an_employee_number_never_makes_two_people(house):
    body = {"employee_number": uuid4().hex, "given_name": "A", "family_name": "B", "joined_on": "2024-01-01"}
    assert house.hr.post("profiles", "/v1/people", body).status == 201
    assert house.hr.post("profiles", "/v1/people", body).code == "person-already-joined"


def test_people_are_found_by_number_and_by_mail_in_the_body_alone(house):
    amina = house.hire()
    shown = house.hr.get("profiles", f"/v1/people/{amina.id}").body
    mail, number = shown["email"], shown["employee_number"]
    assert house.hr.get("profiles", f"/v1/people/{number}").body["person"] == amina.id
    assert house.hr.get("profiles", f"/v1/people/{mail}").status in (404, 422)
    asked = {"emails": [mail, "nobody@example.org"], "employee_numbers": [number], "ids": [amina.id, str(uuid4())]}
    found = house.hr.post("profiles", "/v1/people/lookup", asked).body
    assert [(one["matched"], one["index"], one["person"]["person"]) for one in found] == [
        ("ids", 0, amina.id),
        ("employee_numbers", 0, amina.id),
        ("emails", 0, amina.id),
    ]
    too_many = {"ids": [str(uuid4())] * 150, "emails": ["a@example.org"] * 51}
    assert house.hr.post("profiles", "/v1/people/lookup", too_many).status == 422


def test_the_list_shows_each_reader_their_own_people(house, team):
    amina, ben, unit = team
    lucia = house.partner(unit)

    def listed(caller, **query):
        answer = caller.get("profiles", "/v1/people", limit=200, **query)
        return {one["person"] for one in answer.body["items"]}

    assert listed(amina) == {amina.id}
    assert listed(ben) == {ben.id, amina.id}
    assert listed(lucia) == {lucia.id, amina.id}
    assert listed(house.hr, unit=unit) == {amina.id}
    assert listed(house.hr, manager=ben.id) == {amina.id}
    assert amina.get("profiles", f"/v1/people/{ben.id}").code == "not-found"


def test_who_left_is_shown_as_left_and_who_will_leave_is_not(house, team):
    amina, _, unit = team
    house.told(f"/v1/people/{amina.id}/leave", {"left_on": (TODAY + timedelta(days=20)).isoformat()})
    shown = house.hr.get("profiles", f"/v1/people/{amina.id}").body
    assert (shown["status"], shown["left_on"]) == ("active", None)
    dan = house.hire(unit)
    house.told(f"/v1/people/{dan.id}/leave", {"left_on": (TODAY - timedelta(days=3)).isoformat()})
    shown = house.hr.get("profiles", f"/v1/people/{dan.id}").body
    assert (shown["status"], shown["manager"]) == ("left", None)


def test_in_a_vacancy_an_interim_partner_stands_in(house):
    unit = house.unit()
    amina, carla = house.hire(unit), house.hire()
    path = f"/v1/people/{amina.id}/name-interim-partner"
    named = amina.post("profiles", path, {"partner": carla.id})
    shown = amina.get("profiles", f"/v1/people/{amina.id}", after=named.after).body
    assert (shown["manager"], shown["manager_kind"]) == (carla.id, "interim")
    ben = house.hire()
    house.told(f"/v1/units/{unit}/appoint-leader", {"leader": ben.id, "effective_on": LONG_AGO.isoformat()})
    shown = amina.get("profiles", f"/v1/people/{amina.id}").body
    assert (shown["manager"], shown["manager_kind"]) == (ben.id, "manager")
    assert amina.post("profiles", path, {"partner": carla.id}).code == "manager-present"


def test_only_hr_reports_of_people_and_units(house, team):
    amina, ben, _ = team
    assert ben.post("profiles", "/v1/units", {"code": "X", "name": "X", "effective_on": "2024-01-01"}).status == 403
    assert ben.post("profiles", f"/v1/people/{amina.id}/leave", {"left_on": "2026-01-01"}).status == 403
    reader = house.service("warehouse", "people:read")
    assert reader.post("profiles", f"/v1/people/{amina.id}/leave", {"left_on": "2026-01-01"}).status == 403
    assert reader.get("profiles", f"/v1/people/{amina.id}/aspirations").status == 403
