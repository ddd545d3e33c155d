"""What the bodies of this service's requests are made of."""

from typing import Annotated

from pydantic import Field

Rating = Annotated[int, Field(ge=1, le=5)]
"""1: not at all, 5: fully."""
