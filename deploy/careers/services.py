"""Which services there are, and the processes of each: the one table that everything here reads."""

SERVICES = ("profiles", "conversations", "opportunities", "notifications", "projections")
KINDS = ("api", "worker")
