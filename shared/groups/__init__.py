"""Figures about groups of people: who is counted together, so that no figure and no difference of figures tells of few.

Every figure is a sum over whole groups, each of at least as many people as the minimum says; a group that was told once
is never told in smaller parts. So whatever is added and subtracted, of any answers and any releases, is about whole
groups (docs/groups.md, decision 12).

Reading order: minimum.py (how many), grouping.py (the rule), releases.py (how releases are kept).
"""

from shared.groups.grouping import Fact, Group, Label, figures, regroup, told
from shared.groups.minimum import FLOOR, MOST_DIMENSIONS, Minimum
from shared.groups.releases import Release, Releases, migrations, release

__all__ = [
    "FLOOR",
    "MOST_DIMENSIONS",
    "Fact",
    "Group",
    "Label",
    "Minimum",
    "Release",
    "Releases",
    "figures",
    "migrations",
    "regroup",
    "release",
    "told",
]
