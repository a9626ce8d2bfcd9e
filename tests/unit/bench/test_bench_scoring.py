"""The bench of scoring works at a small size and gives the agreed rows. No time is tested."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from recoup.bench.scoring import Plan, bench_scoring


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_scoring_gives_the_agreed_rows() -> None:
    report = bench_scoring(Plan.quick(), lambda _doing: None)
    found = [(row.name, row.unit) for row in report.rows if "onnx" not in row.name]
    assert found == [
        ("score_single", "us"),
        ("lightgbm_single", "us"),
        *([("river_single", "us")] if find_spec("river") else []),
        ("score_batch_64", "us a row"),
        ("lightgbm_batch_64", "us a row"),
        ("score_batch_1024", "us a row"),
        ("lightgbm_batch_1024", "us a row"),
        ("contributions_64", "us a row"),
    ]
