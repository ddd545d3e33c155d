"""The tables of the relay and of consumers, and of what consumers forget, for every service's database."""

from pathlib import Path

from shared.postgres import Migration

_HERE = Path(__file__).parent


def migrations() -> list[Migration]:
    return [Migration(f"kafka/{path.stem}", path.read_text()) for path in sorted(_HERE.glob("[0-9]*.sql"))]
