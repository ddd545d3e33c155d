"""What the bodies of this service's requests are made of."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.http import Text
from shared.refusals import Worded


def _said(words: str) -> str:
    if not words.strip():
        raise Worded("must say something")
    return words


Words = Annotated[Text, AfterValidator(_said)]
"""Words of a person that are not only space."""

Rating = Annotated[int, Field(ge=1, le=5)]
"""1: not at all, 5: fully."""
