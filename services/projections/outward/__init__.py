"""What leaves the house: items for HR's own systems, each with its revision, on topics and in a feed.

It is worked out from state, not from events: a model marks as due which items may have changed (due.py), in the
transaction in which it applied why; the keeper (keeping.py) says anew what each due item is as of now (people.py,
moved.py, partnership.py), and makes a revision where that differs from what was said last (0001_items.sql). So a fact
dated later comes out on its day, and a model that was built anew tells nothing but what differs. What is new goes to
Kafka in the order of its positions (publishing.py), and is read on from a position over HTTP (feed.py).
"""

from pathlib import Path

from shared.postgres import Migration


def migrations() -> list[Migration]:
    """Of what was said, which no rebuild takes back."""
    here = Path(__file__).parent
    return [Migration(f"outward/{path.stem}", path.read_text()) for path in sorted(here.glob("[0-9]*.sql"))]
