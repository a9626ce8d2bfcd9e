"""Laundering patterns out of a file of patterns, as a scenario takes them: relative in time and sum. It plays nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from recoup.errors import ScenarioFault
from recoup.rehearse.scenario import Pattern, PatternMove

COLUMNS: Final = (
    "attempt",
    "typology",
    "timestamp",
    "from_bank",
    "from_account",
    "to_bank",
    "to_account",
    "amount_paid",
    "payment_currency",
)
"""Of a file of patterns, CSV or Parquet: a row a payment."""

THOUSANDTHS: Final = {
    "US Dollar": 1_000,
    "Euro": 1_000,
    "UK Pound": 1_150,
    "Swiss Franc": 1_050,
    "Yuan": 140,
    "Yen": 7,
    "Ruble": 17,
    "Rupee": 12,
    "Brazil Real": 190,
    "Australian Dollar": 650,
    "Canadian Dollar": 750,
    "Mexican Peso": 50,
    "Shekel": 290,
    "Saudi Riyal": 266,
    "Bitcoin": 20_000_000,
}
"""What a unit of a currency weighs against others, in thousandths of a dollar, about as in September 2022: *assumed*.

It weighs payments of one account against each other and is no rate at which money is changed.
"""


def patterns_of(path: Path, *, compress: int = 1) -> tuple[Pattern, ...]:
    """Return the patterns of a file in order of their number, their times divided by `compress`, whole microseconds.

    Rows from an account to itself are left out, and patterns that have no others.

    Raises:
        ScenarioFault: the file cannot be read as one of patterns.
    """
    assert compress >= 1, compress
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)
    except (OSError, PolarsError) as fault:
        raise ScenarioFault([f"{path}: {fault}"]) from fault
    if absent := [name for name in COLUMNS if name not in frame.columns]:
        raise ScenarioFault([f"{path}: expected columns {', '.join(absent)}"])
    unknown = sorted(set(frame["payment_currency"].unique()) - set(THOUSANDTHS), key=str)
    if unknown:
        raise ScenarioFault([f"{path}: no weight of currency {', '.join(map(str, unknown))}"])
    try:
        rows = _rows(frame)
    except PolarsError as fault:
        raise ScenarioFault([f"{path}: {fault}"]) from fault
    if rows.null_count().sum_horizontal().item():
        raise ScenarioFault([f"{path}: expected every cell of {', '.join(COLUMNS)}, was empty"])
    return tuple(_patterns(rows, compress))


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return pattern, typology, time_us, payer, payee, weight by pattern and time; rows of one instant as they stand."""
    time = pl.col("timestamp")
    if frame["timestamp"].dtype == pl.String:
        time = time.str.to_datetime(time_unit="us")
    thousandths = pl.col("payment_currency").replace_strict(THOUSANDTHS, return_dtype=pl.Float64)
    weight = (pl.col("amount_paid").cast(pl.Float64) * thousandths).round().cast(pl.Int64)
    return frame.select(
        "attempt",
        pl.col("typology").cast(pl.String).str.to_lowercase(),
        time.dt.epoch("us").alias("time_us"),
        pl.format("{}/{}", "from_bank", "from_account").alias("payer"),
        pl.format("{}/{}", "to_bank", "to_account").alias("payee"),
        weight.clip(1, 10**15).alias("weight"),
    ).sort("attempt", "time_us", maintain_order=True)


def _patterns(rows: pl.DataFrame, compress: int) -> Iterator[Pattern]:
    for _, one in rows.filter(pl.col("payer") != pl.col("payee")).group_by(
        "attempt", maintain_order=True
    ):
        begin: int = one["time_us"][0]
        numbers: dict[str, int] = {}
        moves = tuple(
            PatternMove(
                numbers.setdefault(payer, len(numbers)),
                numbers.setdefault(payee, len(numbers)),
                (time_us - begin) // compress,
                weight,
            )
            for time_us, payer, payee, weight in one.select(
                "time_us", "payer", "payee", "weight"
            ).iter_rows()
        )
        yield Pattern(one["typology"][0], moves)


__all__ = ["COLUMNS", "THOUSANDTHS", "patterns_of"]
