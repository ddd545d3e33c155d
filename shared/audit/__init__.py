"""Who read which sensitive record, and under which rule: random ids alone, in the database of who showed it.

Reads are noted in memory and written a moment later, many at once. Each minute what was written is chained, and each
day's last link is signed, so that a row that is changed, added or missing shows.

Reading order: entries.py (what is noted), book.py (how it is written), chain.py (links, heads, and what verifies them).
"""

from shared.audit.book import AuditUnavailable, Book
from shared.audit.chain import Chain, Finding, Signer, verify
from shared.audit.entries import ListingOff, Reader, Rule, Shown, WasRead, read_by, read_by_oneself, readers
from shared.audit.schema import migrations

__all__ = [
    "AuditUnavailable",
    "Book",
    "Chain",
    "Finding",
    "ListingOff",
    "Reader",
    "Rule",
    "Shown",
    "Signer",
    "WasRead",
    "migrations",
    "read_by",
    "read_by_oneself",
    "readers",
    "verify",
]
