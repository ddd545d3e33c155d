"""Which Kafka, which topics: what every producer and consumer of a process is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cluster:
    """`instance`: unique for each replica, the same over its restarts. `security` goes to aiokafka as it is."""

    bootstrap_servers: str
    instance: str
    topic_prefix: str = "careers."
    security: Mapping[str, Any] = field(default_factory=dict)

    def topic(self, service: str) -> str:
        return self.topic_prefix + service

    @property
    def marks(self) -> str:
        """The compacted topic in which each relay says how far it is."""
        return f"{self.topic_prefix}marks"
