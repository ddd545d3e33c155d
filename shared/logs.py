"""Logs: one JSON object a line, facts with a stable action and ids, never words of people.

Redaction is an allow-list: a key that is not named here is logged as [redacted]. Exceptions are logged by type and
place, without their messages, since libraries put values into those.
"""

import asyncio
import atexit
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

import orjson
import structlog

ALLOWED = frozenset(
    (
        *("action", "level", "time", "service", "instance", "process", "logger", "template", "signal", "task"),
        *(
            "route",
            "method",
            "status",
            "ms",
            "code",
            "caller",
            "actor",
            "trace",
            "host",
            "port",
            "peer",
            "issuer",
            "kid",
        ),
        *("event_id", "event_type", "stream", "subject", "person", "version", "key_id", "job", "row", "rows"),
        *("erasure", "scope"),
        *("position", "partition", "offset", "topic", "previous", "epoch", "group", "model", "lag", "migration"),
        *("reason", "error", "frames", "check", "state", "attempt", "attempts", "count", "size", "seconds", "name"),
        *("first", "last", "expected", "found"),
    )
)
"""Keys whose values are ids, numbers or words of ours."""

LONGEST = 300
MOMENT = 0.05
"""Seconds that a line may wait to be written."""
SAME = 10.0
"""Seconds in which a library says the same thing once."""
TEMPLATES = 1000
_VALUES = re.compile(r"[\n<({\[='\"0-9]")
FRAMES = 12


def configure(
    service: str, process: str = "", instance: str = "", *, level: str = "info", out: BinaryIO | None = None
) -> None:
    """Sets up structlog and the standard library's logging for this process, to write to `out` (standard output)."""
    lines = _Lines(out or os.fdopen(sys.stdout.fileno(), "wb", 64 * 1024, closefd=False))
    atexit.register(lines.flush)
    number = logging.getLevelNamesMapping()[level.upper()]
    whose = {
        name: value for name, value in (("service", service), ("process", process), ("instance", instance)) if value
    }

    structlog.configure(
        processors=[partial(shape, whose), _write],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_names: lines,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Library()]
    root.setLevel(logging.WARNING)


def shape(whose: Mapping[str, str], _logger: Any, level: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keeps what ALLOWED names, and turns an exception into its type and place."""
    line: dict[str, Any] = {"time": datetime.now(UTC), "level": level, "action": entry.pop("event"), **whose}
    if error := entry.pop("exc_info", None):
        entry.update(_exception(error))
    for key, value in entry.items():
        if key in ALLOWED:
            line[key] = value if type(value) in _PLAIN else _plain(value)
        else:
            line[key] = "[redacted]"
    return line


_PLAIN = (int, float, bool, type(None))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, (UUID, Enum)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [one if type(one) in _PLAIN else _plain(one) for one in value]
    return f"[{type(value).__name__}]"


def _exception(error: Any) -> dict[str, Any]:
    raised = sys.exc_info()[1] if error is True else error[1] if isinstance(error, tuple) else error
    if not isinstance(raised, BaseException):
        return {}
    chain = [raised]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    frames = traceback.extract_tb(raised.__traceback__)[-FRAMES:]
    return {
        "error": " < ".join(type(one).__qualname__ for one in chain),
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _write(_logger: Any, _level: str, entry: Mapping[str, Any]) -> bytes:
    return orjson.dumps(entry, default=str)


class _Lines:
    """Where lines go: what matters at once, the rest a moment later, many with one system call."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting = False

    def info(self, line: bytes) -> None:
        self._put(line)
        if self._waiting:
            return
        try:
            asyncio.get_running_loop().call_later(MOMENT, self.flush)
            self._waiting = True
        except RuntimeError:  # no event loop, so nothing that could be kept from its work
            self.flush()

    def warning(self, line: bytes) -> None:
        self._put(line)
        self.flush()

    debug = msg = log = info
    warn = error = critical = exception = fatal = failure = warning

    def _put(self, line: bytes) -> None:
        with suppress(OSError, ValueError):  # whoever read the lines has gone
            self._out.write(line + b"\n")

    def flush(self) -> None:
        self._waiting = False
        with suppress(OSError, ValueError):
            self._out.flush()


class _Library(logging.Handler):
    """What libraries log: the template alone, since its values may be anybody's.

    A template is written once in SAME seconds, with how often it came since: a client that finds no broker says so
    hundreds of times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str, str], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        if not record.args:
            template = _VALUES.split(template, 1)[0]  # it may have been filled in already
        raised = record.exc_info[0] if record.exc_info else None
        what = record.name, template, raised.__name__ if raised else ""
        said, unsaid = self._said.get(what, (-SAME, 0))
        if record.created - said < SAME:
            self._said[what] = said, unsaid + 1
            return
        if len(self._said) >= TEMPLATES:
            self._said.clear()
        self._said[what] = record.created, 0
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            template=template,
            exc_info=record.exc_info,
            **({"count": unsaid + 1} if unsaid else {}),
        )
