"""The bench of the journal works at a small size and gives the agreed shape. No time is tested."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from recoup.cli import app

FIELDS = ["name", "value", "unit", "p50", "p99", "baseline", "ratio", "share_of_limit", "rss_mb"]


@pytest.mark.slow
def test_the_quick_bench_gives_the_agreed_shape():
    result = CliRunner().invoke(app, ["bench", "journal", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert sorted(report) == ["machine", "rows"]
    assert all(list(row) == FIELDS for row in report["rows"])
    names = [row["name"] for row in report["rows"]]
    assert names == [
        "durable_commands",
        "durable_answer",
        "verify_records",
        "replay",
        "replay_snapshot",
        "order_on_the_wire",
        "trail_six_hops",
        "command_beside_trail",
    ]


@pytest.mark.slow
def test_the_quick_bench_of_the_chase_follows_its_cases_to_their_end():
    result = CliRunner().invoke(app, ["bench", "chase", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert all(list(row) == FIELDS for row in report["rows"])
    names = [row["name"] for row in report["rows"]]
    assert names == ["answer_to_orders_8_a_second", "report_to_order"]
    assert all(0 < row["p50"] <= row["p99"] for row in report["rows"])


@pytest.mark.slow
def test_the_quick_bench_of_looking_asks_for_everything():
    result = CliRunner().invoke(app, ["bench", "looking", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    rows = {row["name"]: row for row in json.loads(result.stdout)["rows"]}
    asked = ["figures", "figures_unit", "figures_institution", "figures_period", "figures_case"]
    asked += ["worklist", "worklist_unit"]
    refused = ["refusal_anothers", "refusal_nothing"]
    assert list(rows) == ["start", "worklist_first", "figures_first", *asked, *refused]
    assert all(list(row) == FIELDS for row in rows.values())
    assert all(0 < rows[name]["p50"] <= rows[name]["p99"] for name in [*asked, *refused])
