"""Which Kafka, which topics: what every producer and consumer of a process is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OWN = "careers."
"""So begin the names of topics that stay in the house, and of consumers' groups."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """`instance`: unique for each replica, the same over its restarts. `topic_prefix` stands before the name of every
    topic and group, where a Kafka is shared. `security` goes to aiokafka as it is."""

    bootstrap_servers: str
    instance: str
    topic_prefix: str = ""
    security: Mapping[str, Any] = field(default_factory=dict)

    def topic(self, service: str) -> str:
        """Of a service's events."""
        return f"{self.topic_prefix}{OWN}{service}"

    def outward(self, topic: str) -> str:
        """One that leaves the house, by its public name."""
        return self.topic_prefix + topic

    def group(self, name: str) -> str:
        return f"{self.topic_prefix}{OWN}{name}"

    @property
    def marks(self) -> str:
        """The compacted topic in which each relay says how far it is."""
        return self.topic("marks")
