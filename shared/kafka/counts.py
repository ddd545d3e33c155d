"""What the stream's parts tell Prometheus. Made once a process and given to each part."""

from shared.metrics import Metrics


class Counts:
    """Counters and gauges of the relay and of consumers."""

    def __init__(self, metrics: Metrics) -> None:
        self.published = metrics.counter("relay_published", "Events that Kafka has acknowledged.", "service")
        self.behind = metrics.gauge("relay_behind", "Positions stored and not published yet.", "service")
        self.leading = metrics.gauge("relay_leading", "1 in the replica that publishes.", "service")
        self.applied = metrics.counter("applied", "Events applied.", "model")
        self.skipped = metrics.counter("skipped", "Events of types that the model does not take.", "model")
        self.duplicates = metrics.counter("duplicates", "Records delivered again and ignored.", "model")
        self.ahead = metrics.counter("ahead", "Records ignored because one before them is still to come.", "model")
        self.parked = metrics.counter("parked", "Events set aside, with those held behind them.", "model")
        self.lag = metrics.gauge("lag", "Records that Kafka has and the model has not been given.", "model")
        self.replaced = metrics.counter("consumers_replaced", "Consumers replaced for lack of progress.", "group")
