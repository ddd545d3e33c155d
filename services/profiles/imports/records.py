"""Bytes, as they come → records, each with the line it begins on. Memory holds one block of lines, never a file."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LARGEST_RECORD = 256 * 1024
"""Bytes: a record beyond this means a quote that is never closed."""

DELIMITERS = (",", ";", "\t")

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """`broken` says why the line is no record. Bytes that are not UTF-8 stand as lone surrogates in the cells."""

    line: int
    cells: list[str]
    broken: str | None = None


class Records:
    """Feed it the chunks of one file in order, an empty one last. The first record is the header.

    UTF-8, with or without a byte order mark; the delimiter is the one of comma, semicolon and tab that the header has
    most of; quotes as in RFC 4180. Empty lines are passed over.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._lines: list[bytes] = []  # of a record that is not complete: a quote is open
        self._line = 1  # of the first of these
        self._delimiter = ""
        self._begun = False
        self._given_up = False

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are complete now. After a quote that is never closed nothing more is read."""
        if self._given_up:
            return
        data = self._bytes + chunk
        if not self._begun and not (chunk and _BOM.startswith(data)):
            data, self._begun = data.removeprefix(_BOM), True
        lines = data.split(b"\n")
        self._bytes = lines.pop()
        if not chunk and self._bytes:
            lines.append(self._bytes)
            self._bytes = b""
        yield from self._complete(lines, last=not chunk)

    def _complete(self, lines: list[bytes], *, last: bool) -> Iterator[Record]:
        """Cuts after the last line at which no quote is open; what follows waits for more."""
        self._lines += lines
        cut, odd = 0, False
        for number, line in enumerate(self._lines, 1):
            odd ^= bool(line.count(b'"') % 2)
            if not odd:
                cut = number
        waiting = self._lines[cut:]
        if waiting and (last or sum(map(len, waiting)) + len(self._bytes) > LARGEST_RECORD):
            yield from self._read(self._lines[:cut])
            yield Record(self._line, [], "a quote is opened here and never closed")
            self._given_up = True
        elif len(self._bytes) > LARGEST_RECORD:
            yield from self._read(self._lines[:cut])
            yield Record(self._line, [], "the line is too long")
            self._given_up = True
        else:
            yield from self._read(self._lines[:cut])
            self._lines = waiting

    def _read(self, lines: list[bytes]) -> Iterator[Record]:
        if not lines:
            return
        base, self._line = self._line, self._line + len(lines)
        texts = [line.decode("utf-8", "surrogateescape").removesuffix("\r") + "\n" for line in lines]
        if not self._delimiter:
            self._delimiter = _delimiter(texts)
        for line, cells, broken in _rows(texts, self._delimiter):
            if broken is not None or any(cells):
                yield Record(base + line, cells, broken)


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Each row with the line before it; a line that is no row does not end the others."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num
        try:
            yield line, next(reader), None
        except StopIteration:
            return
        except csv.Error:
            yield line, [], "the quotes or line ends of this line are not as in RFC 4180"


def _delimiter(lines: Iterable[str]) -> str:
    header = next((line for line in lines if line.strip()), "")
    unquoted = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=unquoted.count)
