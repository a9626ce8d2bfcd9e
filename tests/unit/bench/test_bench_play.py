"""The bench of plays works at a small size and gives the agreed shape. No time is tested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.bench.play import Plan, bench_play


@pytest.mark.slow  # the machine's own figures are measured too
def test_the_quick_bench_of_plays_gives_the_agreed_rows() -> None:
    report = bench_play(Plan.quick(), lambda _doing: None)
    assert [(row.name, row.unit) for row in report.rows] == [
        ("country", "s"),
        ("play_none", "payments/s"),
        ("play_shown", "payments/s"),
    ]


def test_an_unknown_policy_is_refused_before_anything_is_made() -> None:
    with pytest.raises(KeyError):
        bench_play(replace(Plan.quick(), policies=("nobody",)), lambda _doing: None)
