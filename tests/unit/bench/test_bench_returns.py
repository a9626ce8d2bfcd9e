"""The bench of returns works at a small size and gives the agreed shape. No time is tested."""

from __future__ import annotations

import pytest

from recoup.bench.returns import Plan, bench_returns


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_returns_gives_the_agreed_rows() -> None:
    report = bench_returns(Plan.quick(), lambda _doing: None)
    assert [(row.name, row.unit) for row in report.rows] == [
        ("awards", "s"),
        ("awards_with_trail", "s"),
    ]
