"""What the bodies of this service's requests are made of."""

from typing import Annotated

from pydantic import Field

from shared.http import Line

Skill = Annotated[Line, Field(description="An ESCO URI, or a plain label.")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["FR"])]
