"""The bench of whole decisions works at a small size and gives the agreed rows. No time is tested."""

from __future__ import annotations

import pytest

from recoup.bench.deciding import Plan, bench_deciding


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_decisions_gives_the_agreed_rows() -> None:
    report = bench_deciding(Plan.quick(), lambda _doing: None)
    assert [(row.name, row.unit) for row in report.rows] == [
        ("decide_1024", "M payments/s"),
        ("decide_1", "us"),
        ("decide_60", "us a call"),
        ("decide_1024_no_rules", "M payments/s"),
        ("decide_1024_no_model", "M payments/s"),
        ("decide_1024_neither", "M payments/s"),
        ("decide_1024_patterns", "M payments/s"),
        ("decide_1_patterns", "us"),
        ("decide_60_patterns", "us a call"),
    ]
