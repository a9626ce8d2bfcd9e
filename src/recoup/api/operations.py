"""For whoever runs the process: is it alive, is it ready, how is it doing. No personal data and no id is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from recoup.api.bodies import Body
from recoup.api.callers import HouseOf
from recoup.api.port import CentrePort
from recoup.api.problems import ProblemError, responses
from recoup.centre.backlog import WitnessLag

router = APIRouter(tags=["operations"])
_ORDER_SECONDS: Final = (1, 10, 60, 300, 900, 1_800, 3_600, 14_400, 86_400, 172_800)
"""Up to the two days of a stop."""
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Health(Body):
    """What is asked of a process."""

    status: str


class Figures:
    """The figures of one app."""

    def __init__(self, port: CentrePort) -> None:
        # When a row was first seen is of no use to anybody, and would be one more row of each.
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library's only way, untyped
        self._registry = CollectorRegistry()
        self._registry.register(_Backlog(port))
        self.answers = Histogram(
            "recoup_answer_seconds",
            "Seconds from a request to the begin of its answer",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """Return all figures in Prometheus's text form."""
        return generate_latest(self._registry)


class _Backlog(Collector):
    """Reads what is late or waits when it is asked."""

    def __init__(self, port: CentrePort) -> None:
        self._port = port

    def collect(self) -> Iterator[Metric]:
        """Yield what is so now."""
        is_ready = self._port.is_ready
        yield GaugeMetricFamily("recoup_ready", "Whether commands are taken", float(is_ready))
        if not is_ready:
            return
        found = self._port.backlog()
        rows = (
            ("recoup_clocks_overdue", "Deadlines that passed and wait", float(found.overdue)),
            ("recoup_outbox_messages", "Messages not known to be sent", float(found.unsent)),
            ("recoup_outbox_age_seconds", "Age of the oldest of them", found.unsent_seconds),
            ("recoup_records", "Records in the journal", float(self._port.last())),
        )
        for name, what, value in rows:
            yield GaugeMetricFamily(name, what, value)
        yield from _of_witnesses(found.witnesses)
        yield self._of_orders()

    def _of_orders(self) -> Metric:
        """Return how long institutions took: from issuing an order to its first answer, of all in the journal."""
        counts, seconds = self._port.answer_seconds(_ORDER_SECONDS)
        bounds = [*map(str, map(float, _ORDER_SECONDS)), "+Inf"]
        return HistogramMetricFamily(
            "recoup_order_answer_seconds",
            "Seconds from issuing an order to its first answer",
            buckets=list(zip(bounds, map(float, counts), strict=True)),
            sum_value=float(seconds),
        )


def _of_witnesses(lags: Sequence[WitnessLag]) -> Iterator[Metric]:
    """Yield how far witnesses are behind; their names are the settings' and as many."""
    records = GaugeMetricFamily(
        "recoup_witness_behind_records",
        "Records that a witness has not vouched for",
        labels=("witness",),
    )
    age = GaugeMetricFamily(
        "recoup_witness_behind_seconds", "Age of the oldest of them", labels=("witness",)
    )
    for lag in lags:
        records.add_metric((lag.witness,), float(lag.records))
        age.add_metric((lag.witness,), lag.seconds)
    yield records
    yield age


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process runs."""
    return Health(status="alive")


@router.get("/readyz", responses=responses(503))
async def readyz(house: HouseOf) -> Health:
    """Say whether commands are taken."""
    if house.is_draining:
        raise ProblemError("draining")
    if not house.port.is_ready:
        raise ProblemError("stopped")
    return Health(status="ready")


__all__ = ["Figures", "router"]
