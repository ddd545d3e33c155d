"""The words of each kind of message, in the reader's language. Made when it is read: only ids, days and times are kept.

The English sentences stand here and are the keys of the catalogues in locale/<language>.po; what a catalogue lacks is
said in English. Names and titles come in as they are known at the moment of reading.
"""

import gettext
import io
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from shared.contracts.profiles import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)

_LOCALE = Path(__file__).parent / "locale"

WORDS: Mapping[str, str] = {
    "aspiration_shared": "%(who)s shared an aspiration with you.",
    "conversation_requested": "%(who)s asks you for a career conversation: %(when)s.",
    "conversation_accepted": "%(who)s agreed to your career conversation.",
    "conversation_declined": "%(who)s declined your career conversation and says why.",
    "conversation_rescheduled": "%(who)s proposes another time for your career conversation: %(when)s.",
    "conversation_cancelled": "%(who)s called your career conversation off.",
    "conversation_ended": "A career conversation with %(who)s ended before it was held.",
    "conversation_ended_ask_next": (
        "Your career conversation with %(who)s ended, since your manager has changed. Whom would you like to ask next?"
    ),
    "conversation_held": "%(who)s noted that you talked on %(on)s. How was it for you? Rate the four outcomes.",
    "outcomes_shared": "%(who)s shared with you how they rated a career conversation.",
    "commitment_made": "%(who)s committed to something for your career, by %(due)s.",
    "commitment_kept": "%(who)s kept what they had committed to for your career.",
    "commitment_missed": "%(who)s did not manage what they had committed to for your career.",
    "application_received": "%(who)s applied: %(opportunity)s.",
    "application_withdrawn": "%(who)s took an application back: %(opportunity)s.",
    "application_shortlisted": "Your application is on the short list: %(opportunity)s.",
    "application_declined": "Your application was declined: %(opportunity)s. Read the reason and a next step.",
    "offer_made": "You have an offer: %(opportunity)s.",
    "offer_accepted": "%(who)s accepted your offer: %(opportunity)s.",
    "offer_declined": "%(who)s declined your offer: %(opportunity)s.",
    "opportunity_withdrawn": "What you applied for is no longer offered: %(opportunity)s.",
    "move_agreed": "Your move is agreed. You are going to: %(unit)s.",
    "move_to_release": "%(who)s is going to move: %(unit)s. Set the day of their release.",
    "move_released": "You are released for your move on %(on)s.",
    "move_completed": "You have arrived: %(unit)s. Good luck there!",
    "manager_changed": "%(who)s is your manager now.",
    "place_changed": "HR has noted your place from %(on)s on: %(unit)s.",
    "delegation_given": "%(who)s asks you to stand in for them from %(on)s to %(due)s.",
    "delegation_ended": "You do not stand in for %(who)s any more.",
    "last_day": "Your last day here is %(on)s. You can take with you all that is held about you: ask for your export.",
    "words_erased": "%(who)s had erased what you wrote and said. The receipt of it says on what ground.",
    "hold_placed": "Nothing that is kept of you may be erased for now, by law. Read why.",
    "hold_lifted": "What is kept of you may be erased again: the hold is lifted.",
}

SOMEBODY = "Somebody"
SOMETHING = "an opportunity"
SOMEWHERE = "a new unit"
SUBJECT = "There is something new for you"
GREETING = "Hello,"
BODY = "There is a new message for you in Careers. For your privacy it is not part of this mail: please read it there."
REFERENCE = "Message: %(notification)s"
WHY = "You can turn these mails off in your preferences."

PLAIN = (SOMEBODY, SOMETHING, SOMEWHERE, SUBJECT, GREETING, BODY, REFERENCE, WHY)


def as_language(written: object) -> Language:
    """A language we speak; English for any other, or none."""
    return next((one for one in LANGUAGES if one == written), "en")


def say(sentence: str, language: Language) -> str:
    """A sentence in a language; in English where the catalogue has none."""
    return _catalogue(language).gettext(sentence)


def message(kind: str, details: Mapping[str, str], known: Mapping[str, str], language: Language, zone: ZoneInfo) -> str:
    """One message in words. `known` has the names and titles of ids in `details`."""
    values = {
        "who": known.get(details.get("who", "")) or say(SOMEBODY, language),
        "opportunity": known.get(details.get("opportunity", "")) or say(SOMETHING, language),
        "unit": known.get(details.get("unit", "")) or say(SOMEWHERE, language),
        "when": _moment(details.get("when"), language, zone),
        "on": _day(details.get("on"), language),
        "due": _day(details.get("due"), language),
    }
    return say(WORDS.get(kind, SUBJECT), language) % values


def _moment(written: str | None, language: Language, zone: ZoneInfo) -> str:
    """In the reader's time zone, which is named, since a mail may be read elsewhere."""
    if written is None:
        return ""
    moment = datetime.fromisoformat(written).astimezone(zone)
    day, time = format_date(moment, "full", language), format_time(moment, "short", zone, language)
    return f"{day}, {time} ({format_datetime(moment, 'VV', zone, language)})"


def _day(written: str | None, language: Language) -> str:
    return format_date(date.fromisoformat(written), "long", language) if written is not None else ""


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    source = _LOCALE / f"{language}.po"
    if not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
