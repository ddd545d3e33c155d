"""What `careers import` prints of a report."""

from typing import Any

import httpx2
import pytest

from deploy.careers.commands.import_files import COUNTS, _report

JOB: dict[str, Any] = {
    "id": "job",
    "state": "done",
    "trouble": None,
    "dry_run": False,
    "files": [{"name": "bad.csv", "rows": 1, "kind": "job_history"}],
    "progress": {
        **dict.fromkeys(COUNTS, 0),
        "corrections": 1,
        "problems": 0,
        "events": {"profiles.person_joined.v1": 1},
    },
}
QUOTE = {
    "file": "bad.csv",
    "line": 12,
    "column": None,
    "field": None,
    "code": "broken-line",
    "detail": "a quote is opened",
}
CELL = {"file": "bad.csv", "line": 13, "column": 4, "field": "fte", "code": "bad-number", "detail": "must be a number"}


def printed(job: dict[str, Any], capsys: pytest.CaptureFixture[str], problems: tuple[dict[str, Any], ...] = ()) -> str:
    listed = httpx2.MockTransport(lambda _request: httpx2.Response(200, json={"items": problems, "next": None}))
    with httpx2.Client(transport=listed, base_url="http://test") as client:
        _report(client, job)
    return capsys.readouterr().out


def test_one_of_something_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(JOB, capsys).splitlines()
    assert lines == ["bad.csv: 1 row, job_history", "Done:", "         1 fact corrected", "         1 event"]


def test_many_are_many(capsys: pytest.CaptureFixture[str]) -> None:
    progress = {**JOB["progress"], "corrections": 2, "people_known_by_id": 3, "events": {}}
    lines = printed({**JOB, "progress": progress}, capsys).splitlines()[2:]
    assert [line.split(maxsplit=1) for line in lines] == [
        ["3", "known by id alone, as leaders or managers"],
        ["2", "facts corrected"],
        ["0", "events"],
    ]


def test_a_problem_names_its_field_where_it_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    progress = {**JOB["progress"], "problems": 2}
    lines = printed({**JOB, "progress": progress}, capsys, (QUOTE, CELL)).splitlines()
    assert lines[1:3] == [
        "bad.csv:12: a quote is opened [broken-line]",
        "bad.csv:13:4: fte must be a number [bad-number]",
    ]
