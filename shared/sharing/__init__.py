"""Sharing: an employee lets an audience read one thing of theirs, for a purpose, until a day; changes it, withdraws it.

A kind of thing is declared once (`Kind`): which events carry its sharings, whose stream it is, and where its content
stands. It gets the routes, the rules, the rows and the reads that are here; what one of the kind shows, beside what was
shared, and to its owner, is its own.

Reading order: api.py (routes), rules.py (`Kind`, and what may be done), shares.py and openings.py (the read models),
reads.py (who reads what, and why).
"""

from shared.sharing.openings import Openings
from shared.sharing.reads import AudienceView, ShareView, Sharings
from shared.sharing.rules import (
    MOST_SHARINGS,
    AlreadyShared,
    ChangeSharing,
    Item,
    Kind,
    NobodyToShareWith,
    NoOpenApplication,
    Share,
    SharedWithOneself,
    ShareItem,
    SharingCommand,
    SharingInThePast,
    SharingNotActive,
    TooManySharings,
    WithdrawSharing,
)
from shared.sharing.shares import Shares

__all__ = [
    "MOST_SHARINGS",
    "AlreadyShared",
    "AudienceView",
    "ChangeSharing",
    "Item",
    "Kind",
    "NoOpenApplication",
    "NobodyToShareWith",
    "Openings",
    "Share",
    "ShareItem",
    "ShareView",
    "SharedWithOneself",
    "Shares",
    "SharingCommand",
    "SharingInThePast",
    "SharingNotActive",
    "Sharings",
    "TooManySharings",
    "WithdrawSharing",
]
