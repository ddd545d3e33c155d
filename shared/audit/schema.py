"""The audit's tables, in a schema of their own."""

from pathlib import Path

from shared.postgres import Migration


def migrations() -> list[Migration]:
    """Of every service's database."""
    return [Migration("audit/0001_audit", (Path(__file__).parent / "0001_audit.sql").read_text())]
