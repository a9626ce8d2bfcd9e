"""The bench works at a small size, gives the agreed shape, and its inputs are the same for one seed. No time is tested."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from recoup.bench.command import register
from recoup.bench.inputs import SHAPES, Size, make_input, sample

SMALL = Size(4_000, 800, 20, seed=3)
FIELDS = ["name", "value", "unit", "p50", "p99", "baseline", "ratio", "share_of_limit", "rss_mb"]


def program() -> typer.Typer:
    app = typer.Typer()

    @app.callback()
    def _program() -> None: ...

    register(app)
    return app


@pytest.mark.parametrize("shape", SHAPES)
def test_one_seed_makes_one_input_in_which_no_account_goes_negative(shape: str) -> None:
    first, again = make_input(shape, SMALL), make_input(shape, SMALL)
    assert np.array_equal(first.events.amount, again.events.amount)
    assert np.array_equal(first.events.payee, again.events.payee)
    assert len(first.events.amount) == SMALL.transfers
    assert len(np.unique(first.events.root)) == SMALL.claims
    assert not (first.events.source == first.events.payee).any()
    running = first.openings.amount.copy()
    for payer, payee, amount in zip(
        first.events.source, first.events.payee, first.events.amount, strict=True
    ):
        running[payer] -= amount
        running[payee] += amount
        assert running[payer] >= 0


def test_a_sample_is_the_beginning_of_its_input() -> None:
    whole = make_input("uniform", SMALL)
    start = sample(whole, 1_000)
    assert start.events.stop == 1_000
    assert start.events.root.tolist() == whole.events.root[whole.events.root < 1_000].tolist()


@pytest.mark.slow
def test_the_quick_bench_gives_the_agreed_shape() -> None:
    result = CliRunner().invoke(program(), ["bench", "trace", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert sorted(report) == ["machine", "rows"]
    assert all(list(row) == FIELDS for row in report["rows"])
    names = {row["name"] for row in report["rows"]}
    assert {"fifo_stream", "rolling_stream", "index_build", "fifo_case", "read_csv"} <= names
