"""What Prometheus is told. One registry a process, given to whoever counts; no names or ids of people in labels."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The registry of a process, and what every HTTP server counts."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = self.counter("http_requests", "Requests answered.", "route", "method", "status")
        self._seconds = self.histogram("http_request_seconds", "Time to the answer.", "route", "method")
        self._refusals = self.counter("http_refusals", "Refusals answered.", "route", "code")

    def counter(self, name: str, told: str, *labels: str) -> Counter:
        """A number that only grows."""
        return Counter(f"careers_{name}", told, labels, registry=self.registry)

    def gauge(self, name: str, told: str, *labels: str) -> Gauge:
        """A number that goes up and down."""
        return Gauge(f"careers_{name}", told, labels, registry=self.registry)

    def histogram(self, name: str, told: str, *labels: str) -> Histogram:
        """How times spread, in seconds."""
        return Histogram(f"careers_{name}", told, labels, registry=self.registry, buckets=SECONDS)

    def requests(self, method: str, route: str) -> Callable[[int, float], None]:
        """A function that counts one answer of a route: status and seconds. Its counters are looked up once."""
        counters: dict[int, Callable[[], None]] = {}
        observe = self._seconds.labels(route, method).observe

        def count(status: int, seconds: float) -> None:
            increment = counters.get(status)
            if increment is None:
                increment = counters[status] = self._requests.labels(route, method, str(status)).inc
            increment()
            observe(seconds)

        return count

    def refused(self, route: str, code: str) -> None:
        """Counts a refusal by its code."""
        self._refusals.labels(route, code).inc()

    def render(self) -> bytes:
        """The text that `/metrics` answers."""
        return generate_latest(self.registry)
