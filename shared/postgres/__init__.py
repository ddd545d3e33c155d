"""PostgreSQL: connections with deadlines, a pool that never waits without one, and migrations.

Reading order: connections.py, held.py, pool.py, migrations.py.
"""

from shared.postgres.connections import UnsafeServer, connect
from shared.postgres.held import Held
from shared.postgres.migrations import Migration, MigrationRefused, migrate
from shared.postgres.pool import Pool

__all__ = ["Held", "Migration", "MigrationRefused", "Pool", "UnsafeServer", "connect", "migrate"]
