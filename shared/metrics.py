"""What Prometheus is told. One registry a process, given to whoever counts; no names or ids of people in labels."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Requests(Collector):
    """Requests by route, method and status, and how long they took.

    Counted by one event loop alone, so without the locks of prometheus-client, which cost more than the counting.
    """

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], _Counts] = {}

    def of(self, route: str, method: str) -> Callable[[int, float], None]:
        return self._routes.setdefault((route, method), _Counts()).count

    def collect(self) -> Iterable[Metric]:
        answered = CounterMetricFamily(
            "careers_http_requests", "Requests answered.", labels=("route", "method", "status")
        )
        took = HistogramMetricFamily("careers_http_request_seconds", "Time to the answer.", labels=("route", "method"))
        for (route, method), counts in self._routes.items():
            for status, number in counts.statuses.items():
                answered.add_metric((route, method, str(status)), number)
            bounds = [*(str(bound) for bound in SECONDS), "+Inf"]
            took.add_metric((route, method), list(zip(bounds, accumulate(counts.spread), strict=True)), counts.seconds)
        return (answered, took)


class _Counts:
    __slots__ = ("seconds", "spread", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.spread = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.spread[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds


class Metrics:
    """The registry of a process, and what every HTTP server counts."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.service = service
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = _Requests()
        self.registry.register(self._requests)
        self._refusals = self.counter("http_refusals", "Refusals answered.", "route", "code")

    def counter(self, name: str, told: str, *labels: str) -> Counter:
        """A number that only grows."""
        return Counter(f"careers_{name}", told, labels, registry=self.registry)

    def gauge(self, name: str, told: str, *labels: str) -> Gauge:
        """A number that goes up and down."""
        return Gauge(f"careers_{name}", told, labels, registry=self.registry)

    def requests(self, method: str, route: str) -> Callable[[int, float], None]:
        """A function that counts one answer of a route: status and seconds."""
        return self._requests.of(route, method)

    def refused(self, route: str, code: str) -> None:
        """Counts a refusal by its code."""
        self._refusals.labels(route, code).inc()

    def render(self) -> bytes:
        """The text that `/metrics` answers."""
        return generate_latest(self.registry)
