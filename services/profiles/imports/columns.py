"""The columns of HR's files, and how a cell is read: strictly, since a wrong guess would become a recorded fact."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, get_args

from services.profiles.imports.problems import Wrong
from shared.contracts.profiles import ChangeReason, Language
from shared.http.fields import FIRST_DAY, LAST_DAY
from shared.zones import is_zone

LONGEST = 200

_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,59}")
_EMAIL = re.compile(r"[^@\s=+-][^@\s]*@[^@\s]+")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_FORMULA = ("=", "+", "-", "@")

_DATES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "YYYY-MM-DD": re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
        "DD.MM.YYYY": re.compile(r"(?P<day>\d{2})\.(?P<month>\d{2})\.(?P<year>\d{4})"),
        "DD/MM/YYYY": re.compile(r"(?P<day>\d{2})/(?P<month>\d{2})/(?P<year>\d{4})"),
        "MM/DD/YYYY": re.compile(r"(?P<month>\d{2})/(?P<day>\d{2})/(?P<year>\d{4})"),
    }
)
DATE_FORMATS = tuple(_DATES)

Read = Callable[[str], Any]
"""From a cell that is not empty to a value. Raises Wrong."""


@dataclass(frozen=True, slots=True)
class Column:
    """`needed`: no row does without. `default` is what an empty cell, or no such column, stands for."""

    name: str
    read: Read
    needed: bool = False
    default: Any = None


def fit(cell: str) -> str:
    """The cell without outer space. Raises Wrong for what is not UTF-8 or holds control characters."""
    cell = cell.strip(" ")
    if not cell.isprintable() and _UNFIT.search(cell):
        if _NOT_UTF8.search(cell):
            raise Wrong("not-utf-8", "is not UTF-8")
        raise Wrong("control-character", "holds a control character or a line end")
    return cell


def text(cell: str) -> str:
    """Words. What a spreadsheet would run as a formula is refused: somebody will open an export in one."""
    if len(cell) > LONGEST:
        raise Wrong("too-long", f"has more than {LONGEST} characters")
    if cell.startswith(_FORMULA):
        raise Wrong("formula", "begins with a character that spreadsheets take for a formula")
    return cell


def code(cell: str) -> str:
    """HR's own short name of a thing."""
    if not _CODE.fullmatch(cell):
        raise Wrong("bad-code", "must have 1 to 60 letters, digits, dots, hyphens or underscores")
    return cell


def codes(cell: str) -> tuple[str, ...]:
    return tuple(code(one) for one in cell.split())


def day(cell: str) -> date:
    """A calendar date, such as 2027-01-31."""
    return _day(cell, "YYYY-MM-DD")


def last_day(cell: str) -> date | None:
    """A calendar date; a day in the year 9999 says that there is none."""
    return _last_day(cell, "YYYY-MM-DD")


def email(cell: str) -> str:
    if len(cell) > 254 or not _EMAIL.fullmatch(cell):
        raise Wrong("bad-email", "must be an e-mail address")
    return cell


def language(cell: str) -> str:
    return _one_of(get_args(Language), cell.lower())


def reason(cell: str) -> str:
    return _one_of(get_args(ChangeReason), cell.lower())


def status(cell: str) -> str:
    return _one_of(("active", "leave"), cell.lower())


def yes_or_no(cell: str) -> bool:
    said = cell.lower()
    return _one_of(("yes", "no"), {"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(said, said)) == "yes"


def job_level(cell: str) -> int:
    if not cell.isdecimal() or not cell.isascii() or len(cell) > 3 or int(cell) > 100:
        raise Wrong("bad-number", "must be a whole number from 0 to 100")
    return int(cell)


def fte(cell: str) -> float:
    if not _NUMBER.fullmatch(cell) or not 0 < float(cell) <= 1:
        raise Wrong("bad-number", "must be a number above 0 and up to 1, such as 0.8")
    return float(cell)


def country(cell: str) -> str:
    if not _COUNTRY.fullmatch(cell):
        raise Wrong("bad-country", "must be two capital letters (ISO 3166-1)")
    return cell


def time_zone(cell: str) -> str:
    if not is_zone(cell):
        raise Wrong("bad-time-zone", "must be a time zone such as Europe/Paris")
    return cell


def with_dates(read: Read, written: str) -> Read:
    """The same reader for files in which dates may be written in another of DATE_FORMATS, too."""
    if read is day:
        return lambda cell: _day(cell, written)
    if read is last_day:
        return lambda cell: _last_day(cell, written)
    return read


def _day(cell: str, written: str) -> date:
    found = _last_day(cell, written)
    if found is None:
        raise Wrong("bad-date", "must be a day between 1900 and 2199")
    return found


@lru_cache(maxsize=50_000)
def _last_day(cell: str, written: str) -> date | None:
    match = _DATES[written].fullmatch(cell) or _DATES["YYYY-MM-DD"].fullmatch(cell)
    if match is None or not cell.isascii():
        raise Wrong("bad-date", f"must be a date written {written}")
    try:
        found = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise Wrong("bad-date", "is a date that does not exist") from None
    if found.year == 9999:
        return None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise Wrong("bad-date", "must be a day between 1900 and 2199")
    return found


def _one_of(allowed: tuple[str, ...], cell: str) -> str:
    if cell not in allowed:
        raise Wrong("not-allowed", f"must be one of {', '.join(allowed)}")
    return cell
