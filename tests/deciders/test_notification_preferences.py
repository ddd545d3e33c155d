"""The rules of how somebody wants to be told."""

from uuid import UUID

from services.notifications.preferences import DECIDER, SetPreferences
from shared.contracts.notifications import PreferencesSet
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

ANA = UUID(int=1)
french = PreferencesSet(person=ANA, language="fr", email=False, muted=("commitment_kept", "offer_made"))


def test_a_person_says_how_they_want_to_be_told() -> None:
    given().when(
        SetPreferences(person=ANA, language="fr", email=False, muted=("offer_made", "commitment_kept", "offer_made"))
    ).then(french)


def test_what_holds_anyway_needs_no_saying() -> None:
    given().when(SetPreferences(person=ANA, language=None, email=True, muted=())).then()
    given(french).when(
        SetPreferences(person=ANA, language="fr", email=False, muted=("offer_made", "commitment_kept"))
    ).then()


def test_what_is_not_given_goes_back_to_its_default() -> None:
    given(french).when(SetPreferences(person=ANA, language=None, email=True, muted=())).then(
        PreferencesSet(person=ANA, language=None, email=True, muted=())
    )
