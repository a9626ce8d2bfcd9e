"""A case of six hops among ten thousand accounts, and how long the tracing worker takes for it.

What it stands for: an answer of a bank came, and the next orders wait for the trail. One claim fans out; every statement but
those of the last accounts is known. The time runs from the word that facts changed until the trail is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from time import perf_counter

import numpy as np
import polars as pl

from recoup.bench.rows import Row, resident_mb
from recoup.centre.tracer import CaseFacts, Traced, Tracer
from recoup.records import tables
from recoup.records.dossier import Dossier

START = datetime(2026, 1, 5, 10, tzinfo=UTC)
WIDTHS = (1, 6, 36, 360, 2_000, 7_597)
LOSS = 10**12
_SECONDS_MAX = 120.0


def six_hop_facts() -> CaseFacts:
    """Return the case; every transfer of it carries the claim's money."""
    rows: list[dict[str, object]] = []
    layer, first = {0: LOSS}, 1
    for depth, width in enumerate(WIDTHS):
        each, payers = width // len(layer), list(layer)
        after: dict[int, int] = {}
        for n in range(width):
            payer = payers[min(n // each, len(payers) - 1)]
            amount = LOSS if depth == 0 else layer[payer] // (each + len(payers))
            row = {"id": f"t{len(rows):06}", "time": START + timedelta(hours=depth, seconds=n)}
            rows.append(row | {"payer": f"A{payer}", "payee": f"A{first + n}", "amount": amount})
            after[first + n] = amount
        first, layer = first + width, after
    texts = dict.fromkeys([x for x, kind in tables.TRANSFERS.items() if kind == pl.String], "")
    plain = texts | {"currency": "CNY", "kind": "transfer", "sequence": 0, "source": 0}
    records = [plain | row | {"row": n} for n, row in enumerate(rows)]
    transfers = pl.DataFrame(records, schema=tables.TRANSFERS).sort("time", "sequence", "id")
    claims = pl.DataFrame([("c1", "v1", "t000000", None, True)], tables.CLAIMS, orient="row")
    known = frozenset(f"A{n}" for n in range(first - WIDTHS[-1]))
    return CaseFacts("case-1", 1, Dossier(transfers, (), known=known), claims)


class _Known:
    """The one case, a new version each time that it is asked for."""

    def __init__(self) -> None:
        self._facts = six_hop_facts()

    def newest(self, case: str) -> CaseFacts:
        assert case == self._facts.case, "there is one case"
        self._facts = replace(self._facts, version=self._facts.version + 1)
        return self._facts


def six_hops(rounds: int, ask: Callable[[str], object]) -> Iterator[Row]:
    """Yield milliseconds from changed facts to the trail, and those that `ask` takes for a command while trails are made.

    The worker's start and its first trail are not counted.
    """
    found: SimpleQueue[Traced] = SimpleQueue()
    tracer, times = Tracer(_Known(), found.put), list[float]()
    tracer.start(["case-1"])
    assert found.get(timeout=_SECONDS_MAX).trail.flows.height == sum(WIDTHS)
    for _ in range(rounds):
        begin = perf_counter()
        tracer.changed("case-1")
        found.get(timeout=_SECONDS_MAX)
        times.append((perf_counter() - begin) * 1e3)
    yield _row("trail_six_hops", times)
    waits: list[float] = []
    for _ in range(rounds):
        tracer.changed("case-1")
        while found.empty():
            begin = perf_counter()
            ask(f"beside_{len(waits)}")
            waits.append((perf_counter() - begin) * 1e3)
        found.get()
    tracer.stop()
    yield _row("command_beside_trail", waits)


def _row(name: str, times: list[float]) -> Row:
    p50, p99 = (float(x) for x in np.percentile(times, [50, 99]))
    return Row(name, p50, "ms", p50, p99, rss_mb=resident_mb())


__all__ = ["six_hop_facts", "six_hops"]
