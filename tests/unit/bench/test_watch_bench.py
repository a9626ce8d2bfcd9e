"""The bench of the stream's state works at a small size and gives the agreed shape. No time is tested."""

from __future__ import annotations

import numpy as np
import pytest

from recoup.bench.watch import Plan, bench_watch, make_payments


def test_payments_of_one_seed_are_the_same_and_of_another_differ() -> None:
    first, same, other = (make_payments(Plan.quick(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.payer, same.payer)
    assert not np.array_equal(first.payer, other.payer)
    assert (first.payer != first.payee).all()
    assert (np.diff(first.time_us) >= 0).all()
    counts = np.sort(np.bincount(first.payer))
    assert counts[-1] > 20 * np.median(counts), "a few pockets take part in very many"


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_the_stream_gives_the_agreed_rows() -> None:
    report = bench_watch(Plan.quick(), lambda _doing: None)
    assert [(row.name, row.unit) for row in report.rows] == [
        ("compile_seconds", "s"),
        ("state_and_features", "M payments/s"),
        ("state_only", "M payments/s"),
        ("batch_1", "microseconds"),
        ("rows_gb", "GB"),
        ("snapshot", "s"),
        ("restore", "s"),
        ("named_snapshot", "s"),
        ("named_restore", "s"),
        ("named_snapshot_gb", "GB"),
        ("pockets_gb", "GB"),
    ]
