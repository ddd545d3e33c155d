"""The world of the projections' tests, whose first model is relations."""

from tests.projections.conftest import world

__all__ = ["world"]
