"""An employee number names one person at a time, whoever reports it, however often, at whatever moment."""

import asyncio
from collections import Counter
from typing import Any

import httpx2

from shared.contracts.profiles import AliasClaimed, PersonJoined
from tests.imports.conftest import ADMIN, Imports
from tests.imports.stories import history_file
from tests.imports.test_imports import PLAIN, UNITS

HIM = {"given_name": "Ben", "family_name": "Okafor", "language": "en", "joined_on": "2024-01-01"}


async def post(imports: Imports, path: str, body: dict[str, Any], key: str | None = None) -> httpx2.Response:
    headers = {"authorization": f"Bearer {ADMIN} admin", **({"idempotency-key": key} if key else {})}
    return await imports.client.post(path, json=body, headers=headers)


async def test_of_many_who_report_a_number_at_once_one_creates_the_person(imports: Imports) -> None:
    numbers = ["n1", "N1", " N1"[1:], "n1"] * 5
    answers = await asyncio.gather(*(post(imports, "/v1/people", {**HIM, "employee_number": n}) for n in numbers))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"person-already-joined"}
    recorded = Counter(one.type for one in await imports.log())
    assert (recorded[AliasClaimed.type], recorded[PersonJoined.type]) == (1, 1)


async def test_a_repeated_command_gets_its_first_answer(imports: Imports) -> None:
    body = {**HIM, "employee_number": "N1", "email": "ben@example.org"}
    answers = await asyncio.gather(*(post(imports, "/v1/people", body, "monday") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    (_, person, version, after) = [answers[0].json()[name] for name in ("id", "id", "version", "after")]
    assert str(await imports.person("N1")) == person
    assert version == 4
    recorded = await imports.log()
    assert int(after.rpartition(":")[2]) == recorded[-1].position
    assert not recorded[-1].withheld


async def test_who_was_known_by_id_joins_under_it(imports: Imports) -> None:
    await imports.bring({"units.csv": UNITS})
    leader = await imports.person("L1")
    joined = await post(imports, "/v1/people", {**HIM, "employee_number": "l1"})
    assert joined.json()["id"] == str(leader)
    known = await imports.known("L1")
    assert known.name is not None
    assert known.aliases == {("employee_number", "L1")}
    assert (await post(imports, "/v1/people", {**HIM, "employee_number": "L1"})).status_code == 409


async def test_a_number_that_is_given_back_may_name_somebody_else(imports: Imports) -> None:
    ben = (await post(imports, "/v1/people", {**HIM, "employee_number": "N1"})).json()["id"]
    ana = (await post(imports, "/v1/people", {**HIM, "employee_number": "N2"})).json()["id"]
    await imports.stage.pump()
    alias = {"source": "employee_number", "value": "N1", "effective_on": "2024-06-01"}
    taken = await post(imports, f"/v1/people/{ana}/add-alias", alias)
    assert (taken.status_code, taken.json()["code"]) == (409, "alias-taken")
    assert (await post(imports, f"/v1/people/{ben}/remove-alias", alias)).status_code == 200
    assert (await post(imports, f"/v1/people/{ana}/add-alias", alias)).status_code == 200
    assert str(await imports.person("N1")) == ana
    again = await post(imports, f"/v1/people/{ana}/add-alias", alias)
    assert (again.status_code, again.json()["after"]) == (200, None)


async def test_two_histories_of_one_person_are_refused(imports: Imports) -> None:
    ben = (await post(imports, "/v1/people", {**HIM, "employee_number": "N1"})).json()["id"]
    await imports.stage.pump()
    alias = {"source": "employee_number", "value": "N2", "effective_on": "2024-06-01"}
    assert (await post(imports, f"/v1/people/{ben}/add-alias", alias)).status_code == 200
    rows = [{**PLAIN, "employee_number": number} for number in ("N1", "N2", "N3")]
    report = await imports.bring({"history.csv": history_file(rows), "units.csv": UNITS})
    assert report["state"] == "refused"
    found = sorted(await imports.problems(report))
    assert [(line, code) for _, line, _, _, code in found] == [(2, "two-numbers"), (3, "two-numbers")]


async def test_a_subject_names_one_person_and_an_address_may_name_two(imports: Imports) -> None:
    people = [(await post(imports, "/v1/people", {**HIM, "employee_number": n})).json()["id"] for n in ("N1", "N2")]
    await imports.stage.pump()
    statuses = []
    for source in ("subject", "email"):
        alias = {"source": source, "value": "ben@example.org", "effective_on": "2024-06-01"}
        statuses.append([(await post(imports, f"/v1/people/{one}/add-alias", alias)).status_code for one in people])
    assert statuses == [[200, 409], [200, 200]]


async def test_a_person_whose_data_was_erased_is_not_brought_back(imports: Imports) -> None:
    rows = [{**PLAIN, "email": ""}, {**PLAIN, "employee_number": "E2", "email": ""}]
    await imports.bring({"history.csv": history_file(rows), "units.csv": UNITS})
    imports.stage.keys.erase(await imports.person("E1"))
    later = [{**one, "title": "Lead"} for one in rows]
    report = await imports.bring(history_file(later))
    assert report["state"] == "done"
    assert await imports.problems(report) == [("file.csv", 2, None, None, "erased")]
    assert (report["progress"]["people_changed"], report["progress"]["people_left_out"]) == (1, 1)
