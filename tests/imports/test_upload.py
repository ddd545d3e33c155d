"""Forms are read as they arrive, whatever the chunks, and what is no form is refused."""

from collections.abc import Sequence

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profiles.imports.upload import MOST_PARTS, Form, NoForm, Part
from tests.imports.stories import PATIENT


def read(body: bytes, chunk: int) -> list[tuple[Part, bytes]]:
    form, found = Form(), list[tuple[Part, bytes]]()
    for start in range(0, len(body), chunk):
        for one in form.feed(body[start : start + chunk]):
            if isinstance(one, Part):
                found.append((one, b""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + one)
    if not form.complete:
        raise NoForm
    return found


def written(files: Sequence[tuple[str, bytes]]) -> bytes:
    parts = [("file", (name, content, "text/csv")) for name, content in files]
    request = httpx2.Request("POST", "http://test", files=parts)
    request.read()
    return request.content


CONTENTS = st.binary(max_size=60) | st.sampled_from([b"\r\n--", b"\r\n", b"--", b"\r\n--a--\r\n", b"a,b\r\n1,2\r\n"])


@PATIENT
@given(st.lists(CONTENTS, min_size=1, max_size=4), st.integers(1, 40))
def test_files_arrive_as_they_were_sent_in_chunks_of_any_size(contents: list[bytes], chunk: int) -> None:
    files = [(f"{number}.csv", content) for number, content in enumerate(contents)]
    found = read(written(files), chunk)
    assert [(part.name, part.file_name, content) for part, content in found] == [
        ("file", name, content) for name, content in files
    ]


def test_a_file_name_keeps_neither_its_path_nor_what_does_not_print() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="C:\\\\a\\\\b\x07.csv"\r\n\r\n1\r\n--x--\r\n'
    assert read(body, 7) == [(Part("file", "b.csv"), b"1")]


def test_a_large_file_is_handed_on_in_pieces() -> None:
    form = Form()
    list(form.feed(b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n'))
    for _ in range(100):
        (piece,) = form.feed(b"y" * 10_000)
        assert isinstance(piece, bytes)
        assert len(piece) <= 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"--\r\n",
        b"no boundary\r\n",
        b"--" + b"x" * 1000,
        b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n1\r\n',
        b"--x\r\n" + b"h" * 9000,
        b"--x" + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--x' * (MOST_PARTS + 1) + b"--",
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    for chunk in (1, 4096):
        with pytest.raises(NoForm):
            read(body, chunk)
