"""The simulated bank `tide` end to end: naive times, yen with decimals, fifteen currencies on one account, float amounts."""

import numpy as np
import polars as pl
import pytest
from shared_data import shared

from recoup.money import Digits
from recoup.reading import ReadingOptions, is_fatal, read_transfers

TIDE = shared() / "data" / "tide"
needs_tide = pytest.mark.skipif(
    not (TIDE / "transactions.parquet").is_file(),
    reason="the shared data set tide is not here (RECOUP_SHARED)",
)
OPTIONS = ReadingOptions(timezone="UTC", digits=Digits({"JPY": 2, "VUV": 2}))


@needs_tide
def test_tide_reads_without_a_map_and_only_impossible_amounts_are_refused() -> None:
    reading = read_transfers([TIDE / "transactions.parquet"], OPTIONS)
    raw = pl.read_parquet(TIDE / "transactions.parquet")
    amounts = raw["amount"].to_numpy()
    cents = np.rint(amounts * 100)
    possible = (amounts > 0) & (cents / 100 == amounts)
    assert {problem.code for problem in reading.problems} == {
        "amount_not_positive",
        "amount_too_fine",
    }
    assert not any(is_fatal(problem) for problem in reading.problems)
    assert reading.rows_rejected == int((~possible).sum()) == 876
    assert reading.transfers.height == int(possible.sum())
    assert reading.transfers["amount"].sum() == int(cents[possible].sum())
    assert reading.transfers["currency"].n_unique() == 15
    assert set(reading.transfers["rail"]) == {"DEPOSIT", "PAYMENT", "TRANSFER", "WITHDRAWAL"}


@needs_tide
def test_without_declared_digits_yen_with_decimals_are_refused() -> None:
    raw = pl.read_parquet(TIDE / "transactions.parquet").filter(
        pl.col("currency").is_in(["JPY", "VUV"])
    )
    reading = read_transfers([TIDE / "transactions.parquet"], ReadingOptions(timezone="UTC"))
    assert reading.rows_rejected >= raw.filter(pl.col("amount") != pl.col("amount").round()).height


@needs_tide
def test_without_a_zone_the_naive_times_are_refused_once() -> None:
    reading = read_transfers([TIDE / "transactions.parquet"], ReadingOptions(digits=OPTIONS.digits))
    assert [problem.code for problem in reading.problems].count("time_without_zone") == 1
    assert reading.transfers.is_empty()
