"""The words of messages, in three languages."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from services.notifications import messages
from services.notifications.messages import LANGUAGES, PLAIN, WORDS, as_language, message, say
from services.notifications.tellings import KINDS
from shared.contracts.profiles import Language

PARIS = ZoneInfo("Europe/Paris")
DETAILS = {
    "who": "1",
    "opportunity": "2",
    "unit": "3",
    "when": "2026-12-03T09:00:00+00:00",
    "on": "2026-12-01",
    "due": "2026-12-24",
}
KNOWN = {"1": "Inés Ortega", "2": "Analyste de données", "3": "Recherche"}


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(KINDS)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_catalogue_translates_every_sentence_and_no_other(language: Language) -> None:
    path = Path(messages.__file__).parent / "locale" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = {str(entry.id): str(entry.string) for entry in read_po(file, locale=language) if entry.id}
    assert set(catalogue) == {*WORDS.values(), *PLAIN}
    for sentence, translated in catalogue.items():
        assert translated != sentence
        assert sorted(re.findall(r"%\(\w+\)s", translated)) == sorted(re.findall(r"%\(\w+\)s", sentence))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_message_can_be_said(kind: str, language: Language) -> None:
    said = message(kind, DETAILS, KNOWN, language, PARIS)
    assert said
    assert "%" not in said
    assert "Somebody" not in said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "Inés Ortega asks you for a career conversation: Thursday, December 3, 2026, 10:00\u202fAM (Europe/Paris).",
        ),
        ("fr", "Inés Ortega vous propose un entretien de carrière : jeudi 3 décembre 2026, 10:00 (Europe/Paris)."),
        (
            "es",
            "Inés Ortega te propone una conversación de carrera: jueves, 3 de diciembre de 2026, 10:00 (Europe/Paris).",
        ),
    ],
)
def test_times_are_the_readers_own(language: Language, said: str) -> None:
    assert message("conversation_requested", DETAILS, KNOWN, language, PARIS) == said


def test_who_is_not_known_any_more_is_somebody() -> None:
    assert message("conversation_accepted", {"who": "1"}, {}, "fr", PARIS) == (
        "Quelqu\N{RIGHT SINGLE QUOTATION MARK}un a accepté votre entretien de carrière."
    )
    assert message("offer_made", {}, {}, "es", PARIS) == "Tienes una oferta: una oportunidad."


def test_a_name_is_never_taken_for_a_placeholder() -> None:
    assert message("manager_changed", {"who": "1"}, {"1": "100 %(when)s"}, "en", PARIS) == (
        "100 %(when)s is your manager now."
    )


def test_a_kind_of_a_newer_version_is_said_in_general() -> None:
    assert message("something_newer", {}, {}, "es", PARIS) == "Hay algo nuevo para ti"


def test_english_is_what_is_left() -> None:
    assert as_language("es") == "es"
    assert as_language("de") == "en"
    assert as_language(None) == "en"
    assert say("A sentence that nobody translated.", "fr") == "A sentence that nobody translated."
