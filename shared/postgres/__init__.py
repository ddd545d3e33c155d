"""PostgreSQL: connections with deadlines, one held for good, a pool that never waits for ever, and migrations.

Reading order: connections.py, held.py, pool.py, migrations.py.
"""

from shared.postgres.connections import LOST, UnsafeServer, connect
from shared.postgres.held import Closed, Held
from shared.postgres.migrations import Migration, MigrationRefused, migrate
from shared.postgres.pool import Pool

__all__ = [
    "LOST",
    "Closed",
    "Held",
    "Migration",
    "MigrationRefused",
    "Pool",
    "UnsafeServer",
    "connect",
    "migrate",
]
