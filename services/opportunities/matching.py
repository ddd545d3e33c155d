"""What an applicant states against what a posting asks for: which skills match and which are missing, and why.

Skills are ESCO URIs or plain labels. Two are the same where they read the same without case, outer space and the
different ways to write an accent. No score, no ranking, and nothing follows from a missing skill.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

_ESCO = "http://data.europa.eu/esco/skill/"


@dataclass(frozen=True, slots=True)
class Matched:
    """A skill that is asked for, as the posting writes it, and by what it was found among those stated."""

    skill: str
    by: Literal["esco_uri", "label"]


@dataclass(frozen=True, slots=True)
class Match:
    """Both in the order of the posting."""

    matching: tuple[Matched, ...]
    missing: tuple[str, ...]


def match(asked: Sequence[str], stated: Iterable[str]) -> Match:
    """Each skill asked for is either matching or missing; one asked for twice counts once."""
    have = {fold(skill) for skill in stated}
    once = {fold(skill): skill for skill in reversed(asked)}
    wanted = {key: once[key] for key in map(fold, asked)}
    return Match(
        matching=tuple(matched(skill) for key, skill in wanted.items() if key in have),
        missing=tuple(skill for key, skill in wanted.items() if key not in have),
    )


def fold(skill: str) -> str:
    """How skills are compared."""
    folded = " ".join(unicodedata.normalize("NFC", skill.casefold()).split())
    return (
        folded.replace("https://", "http://", 1).rstrip("/") if folded.startswith("https://data.europa.eu/") else folded
    )


def matched(skill: str) -> Matched:
    """Tells by what a skill that matches was found."""
    return Matched(skill, "esco_uri" if fold(skill).startswith(_ESCO) else "label")
