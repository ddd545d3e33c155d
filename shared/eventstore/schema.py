"""The log's tables and functions, for every service's database."""

from pathlib import Path

from shared.postgres import Migration

_HERE = Path(__file__).parent


def migrations() -> list[Migration]:
    """In the order in which they are run."""
    return [Migration(f"eventstore/{path.stem}", path.read_text()) for path in sorted(_HERE.glob("[0-9]*.sql"))]
