"""The bench of stolen money works at a small size and gives the agreed shape. No time is tested."""

from __future__ import annotations

import pytest

from recoup.bench.stolen import Plan, bench_stolen


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_stolen_money_gives_the_agreed_rows() -> None:
    report = bench_stolen(Plan.quick(), lambda _doing: None)
    assert [(row.name, row.unit) for row in report.rows] == [
        ("payments_plain", "1/s"),
        ("payments_plain_later", "1/s"),
        ("payments_with_claims", "1/s"),
        ("payment_plain", "us"),
        ("payment_with_claims", "us"),
        ("payment_that_moves_stolen_money", "us"),
        ("enforce", "us"),
        ("place_late", "us"),
    ]
