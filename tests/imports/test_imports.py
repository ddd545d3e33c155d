"""HR's files through the API and the worker's task, on a real PostgreSQL."""

import random
from datetime import date
from pathlib import Path

from services.profiles.person import Person
from services.profiles.unit import unit_id
from shared.contracts.profiles import PlaceChanged
from tests.imports.conftest import ADMIN, Imports
from tests.imports.stories import history_file

EMPLOYEES = Path(__file__).parents[2] / "data" / "employees-1000"

PLAIN = {
    "employee_number": "E1",
    "given_name": "Anna",
    "family_name": "Berg",
    "email": "anna@example.org",
    "language": "fr",
    "position": "P1",
    "unit": "rnd",
    "title": "Engineer",
    "job_level": "3",
    "legal_entity": "FR01",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "fte": "0.8",
    "manager": "",
    "reason": "",
    "effective_on": "2020-01-01",
    "left_on": "",
}
UNITS = b"unit,name,leader,effective_on\nrnd,Research,L1,2000-01-01\nops,Operations,,2000-01-01\n"


def four_files() -> dict[str, bytes]:
    names = ("departments", "department_managers", "department_assignments", "titles")
    return {f"{name}.csv": (EMPLOYEES / f"{name}.csv").read_bytes() for name in names}


def shuffled(content: bytes) -> bytes:
    header, *lines = content.decode().splitlines()
    random.shuffle(lines)
    return "\n".join([header, *lines]).encode()


async def test_a_thousand_employees_come_in_once_in_whatever_order(imports: Imports) -> None:
    report = await imports.bring(four_files())
    assert (report["state"], report["trouble"]) == ("done", None)
    assert report["progress"] == {
        "rows": 2606,
        "problems": 0,
        "units": 9,
        "units_changed": 9,
        "people": 1000,
        "people_checked": 1000,
        "people_left_out": 0,
        "people_done": 1000,
        "people_new": 1000,
        "people_changed": 0,
        "people_unchanged": 0,
        "people_known_by_id": 8,
        "people_left": 0,
        "corrections": 0,
        "events": {
            "profiles.alias_added.v1": 1008,
            "profiles.unit_established.v1": 9,
            "profiles.unit_leader_appointed.v1": 24,
            "profiles.person_joined.v1": 1000,
            "profiles.place_taken.v1": 1000,
            "profiles.place_changed.v1": 573,
            "profiles.person_left.v1": 198,
            "profiles.place_ended.v1": 198,
        },
    }
    recorded = await imports.log()
    assert {one.origin for one in recorded} == {"import"}
    assert sum(one.withheld for one in recorded) == 1008

    again = await imports.bring({name: shuffled(content) for name, content in four_files().items()})
    assert again["progress"]["people_unchanged"] == 1000
    assert again["progress"]["events"] == {}
    assert len(await imports.log()) == len(recorded)


async def test_what_stays_in_the_tables_names_nobody(imports: Imports) -> None:
    report = await imports.bring({"history.csv": history_file([PLAIN]), "units.csv": UNITS})
    assert report["state"] == "done"
    for table in ("import_chunks", "import_rows", "import_people"):
        assert await imports.stage.parts.pool.fetch(f"select from {table}") == []
    for table in ("events", "imports", "import_problems"):
        for row in await imports.stage.parts.pool.fetch(f"select t::text as written from {table} t"):
            for word in ("Anna", "Berg", "example.org", '"E1"'):  # quoted: two letters stand in any ciphertext
                assert word not in row["written"]


async def test_rows_are_sealed_while_they_wait(imports: Imports) -> None:
    await imports.send({"history.csv": history_file([PLAIN])})
    (row,) = await imports.stage.parts.pool.fetch("select sealed from import_chunks")
    assert b"Anna" not in row["sealed"]


async def test_a_person_is_told_as_the_file_says(imports: Imports) -> None:
    await imports.bring({"history.csv": history_file([PLAIN]), "units.csv": UNITS})
    known = await imports.known("e1 ")
    assert known.name is not None
    assert (known.name.given, known.name.family, known.language) == ("Anna", "Berg", "fr")
    assert known.aliases == {("employee_number", "E1"), ("email", "anna@example.org")}
    held = Person(known.facts).place("P1", date(2026, 1, 1))
    assert held is not None
    assert (held.unit, held.title, held.job_level, held.fte) == (unit_id("rnd"), "Engineer", 3, 0.8)


async def test_one_changed_row_is_one_correction(imports: Imports) -> None:
    rows = [PLAIN, {**PLAIN, "title": "Lead", "effective_on": "2021-01-01"}]
    await imports.bring({"history.csv": history_file(rows), "units.csv": UNITS})
    before = await imports.known("E1")
    length = len(await imports.log())
    rows[1] = {**rows[1], "effective_on": "2021-03-01"}
    report = await imports.bring(history_file(rows))
    assert report["progress"]["corrections"] == 1
    (stored,) = (await imports.log())[length:]
    assert stored.type == PlaceChanged.type
    after = await imports.known("E1")
    (fact,) = [name for name, fact in after.facts.items() if fact != before.facts.get(name)]
    assert before.facts[fact].effective_on == date(2021, 1, 1)
    assert after.facts[fact].effective_on == date(2021, 3, 1)


async def test_absent_people_are_untouched(imports: Imports) -> None:
    two = [PLAIN, {**PLAIN, "employee_number": "E2", "email": ""}]
    await imports.bring({"history.csv": history_file(two), "units.csv": UNITS})
    length = len(await imports.log())
    report = await imports.bring(history_file(two[:1]))
    assert report["progress"]["people_unchanged"] == 1
    assert len(await imports.log()) == length


async def test_a_dry_run_tells_what_would_happen_and_takes_nothing(imports: Imports) -> None:
    rows = [{**PLAIN, "manager": "E2"}, {**PLAIN, "employee_number": "E2", "email": ""}]
    files = {"history.csv": history_file(rows), "units.csv": UNITS}
    tried = await imports.bring(files, dry_run="true")
    assert tried["state"] == "done"
    assert await imports.log() == []
    done = await imports.bring(files)
    assert tried["progress"] == done["progress"]


async def test_bad_rows_are_named_and_nothing_is_taken(imports: Imports) -> None:
    rows = [
        PLAIN,
        {**PLAIN, "employee_number": "E2", "unit": "nowhere"},
        {**PLAIN, "employee_number": "E3", "left_on": "2019-12-31"},
        {**PLAIN, "employee_number": "E4"},
        {**PLAIN, "employee_number": "E4"},
        {**PLAIN, "employee_number": "E5", "manager": "E99"},
        {**PLAIN, "employee_number": "E6", "effective_on": "2020-13-01"},
    ]
    files = {"history.csv": history_file(rows) + b"E7,\xff\r\n", "units.csv": UNITS}
    report = await imports.bring(files)
    assert (report["state"], report["progress"]["problems"]) == ("refused", 6)
    assert await imports.log() == []
    assert sorted(await imports.problems(report)) == [
        ("history.csv", 3, 7, "unit", "unknown-unit"),
        ("history.csv", 4, 17, "left_on", "end-before-start"),
        ("history.csv", 6, 16, "effective_on", "duplicate"),
        ("history.csv", 7, 14, "manager", "unknown-manager"),
        ("history.csv", 8, 16, "effective_on", "bad-date"),
        ("history.csv", 9, None, None, "wrong-column-count"),
    ]


async def test_good_rows_are_taken_when_that_is_asked_for_and_a_person_is_never_taken_in_part(imports: Imports) -> None:
    rows = [
        {**PLAIN, "manager": "E2"},
        {**PLAIN, "employee_number": "E2", "email": ""},
        {**PLAIN, "employee_number": "E2", "email": "", "effective_on": "never"},
    ]
    report = await imports.bring({"history.csv": history_file(rows), "units.csv": UNITS}, take_good_rows="true")
    assert report["state"] == "done"
    assert (report["progress"]["people_new"], report["progress"]["people_left_out"]) == (1, 1)
    assert (await imports.known("E2")).facts == {}  # known by id, as somebody's manager
    later = await imports.bring(history_file(rows[:2]))
    assert (later["progress"]["people_new"], later["progress"]["people_unchanged"]) == (1, 1)


async def test_the_report_of_a_broken_file_is_read_page_by_page(imports: Imports) -> None:
    rows = [{**PLAIN, "employee_number": f"E{number}", "country": "?"} for number in range(1200)]
    report = await imports.bring({"history.csv": history_file(rows)})
    assert report["progress"]["problems"] == 1200
    found, path = [], f"/v1/imports/{report['id']}/problems?limit=200"
    while True:
        page = await imports.get(path)
        found += [one["line"] for one in page["items"]]
        if page["next"] is None:
            break
        path = f"/v1/imports/{report['id']}/problems?limit=200&cursor={page['next']}"
    assert found == list(range(2, 1002))


async def test_problems_are_told_in_the_order_of_lines_and_columns(imports: Imports) -> None:
    rows = [
        {**PLAIN, "unit": "none", "manager": "M9"},
        {**PLAIN, "employee_number": "E2", "country": "?", "fte": "?"},
        {**PLAIN, "employee_number": "E3", "unit": "none"},
        {**PLAIN, "employee_number": "E4", "country": "?"},
    ]
    report = await imports.bring({"a.csv": history_file(rows), "units.csv": UNITS})
    places = [(line, column or 0) for _, line, column, _, _ in await imports.problems(report)]
    assert [line for line, _ in places] == [2, 2, 3, 3, 4, 5]
    assert places == sorted(places)
    first = await imports.get(f"/v1/imports/{report['id']}/problems?limit=4")
    rest = await imports.get(f"/v1/imports/{report['id']}/problems?limit=4&cursor={first['next']}")
    assert [one["line"] for one in (*first["items"], *rest["items"])] == [line for line, _ in places]


async def test_known_by_id_alone_are_those_who_never_joined(imports: Imports) -> None:
    await imports.bring({"history.csv": history_file([{**PLAIN, "employee_number": "M1"}]), "units.csv": UNITS})
    mine = [{**PLAIN, "manager": "M1"}]
    for leader, known in (("M1", 0), ("L1", 1), ("L1", 1), ("L2", 1)):
        units = UNITS.replace(b"L1", leader.encode())
        report = await imports.bring({"history.csv": history_file(mine), "units.csv": units})
        assert (report["state"], report["progress"]["people_known_by_id"]) == ("done", known), leader


async def test_a_mapping_comes_with_the_files(imports: Imports) -> None:
    content = "Nr;Team;Stelle;Seit;Leer\n1;rnd;Prüferin;31.01.2024;x\n".encode()
    mapping = b"""
        dates = "DD.MM.YYYY"
        columns = {Nr = "employee_number", Team = "unit", Stelle = "title", Seit = "effective_on", Leer = ""}
        defaults = {legal_entity = "DE01", country = "DE", time_zone = "Europe/Berlin"}"""
    report = await imports.bring({"units.csv": UNITS, "personal.csv": content}, mapping=mapping)
    assert report["state"] == "done", await imports.problems(report)
    assert {fact.effective_on for fact in (await imports.known("1")).facts.values()} == {date(2024, 1, 31)}


async def test_a_snapshot_tells_differences_of_its_day_and_who_is_absent_has_left(imports: Imports) -> None:
    rows = [{**PLAIN, "employee_number": f"E{number}", "email": ""} for number in range(60)]
    await imports.bring({"history.csv": history_file(rows), "units.csv": UNITS})
    await imports.stage.pump()
    dated = {"effective_on", "left_on"}
    today = [{name: cell for name, cell in one.items() if name not in dated} for one in rows]
    today[7]["title"] = "Lead"

    stopped = await imports.bring(history_file(today[:-2]), mode="snapshot", absent="left", as_of="2024-05-01")
    assert (stopped["state"], stopped["progress"]["people_left"]) == ("refused", 0)
    assert stopped["trouble"].startswith("2 of 60 people")

    report = await imports.bring(history_file(today[:-1]), mode="snapshot", absent="left", as_of="2024-05-01")
    assert report["state"] == "done"
    assert report["progress"]["events"] == {
        "profiles.place_changed.v1": 1,
        "profiles.person_left.v1": 1,
        "profiles.place_ended.v1": 1,
    }
    gone = Person((await imports.known("E59")).facts)
    assert gone.employed(date(2024, 4, 30))
    assert not gone.employed(date(2024, 5, 1))
    again = await imports.bring(history_file(today[:-1]), mode="snapshot", absent="left", as_of="2024-05-01")
    assert again["progress"]["events"] == {}


async def test_leaders_without_a_place_are_known_by_id_and_may_join_later(imports: Imports) -> None:
    await imports.bring({"units.csv": UNITS})
    leader = await imports.person("L1")
    assert [getattr(event, "leader", None) for event in await imports.unit("rnd")] == [None, leader]
    await imports.bring(history_file([{**PLAIN, "employee_number": "L1"}]))
    assert await imports.person("L1") == leader
    assert (await imports.known("L1")).facts


async def test_the_same_request_again_is_the_same_import(imports: Imports) -> None:
    first = await imports.send(history_file([PLAIN]), key="monday")
    again = await imports.send(history_file([PLAIN]), key="monday")
    assert first.json()["id"] == again.json()["id"]
    other = await imports.send(history_file([{**PLAIN, "title": "Lead"}]), key="monday")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await imports.get("/v1/imports"))["items"]) == 1


async def test_imports_are_listed_the_newest_first(imports: Imports) -> None:
    ids = [(await imports.send(history_file([PLAIN]))).json()["id"] for _ in range(3)]
    page = await imports.get("/v1/imports?limit=2")
    rest = await imports.get(f"/v1/imports?limit=2&cursor={page['next']}")
    assert [one["id"] for one in (*page["items"], *rest["items"])] == ids[::-1]


FORM = {"content-type": "multipart/form-data; boundary=x"}
PLAIN_TEXT = {"content-type": "text/csv"}
NO_IMPORTS: list[tuple[bytes, dict[str, str], dict[str, str], int]] = [
    (b"a,b", {"content-type": "application/json"}, {}, 415),
    (b"not a form", FORM, {}, 400),
    (b"--x\r\n\r\nno name\r\n--x--", FORM, {}, 400),
    (b"--x--\r\n", FORM, {}, 400),
    (b'--x\r\ncontent-disposition: form-data; name="mapping"\r\n\r\n{\r\n--x--', FORM, {}, 422),
    (b'--x\r\ncontent-disposition: form-data; name="mapping"\r\n\r\n' + b"#" * 70_000, FORM, {}, 413),
    (b"", PLAIN_TEXT, {"mode": "all"}, 422),
    (b"", PLAIN_TEXT, {"unknown": "1"}, 422),
    (b"", PLAIN_TEXT, {"dry_run": "perhaps"}, 422),
    (b"", PLAIN_TEXT, {"as_of": "2024-01-01"}, 422),
    (b"", PLAIN_TEXT, {"absent": "left"}, 422),
    (b"", PLAIN_TEXT, {"mode": "snapshot", "as_of": "2999-01-01"}, 422),
]


async def test_what_is_no_import_is_refused_and_leaves_nothing(imports: Imports) -> None:
    bearer = {"authorization": f"Bearer {ADMIN} admin"}
    for content, headers, query, status in NO_IMPORTS:
        answer = await imports.client.post("/v1/imports", content=content, params=query, headers={**headers, **bearer})
        assert answer.status_code == status, (content[:80], query, answer.text)
    assert await imports.stage.parts.pool.fetch("select from imports") == []
    assert await imports.stage.parts.pool.fetch("select from import_chunks") == []


async def test_an_empty_file_is_refused_by_its_report(imports: Imports) -> None:
    report = await imports.bring(b"")
    assert report["state"] == "refused"
    assert await imports.problems(report) == [("file.csv", 1, None, None, "empty")]


async def test_only_those_with_the_scope_or_role_import(imports: Imports) -> None:
    for roles in ("", " hr_partner", " employee"):
        given = {"authorization": f"Bearer {ADMIN}{roles}", **PLAIN_TEXT}
        answer = await imports.client.post("/v1/imports", content=b"a,b", headers=given)
        assert answer.status_code == 403
