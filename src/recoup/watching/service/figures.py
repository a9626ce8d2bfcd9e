"""Figures for whoever runs the service, in Prometheus's text form. No id, no account, no name stands in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from recoup.watching.service.port import DECISIONS, Answers

_INFINITE = float("inf")
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Figures:
    """What is counted since the process began."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._decisions = Counter(
            "recoup_watch_decisions", "Payments decided.", ["decision"], registry=registry
        )
        self._refused = Counter(
            "recoup_watch_refused", "Payments refused as they stood.", registry=registry
        )
        self.shed = Counter(
            "recoup_watch_shed", "Payments decided without scoring.", registry=registry
        )
        self.early = Counter(
            "recoup_watch_early",
            "Payments answered before the core came to them.",
            registry=registry,
        )
        self.full = Counter(
            "recoup_watch_full", "Requests turned away at a full queue.", registry=registry
        )
        self.snapshots = Counter(
            "recoup_watch_snapshots", "Snapshots of the state begun.", registry=registry
        )
        self.lapses = Counter(
            "recoup_watch_lapses",
            "Times that payments ended by the clock that waited and were over.",
            registry=registry,
        )
        self._repeats = Counter(
            "recoup_watch_repeats", "Payments that came again.", registry=registry
        )
        self._waited = Histogram(
            "recoup_watch_waited_seconds",
            "How long the oldest payment of a group waited for the core.",
            buckets=_BOUNDS,
            registry=registry,
        )
        self._answers = Counter(
            "recoup_watch_answers", "Answers over HTTP.", ["route", "status"], registry=registry
        )
        self._routes: dict[tuple[str, int], Counter] = {}
        self._ready = Gauge("recoup_watch_ready", "Whether payments are taken.", registry=registry)
        self._rows = Gauge("recoup_watch_waiting", "Payments that wait.", registry=registry)

    def follow(self, ready: Callable[[], bool], rows: Callable[[], int]) -> None:
        """Ask these when the figures are read."""
        self._ready.set_function(lambda: float(ready()))
        self._rows.set_function(lambda: float(rows()))

    def follow_copy(
        self,
        age: Callable[[], float | None],
        is_old: Callable[[], bool],
        version: Callable[[], int],
    ) -> None:
        """Ask how old the copy of the centre's changes is when the figures are read."""
        seconds = Gauge(
            "recoup_watch_copy_age_seconds",
            "Since the centre confirmed the copy of what binds; infinite: not since the start.",
            registry=self._registry,
        )
        old = Gauge(
            "recoup_watch_copy_old", "Whether the copy is old; it binds.", registry=self._registry
        )
        seconds.set_function(lambda: _INFINITE if (found := age()) is None else found)
        changes = Gauge(
            "recoup_watch_copy_version",
            "The last change of the centre's that the copy has.",
            registry=self._registry,
        )
        changes.set_function(lambda: float(version()))
        old.set_function(lambda: float(is_old()))

    def answered(self, route: str, status: int, count: int = 1) -> None:
        """Count answers over HTTP."""
        one = self._routes.get((route, status))
        if one is None:
            one = self._routes[route, status] = self._answers.labels(route, str(status))
        one.inc(count)

    def decided(self, answers: Answers, *, is_scored: bool, waited: float) -> None:
        """Count the answers to a group."""
        counts = np.bincount(answers.decisions + 1, minlength=len(DECISIONS) + 1).tolist()
        if counts[0]:
            self._refused.inc(counts[0])
        for decision, count in zip(DECISIONS, counts[1:], strict=True):
            if count:
                self._decisions.labels(decision).inc(count)
        repeats = int(answers.repeats.sum())
        if repeats:
            self._repeats.inc(repeats)
        if not is_scored:
            self.shed.inc(len(answers))
        self._waited.observe(waited)

    def text(self) -> bytes:
        """Return the figures as text."""
        return generate_latest(self._registry)


__all__ = ["Figures"]
