"""Numbers for Prometheus. A label never holds outside text: routes are templates, and reasons are codes of ours.

Where several processes serve one port, each writes its numbers into files of one folder, and whoever is asked adds them
all up: `PROMETHEUS_MULTIPROC_DIR` names the folder, and must be set before this module is loaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from reconciler.service.access_log import Ended
from reconciler.service.supervisor import PROCESSES_FOLDER
from reconciler.store.state.webhook_records import QueueLength
from reconciler.taxes.answer import Delivery, Source, Unavailable
from reconciler.taxes.breaker import Circuit
from reconciler.taxes.observer import LookupLoad

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
_ERP_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 5.0, 10.0)
_CACHED: Final = Source.CACHED
_DEADLINE: Final = "deadline"
_LIVE_SUM: Final = "livesum"

# Each series would come with a second one that holds the moment it began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not annotate it


class ServiceMetrics:
    """The numbers of this process. It observes one engine (`LookupObserver`), and is told of requests."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "reconciler_requests", "Requests that were answered.", ["route", "method", "status"], registry=registry
        )
        self._request_s = Histogram(
            "reconciler_request_seconds",
            "From the head of a request to its answer.",
            ["route"],
            buckets=_REQUEST_BUCKETS_S,
            registry=registry,
        )
        self._lookups = Counter(
            "reconciler_tax_lookups",
            "Answers about taxes, by where they come from. An unavailable one has the code of its reason.",
            ["source", "reason"],
            registry=registry,
        )
        self._lookup_s = Histogram(
            "reconciler_tax_lookup_seconds",
            "From the question to the answer where none was kept, waiting for a place included.",
            buckets=_REQUEST_BUCKETS_S,
            registry=registry,
        )
        self._hits = Counter("reconciler_tax_cache_hits", "Answers given again.", registry=registry)
        self._misses = Counter("reconciler_tax_cache_misses", "Questions without a kept answer.", registry=registry)
        self._missed = Counter(
            "reconciler_tax_deadline_misses", "Questions the ERP did not answer in time.", registry=registry
        )
        self._erp = Counter(
            "reconciler_erp_conversations",
            "Conversations with the ERP about taxes, by how they ended.",
            ["outcome"],
            registry=registry,
        )
        self._erp_s = Histogram(
            "reconciler_erp_seconds", "How long they took.", buckets=_ERP_BUCKETS_S, registry=registry
        )
        self._gauges(registry)
        # Counters of the library cost as much as looking an answer up: events are counted here, and taken over by it
        # whenever somebody wants to know, or every second.
        self._counted: dict[tuple[str, str, int], int] = {}
        self._delivered: dict[tuple[str, str], int] = {(_CACHED.value, ""): 0}
        self._repeated = 0
        self._timed: dict[str, Histogram] = {}
        self._ended: dict[str, Counter] = {}
        # Known from the first scrape on: a series that begins with its first event hides that event from `rate()`.
        for source in ("live", "cached", "stale"):
            self._lookups.labels(source, "")

    def _gauges(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(name, meaning, labels, registry=registry, multiprocess_mode=_LIVE_SUM)

        self._answers = gauge("reconciler_tax_cache_answers", "Answers kept.")
        self._lines = gauge("reconciler_tax_cache_lines", "Lines of quotes in them.")
        self._conversations = gauge("reconciler_tax_conversations", "Conversations going on, or waiting for a place.")
        self._circuit = gauge("reconciler_tax_circuit", "Processes whose circuit breaker is in that state.", "state")

    def ended(self, requests: Sequence[Ended]) -> None:
        """Count requests that were answered."""
        for request in requests:
            place = request.route, request.method if request.method in _METHODS else "other", request.status
            self._counted[place] = self._counted.get(place, 0) + 1
            timed = self._timed.get(request.route)
            if timed is None:
                timed = self._timed[request.route] = self._request_s.labels(request.route)
            timed.observe(request.elapsed_s)

    def delivered(self, delivery: Delivery, elapsed_s: float) -> None:
        """Part of `LookupObserver`."""
        result = delivery.result
        if delivery.source is _CACHED and not delivery.stale:
            self._repeated += 1
            return
        if isinstance(result, Unavailable):
            place = "unavailable", result.reason.code
        elif delivery.stale:
            place = "stale", next((note.details["reason"] for note in delivery.warnings if note.code == "stale"), "")
        else:
            place = delivery.source.value, ""
        self._delivered[place] = self._delivered.get(place, 0) + 1
        self._lookup_s.observe(elapsed_s)

    def asked(self, outcome: str, elapsed_s: float) -> None:
        """Part of `LookupObserver`."""
        conversations = self._ended.get(outcome)
        if conversations is None:
            conversations = self._ended[outcome] = self._erp.labels(outcome)
        conversations.inc()
        self._erp_s.observe(elapsed_s)

    def warmed_up(self, failure: str | None) -> None:
        """Part of `LookupObserver`."""

    def note(self, load: LookupLoad | None) -> None:
        """How the engine stands. Told from time to time: other processes cannot ask when they are scraped."""
        self._take_over()
        if load is None:
            return
        self._answers.set(load.answers)
        self._lines.set(load.lines)
        self._conversations.set(load.conversations)
        for circuit in Circuit:
            self._circuit.labels(circuit.value).set(load.circuit is circuit)

    def exposition(self, queue: QueueLength | None) -> bytes:
        """Everything, as Prometheus reads it: of all processes together, whichever is asked.

        Args:
            queue: of webhooks, now; None leaves it out. It is the same for all processes.
        """
        self._take_over()
        registry = CollectorRegistry()
        folder = os.environ.get(PROCESSES_FOLDER)
        if folder is None:
            registry.register(_All(self._registry))
        else:
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # the library annotates no part of it
        if queue is not None:
            registry.register(_Queue(queue))
        return generate_latest(registry)

    def _take_over(self) -> None:
        counted, self._counted = self._counted, {}
        for (route, method, status), number in counted.items():
            self._requests.labels(route, method, str(status)).inc(number)
        delivered, self._delivered = self._delivered, {(_CACHED.value, ""): 0}
        delivered[_CACHED.value, ""] += self._repeated
        self._repeated = 0
        for (source, reason), number in delivered.items():
            # Why an old answer was given is counted with the conversations.
            self._lookups.labels(source, reason if source == "unavailable" else "").inc(number)
            (self._hits if source == _CACHED.value else self._misses).inc(number)
            if reason == _DEADLINE:
                self._missed.inc(number)


class _All(Collector):
    """What another registry holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        yield from self._registry.collect()


class _Queue(Collector):
    """The queue of webhooks."""

    def __init__(self, queue: QueueLength) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Its two lengths."""
        family = GaugeMetricFamily(
            "reconciler_webhook_records",
            "Records of deliveries: waiting to be read again, or given up.",
            labels=["state"],
        )
        family.add_metric(["pending"], self._queue.pending)
        family.add_metric(["dead"], self._queue.dead)
        yield family
