"""Bytes become records whatever the chunks they come in, and each record knows its line."""

import csv
import io
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.records import LARGEST_RECORD, Record, Records
from tests.imports.stories import PATIENT


def records(content: bytes, chunk: int = 1 << 16) -> list[Record]:
    reader = Records()
    pieces = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    return [record for piece in [*pieces, b""] for record in reader.feed(piece)]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8) | st.sampled_from(
    ['"', 'a"b', "x\ny", "1,2", ";", "é\n\n"]
)


@PATIENT
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=6), st.integers(1, 9))
def test_what_was_written_is_read_in_chunks_of_any_size(rows: list[list[str]], chunk: int) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["first", "second"], *rows])
    read = records(written.getvalue().encode(), chunk)
    assert [record.cells for record in read] == [["first", "second"], *(row for row in rows if any(row))]
    assert not any(record.broken for record in read)


def test_a_record_is_named_by_the_line_on_which_it_begins() -> None:
    read = records(b'a,b\r\n1,"two\nlines"\r\n\r\n3,4\r\n')
    assert [(record.line, record.cells) for record in read] == [
        (1, ["a", "b"]),
        (2, ["1", "two\nlines"]),
        (5, ["3", "4"]),
    ]


def test_a_byte_order_mark_and_semicolons_are_taken() -> None:
    assert records(b"\xef\xbb\xbfa;b,c;d\n1;2;3\n", 1) == [
        Record(1, ["a", "b,c", "d"]),
        Record(2, ["1", "2", "3"]),
    ]


def test_commas_within_quotes_do_not_make_the_delimiter() -> None:
    assert records(b'"a,b,c";d\n1;2\n')[0].cells == ["a,b,c", "d"]


def test_a_line_with_broken_quotes_does_not_end_the_others() -> None:
    read = records(b'a,b\n"1"x,2\n3,4\n')
    assert [(record.line, bool(record.broken)) for record in read] == [(1, False), (2, True), (3, False)]


def test_a_quote_that_is_never_closed_ends_the_file_and_not_the_memory() -> None:
    reader = Records()
    read = list(reader.feed(b'a,b\n1,2\n3,"never closed\n'))
    for _ in range(LARGEST_RECORD // 1000 + 2):
        read += reader.feed(b"x" * 999 + b"\n")
    read += reader.feed(b"")
    assert [(record.line, record.broken) for record in read] == [
        (1, None),
        (2, None),
        (3, "a quote is opened here and never closed"),
    ]


def test_a_line_without_end_is_given_up() -> None:
    reader = Records()
    read = [*reader.feed(b"a,b\n"), *reader.feed(b"x" * (LARGEST_RECORD + 1)), *reader.feed(b"x")]
    assert read[1:] == [Record(2, [], "the line is too long")]


def test_bytes_that_are_not_utf8_stay_in_their_cell() -> None:
    assert records(b"a,b\n1,caf\xe9\n")[1].cells == ["1", "caf\udce9"]


def test_memory_does_not_grow_with_the_file() -> None:
    line = b"E1,Anna,Berg,anna@example.org,fr,P1,rnd,Engineer,3,FR01,FR,Europe/Paris,1,2020-01-01\n"
    reader, chunk, read = Records(), line * 500, 0
    tracemalloc.start()
    try:
        for _ in range(60):
            read += sum(1 for _ in reader.feed(chunk))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert read == 30_000
    assert peak < 20 * len(chunk)
