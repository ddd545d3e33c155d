"""What the bodies of this service's requests are made of."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.http import Line, Text
from shared.refusals import Worded


def _said(words: str) -> str:
    if not words.strip():
        raise Worded("must say something")
    return words


Words = Annotated[Text, AfterValidator(_said)]
"""Words of a person that are not only space."""

Title = Annotated[Line, AfterValidator(_said)]
Skill = Annotated[Line, AfterValidator(_said), Field(description="An ESCO URI, or a plain label.")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["FR"])]
