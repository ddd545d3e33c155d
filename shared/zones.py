"""Time zones by the names that HR's facts give them."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

EASTERNMOST = timedelta(hours=14)
"""No place on earth is further ahead of UTC."""


def has_begun_somewhere(day: date, at: datetime) -> bool:
    """Whether somebody on earth calls a moment (in UTC) that day, or a later one."""
    return day <= (at + EASTERNMOST).date()


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether a time zone has this name."""
    return name in _names()


@lru_cache(maxsize=1000)
def zone_of(name: str) -> ZoneInfo:
    """The zone of a recorded name; UTC where it names none, so that a word once mistyped stops nobody."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or a folder of zones such as "America"
        return ZoneInfo("UTC")
