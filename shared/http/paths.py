"""Finds the route of a path: one dictionary look-up a segment, however many routes there are."""

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote

from shared.http.bodies import fits

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
        except UnicodeDecodeError:
            return {}, []
        values: list[str] = []
        node = _find(self._root, segments, 1, values)
        return (node.methods if node is not None else {}), values


def _find(node: _Node[E], segments: list[str], depth: int, values: list[str]) -> _Node[E] | None:
    if depth == len(segments):
        return node if node.methods else None
    segment = segments[depth]
    if (named := node.named.get(segment)) is not None and (
        found := _find(named, segments, depth + 1, values)
    ) is not None:
        return found
    if node.any is None or not segment or not fits(segment):
        return None
    values.append(segment)
    found = _find(node.any, segments, depth + 1, values)
    if found is None:
        values.pop()
    return found
