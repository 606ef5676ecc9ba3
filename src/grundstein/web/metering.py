"""Room web. In: requests and releases -> Out: counts, latencies and ages as Prometheus reads them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from grundstein.flow.serving import Desk

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Meters:
    """What one server counts, by case; a case's name is only taken where it is served."""

    def __init__(self) -> None:
        self._all = CollectorRegistry()
        self._requests = Counter(
            "grundstein_requests",
            "Requests by case, route and status.",
            ("case", "route", "status"),
            registry=self._all,
        )
        self._seconds = Histogram(
            "grundstein_seconds", "Seconds of a request.", ("case", "route"), buckets=SECONDS, registry=self._all
        )
        self._answers = Counter("grundstein_answers", "Questions answered.", ("case", "mode"), registry=self._all)
        self._faults = Counter("grundstein_faults", "Faults of the program.", ("case",), registry=self._all)
        self._age = Gauge(
            "grundstein_release_age_seconds", "Age of the release that answers.", ("case",), registry=self._all
        )
        self._ready = Gauge("grundstein_case_ready", "Whether a case can be answered.", ("case",), registry=self._all)
        self._told: dict[tuple[str, str], Counter] = {}
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def request(self, case: str, route: str, status: int, start: float) -> None:
        """Count a request that began at `start` (perf_counter)."""
        at = (case, route, status)
        known = self._known.get(at)
        if known is None:
            known = self._known[at] = (
                self._requests.labels(case, route, str(status)),
                self._seconds.labels(case, route),
            )
        known[0].inc()
        known[1].observe(time.perf_counter() - start)

    def answered(self, case: str, mode: str, many: int) -> None:
        """Count answers."""
        known = self._told.get((case, mode))
        if known is None:
            known = self._told[case, mode] = self._answers.labels(case, mode)
        known.inc(many)

    def fault(self, case: str) -> None:
        """Count a fault."""
        self._faults.labels(case).inc()

    def text(self, desk: Desk) -> bytes:
        """Everything in Prometheus' text format."""
        now = datetime.now(UTC)
        for case, one in desk.live.items():
            self._age.labels(case).set((now - datetime.fromisoformat(one.entry.at)).total_seconds())
            self._ready.labels(case).set(float(case not in desk.refused))
        return generate_latest(self._all)
