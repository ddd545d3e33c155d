"""Which file is which, and everything wrong with a header or a row is named by line and column."""

from datetime import date

import pytest

from services.profiles.imports.mapping import AS_IT_IS, ColumnMapping
from services.profiles.imports.problems import Problem, Wrong
from services.profiles.imports.rows import HistoryRow, UnitRow, pack, unpack
from services.profiles.imports.shapes import Kind, check_files, check_mapping, kind_of
from tests.imports.stories import history_file, read

PLAIN = {
    "employee_number": "E1",
    "unit": "rnd",
    "title": "Engineer",
    "legal_entity": "FR01",
    "country": "FR",
    "time_zone": "Europe/Paris",
    "effective_on": "2024-01-31",
}


def problems(content: bytes, **how: object) -> list[tuple[int, int | None, str | None, str]]:
    found = read("job_history", content, **how)  # type: ignore[arg-type]
    return [(one.at.line, one.column, one.field, one.code) for one in found if isinstance(one, Problem)]


def test_a_row_is_read_with_its_defaults_and_survives_packing() -> None:
    (one,) = read("job_history", history_file([PLAIN]))
    assert isinstance(one, HistoryRow)
    assert (one.position, one.primary, one.status, one.fte, one.held_until) == ("main", True, "active", None, None)
    assert one.effective_on == date(2024, 1, 31)
    assert unpack(pack(one), one.at) == one


def test_a_unit_with_its_replacements_survives_packing() -> None:
    (one,) = read("units", b"unit;name;replaced_by;effective_on\na;Alpha;b c;2024-01-01\n")
    assert isinstance(one, UnitRow)
    assert one.replaced_by == ("b", "c")
    assert unpack(pack(one), one.at) == one


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("effective_on", "2024-02-30", "bad-date"),
        ("effective_on", "20240131", "bad-date"),
        ("effective_on", "31.01.2024", "bad-date"),
        ("effective_on", "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0663\u0661", "bad-date"),
        ("effective_on", "0024-01-31", "bad-date"),
        ("effective_on", "9999-01-01", "bad-date"),
        ("effective_on", "", "missing"),
        ("employee_number", "", "missing"),
        ("employee_number", "E 1", "bad-code"),
        ("employee_number", "-1", "bad-code"),
        ("title", "", "missing"),
        ("title", "=1+1", "formula"),
        ("title", "@SUM(A1)", "formula"),
        ("title", "x" * 201, "too-long"),
        ("title", "two\nlines", "control-character"),
        ("title", "nul\0", "control-character"),
        ("family_name", "+33", "formula"),
        ("country", "France", "bad-country"),
        ("country", "fr", "bad-country"),
        ("time_zone", "Paris", "bad-time-zone"),
        ("time_zone", "../../etc/passwd", "bad-time-zone"),
        ("job_level", "-1", "bad-number"),
        ("job_level", "3.5", "bad-number"),
        ("job_level", "²", "bad-number"),
        ("fte", "1.5", "bad-number"),
        ("fte", "0", "bad-number"),
        ("fte", "nan", "bad-number"),
        ("fte", "1e-3", "bad-number"),
        ("primary", "maybe", "not-allowed"),
        ("status", "retired", "not-allowed"),
        ("reason", "because", "not-allowed"),
        ("language", "de", "not-allowed"),
        ("email", "nobody", "bad-email"),
        ("email", "=a@b.example", "bad-email"),
        ("held_until", "2024-01-30", "end-before-start"),
        ("left_on", "2023-12-31", "end-before-start"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(column: str, cell: str, code: str) -> None:
    content = history_file([PLAIN, {**PLAIN, column: cell}])
    header = content.split(b"\r\n")[0].decode().split(",")
    assert problems(content) == [(3, header.index(column) + 1, column, code)]


def test_all_that_is_wrong_with_a_row_is_named_at_once() -> None:
    assert problems(history_file([{**PLAIN, "country": "?", "title": ""}])) == [
        (2, 3, "title", "missing"),
        (2, 5, "country", "bad-country"),
    ]


def test_what_is_not_utf8_is_named_by_its_cell() -> None:
    content = history_file([PLAIN]).replace(b"Engineer", b"Ing\xe9nieur")
    assert problems(content) == [(2, 3, "title", "not-utf-8")]


def test_a_row_with_too_few_columns_is_named_by_its_line() -> None:
    assert problems(history_file([PLAIN]) + b"E2,rnd\r\n") == [(3, None, None, "wrong-column-count")]


def test_the_year_9999_is_no_end() -> None:
    (one,) = read("job_history", history_file([{**PLAIN, "held_until": "9999-12-31", "left_on": "9999-01-01"}]))
    assert isinstance(one, HistoryRow)
    assert (one.held_until, one.left_on) == (None, None)


def test_unknown_missing_and_doubled_columns_are_named() -> None:
    content = history_file([{**{k: v for k, v in PLAIN.items() if k != "unit"}, "Team": "x", " TITLE": "y"}])
    assert problems(content) == [
        (1, 7, None, "unknown-column"),
        (1, 8, None, "duplicate-column"),
        (1, None, "unit", "missing-column"),
    ]


def test_a_mapping_renames_columns_and_values_and_says_what_a_file_does_not() -> None:
    mapping = ColumnMapping.read(
        b"""
        dates = "DD.MM.YYYY"
        [columns]
        "Pers.-Nr." = "employee_number"
        Abteilung = "unit"
        Stelle = "title"
        Seit = "effective_on"
        Kostenstelle = ""
        Stand = "status"
        [defaults]
        legal_entity = "DE01"
        country = "DE"
        time_zone = "Europe/Berlin"
        [values.status]
        Elternzeit = "leave"
        """
    )
    check_mapping(mapping)
    content = "Pers.-Nr.;ABTEILUNG;Stelle;Seit;Kostenstelle;Stand\n7;rnd;Prüferin;31.01.2024;4711;Elternzeit\n"
    (one,) = read("job_history", content.encode(), mapping=mapping)
    assert isinstance(one, HistoryRow)
    assert (one.employee_number, one.unit, one.title, one.country) == ("7", "rnd", "Prüferin", "DE")
    assert (one.effective_on, one.status) == (date(2024, 1, 31), "leave")


@pytest.mark.parametrize(
    "given",
    [
        *(b"{", b"\xff", b"columns = 3", b'{"colums": {}}', b'{"dates": "DDMMYY"}', b'{"columns": {"a": 1}}', b"[]"),
        b"a = " + b"[" * 30_000,
        b"a = " + b"{a = " * 10_000,
        b'{"columns": ' + b"[" * 30_000,
    ],
    ids=range(10),
)
def test_a_mapping_that_is_none_is_refused(given: bytes) -> None:
    with pytest.raises(Wrong):
        ColumnMapping.read(given)


def test_a_key_of_very_many_parts_is_refused_before_it_is_read() -> None:
    with pytest.raises(Wrong, match="dots"):
        ColumnMapping.read(b"dates = 'YYYY-MM-DD'\ncolumns." + b".".join([b"a"] * 30_000) + b" = 'b'")


@pytest.mark.parametrize(
    "given", [b'{"columns": {"Team": "teem"}}', b'{"defaults": {"teem": "x"}}', b'{"values": {"teem": {}}}']
)
def test_a_mapping_to_columns_that_are_none_is_refused(given: bytes) -> None:
    with pytest.raises(Wrong):
        check_mapping(ColumnMapping.read(given))


def test_a_default_that_cannot_be_read_is_named() -> None:
    mapping = ColumnMapping(defaults={"time_zone": "Paris"})
    assert problems(history_file([PLAIN]), mapping=mapping) == [(1, None, "time_zone", "bad-time-zone")]


@pytest.mark.parametrize(
    ("part", "name", "header", "kind"),
    [
        ("titles", "x.csv", "a,b", "titles"),
        ("file", "Department_Managers.csv", "employee_id,department_id,from_date,to_date", "department_managers"),
        ("file", "export.csv", ",".join(PLAIN), "job_history"),
        ("file", "export.csv", "unit,name,effective_on", "units"),
        ("file", "export.csv", "employee_id,department_id,from_date,to_date", None),
        ("file", "export.csv", "something", None),
    ],
)
def test_a_file_is_known_by_what_it_is_called_or_by_its_columns(
    part: str, name: str, header: str, kind: Kind | None
) -> None:
    assert kind_of(part, name, header.split(","), AS_IT_IS) == kind


def test_the_two_shapes_are_not_mixed_and_each_is_whole() -> None:
    assert not list(check_files(["job_history", "job_history", "units"], "complete"))
    assert not list(check_files(["departments", "department_assignments", "titles"], "complete"))
    assert list(check_files(["job_history", "titles"], "complete"))
    assert list(check_files(["departments", "titles"], "complete"))
    assert list(check_files([], "complete"))
    assert list(check_files(["departments", "department_assignments", "titles"], "snapshot"))


def test_a_snapshot_has_one_day_and_no_dates_of_its_own() -> None:
    plain = {name: cell for name, cell in PLAIN.items() if name != "effective_on"}
    day = date(2026, 1, 1)
    (one,) = read("job_history", history_file([plain]), snapshot_of=day)
    assert isinstance(one, HistoryRow)
    assert (one.effective_on, one.left_on) == (day, None)
    assert problems(history_file([PLAIN]), snapshot_of=day) == [(1, 7, "effective_on", "dated-column")]
