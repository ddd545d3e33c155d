"""Finds the route of a path: one dictionary look-up a segment, however many routes there are."""

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

E = TypeVar("E")


class _Node(Generic[E]):
    __slots__ = ("any", "methods", "named")

    def __init__(self) -> None:
        self.named: dict[str, _Node[E]] = {}
        self.any: _Node[E] | None = None
        self.methods: dict[str, E] = {}


class Paths(Generic[E]):
    """Templates with `{names}` for whole segments. A written segment goes before a name at the same place."""

    def __init__(self, entries: Iterable[tuple[str, str, E]]) -> None:
        """Of (method, template, what is there). Raises ValueError when two stand at one place."""
        self._root: _Node[E] = _Node()
        self._plain: dict[bytes, dict[str, E]] = {}
        for method, template, entry in entries:
            node = self._root
            for segment in template.split("/")[1:]:
                if segment.startswith("{"):
                    node.any = node = node.any or _Node()
                else:
                    node = node.named.setdefault(segment, _Node())
            if method in node.methods:
                raise ValueError(f"{method} {template} is declared twice")
            node.methods[method] = entry
            if "{" not in template:
                self._plain[template.encode()] = node.methods

    def find(self, raw_path: bytes) -> tuple[dict[str, E], list[str]]:
        """What stands at a path by method, and the values of its names; nothing by any method where no path is."""
        if (plain := self._plain.get(raw_path)) is not None:
            return plain, []
        try:
            segments = raw_path.decode("ascii").split("/")
            if b"%" in raw_path:
                segments = [unquote(segment, errors="strict") for segment in segments]
                if not all(map(str.isprintable, segments)):
                    return {}, []
        except UnicodeDecodeError:
            return {}, []
        values: list[str] = []
        node = _find(self._root, segments, 1, values)
        return (node.methods if node is not None else {}), values


def _find(node: _Node[E], segments: list[str], depth: int, values: list[str]) -> _Node[E] | None:
    """The node at the end of the segments. Goes down in a loop, and tries a second way only where there are two."""
    for position in range(depth, len(segments)):
        segment = segments[position]
        named = node.named.get(segment)
        if named is not None and node.any is None:
            node = named
            continue
        if named is not None:
            further: list[str] = []
            if (found := _find(named, segments, position + 1, further)) is not None:
                values += further
                return found
        if node.any is None or not segment:
            return None
        values.append(segment)
        node = node.any
    return node if node.methods else None
