"""The audit's tables, in a schema of their own."""

from pathlib import Path

from shared.postgres import Migration


def migrations() -> list[Migration]:
    """Of every service's database."""
    here = Path(__file__).parent
    names = ("0001_audit", "0002_by_reader", "0003_stand_ins", "0004_by_person")
    return [Migration(f"audit/{name}", (here / f"{name}.sql").read_text()) for name in names]
