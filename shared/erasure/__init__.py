"""Erasure within a service: it marks its own stream, its models forget at the marks, and it reports what was done.

A mark stands behind everything that is erased, in the stream itself and in its order: a model that is behind, built
anew, or restored comes past the same events and then past the mark, and ends with the same rows. No clock decides.

Reading order: cleaning.py (a worker's task), marking.py (where the marks are put),
forgetting.py (what a model does at one).
"""

from shared.erasure.cleaning import Cleaning

__all__ = ["Cleaning"]
