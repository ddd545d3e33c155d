"""How files come in: one as it is (text/csv), or several in a form (multipart/form-data), as they arrive.

A form's boundary is taken from its first line, where every client puts it.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass

LONGEST_BOUNDARY = 72  # two hyphens and the seventy characters of RFC 2046
LARGEST_HEAD = 8 * 1024
MOST_PARTS = 20

_NAME = re.compile(r'\bname="((?:[^"\\]|\\.)*)"')
_FILE_NAME = re.compile(r'\bfilename="((?:[^"\\]|\\.)*)"')
_DISPOSITION = re.compile(rb"content-disposition:[ \t]*form-data;(.*)", re.IGNORECASE)


class NoForm(ValueError):
    """The body is not a form as RFC 7578 has it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form, as it begins."""

    name: str
    file_name: str


class Form:
    """Feed it the chunks of a form: it yields each part as it begins, and then the pieces of its content."""

    def __init__(self) -> None:
        self._waiting = b""
        self._delimiter = b""
        self._within = False  # a part's content
        self._parts = 0
        self.complete = False

    def feed(self, chunk: bytes) -> Iterator[Part | bytes]:
        """Raises NoForm."""
        self._waiting += chunk
        while not self.complete:
            if not self._delimiter and not self._begin():
                return
            if self._within:
                content, ended = self._content()
                if content:
                    yield content
                if not ended:
                    return
            part = self._head()
            if part is None:
                return
            yield part

    def _begin(self) -> bool:
        line, found, _ = self._waiting.partition(b"\r\n")
        if len(line) > LONGEST_BOUNDARY + 2:
            raise NoForm("its first line is not a boundary")
        if not found:
            return False
        if not line.startswith(b"--") or len(line) < 3:
            raise NoForm("its first line is not a boundary")
        self._delimiter = b"\r\n" + line.rstrip(b" \t")
        self._waiting = b"\r\n" + self._waiting
        self._within = True  # of what comes before the first part: nothing
        return True

    def _content(self) -> tuple[bytes, bool]:
        """What is certain to be content, and whether it has ended."""
        content, found, rest = self._waiting.partition(self._delimiter)
        if found:
            self._waiting, self._within = rest, False
            return content, True
        # The end may have begun already.
        certain = max(0, len(self._waiting) - len(self._delimiter) + 1)
        content, self._waiting = self._waiting[:certain], self._waiting[certain:]
        return content, False

    def _head(self) -> Part | None:
        """The next part, once its head is whole; none after the last."""
        if self._waiting.startswith(b"--"):
            self.complete = True
            return None
        head, found, rest = self._waiting.partition(b"\r\n\r\n")
        if not found:
            if len(self._waiting) > LARGEST_HEAD:
                raise NoForm("a part has no end of its head")
            return None
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise NoForm(f"it has more than {MOST_PARTS} parts")
        self._waiting, self._within = rest, True
        return _part(head)


async def files_of(chunks: AsyncIterable[bytes], *, form: bool) -> AsyncIterator[Part | bytes]:
    """Each file as it begins, and then its content in pieces. Raises NoForm."""
    if not form:
        yield Part("file", "file.csv")
        async for chunk in chunks:
            yield chunk
        return
    reading = Form()
    async for chunk in chunks:
        for one in reading.feed(chunk):
            yield one
    if not reading.complete:
        raise NoForm("it ends in the middle of a part")


def _part(head: bytes) -> Part:
    for line in head.split(b"\r\n"):
        if (disposition := _DISPOSITION.fullmatch(line)) is not None:
            said = disposition[1].decode("utf-8", "replace")
            name, file_name = _NAME.search(said), _FILE_NAME.search(said)
            if name is None:
                break
            return Part(_plain(name[1]), _plain(file_name[1]) if file_name else "")
    raise NoForm("a part does not say its name")


def _plain(name: str) -> str:
    """The last part of a path, without what does not print: it stands in reports."""
    kept = "".join(character for character in name if character.isprintable())
    return kept.replace("\\", "/").rpartition("/")[2][:100]
