"""Reads what earlier rounds of a return paid: to which claim, out of which account, how much. Several files make one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from recoup.money import format_minor
from recoup.reading.cells import Cells
from recoup.reading.codes import ADVICE
from recoup.reading.declared import complete, load_table, required_account
from recoup.reading.files import Intake, shown_path
from recoup.reading.options import ReadingOptions
from recoup.reading.pots import POT_HEADERS, word_of
from recoup.reading.vocabulary import CLAIM_HEADERS
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.returns import Holder, Payment, Place

_HEADERS: Final[Mapping[str, str]] = {
    **POT_HEADERS,
    **{header: field for header, field in CLAIM_HEADERS.items() if field == "claim"},
    **dict.fromkeys(("paid", "paidamount", "已支付", "返还金额"), "amount"),
}
_ROWS: Final = pl.Schema(
    {
        "claim": pl.String,
        "account": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
        "holder": pl.String,
        "file": pl.String,
        "row": pl.Int32,
    }
)


@dataclass(frozen=True, slots=True)
class PaymentsReading:
    """Payments as read, with every problem, and the file and row of the first of each place."""

    payments: tuple[Payment, ...]
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...]
    places: Mapping[Place, tuple[str, int]]


def read_payments(
    paths: Sequence[Path], claims: pl.DataFrame, options: ReadingOptions
) -> PaymentsReading:
    """Return the payments of files: `claim,account,amount`, optionally `currency` (the claim's) and `holder`.

    A claim may have several rows, also for one account: a row for every payment.

    Args:
        paths: the files.
        claims: the case's claims: `claim`, `currency` and `unpaid`, what each misses without these payments, minor units.
        options: digits are used.
    """
    problems: list[Problem] = []
    sources: list[Source] = []
    frames = [pl.DataFrame(schema=_ROWS)]
    for path in paths:
        intake = Intake()
        table = load_table(path, options, intake, _HEADERS)
        if table is not None and complete(table.cells, ("claim", "account", "amount")):
            rows = _rows(table.cells, claims, options).with_columns(file=pl.lit(shown_path(path)))
            frames.append(rows.select(list(_ROWS)).match_to_schema(_ROWS))
        problems += intake.findings.problems(intake.sources)
        sources += intake.sources
    rows = pl.concat(frames)
    problems += _above_loss(rows, claims, options)
    payments: list[Payment] = []
    places: dict[Place, tuple[str, int]] = {}
    for row in rows.iter_rows(named=True):
        place = Place(row["account"], row["currency"])
        payments.append(Payment(row["claim"], place, row["amount"], Holder(row["holder"])))
        places.setdefault(place, (row["file"], row["row"]))
    return PaymentsReading(tuple(payments), tuple(problems), tuple(sources), places)


def _rows(cells: Cells, claims: pl.DataFrame, options: ReadingOptions) -> pl.DataFrame:
    claim = cells.text("claim")
    known = claim.to_frame("claim").join(claims, on="claim", how="left", maintain_order="left")
    cells.refuse("paid_claim_unknown", "claim", known["currency"].is_null(), claim)
    account = required_account(cells, "account")
    stated, _ = cells.currency_of(cells.text("currency"), required=False)
    given = cells.text("currency")
    differs = (given != "") & (stated.is_null() | (stated != known["currency"]))
    cells.refuse("paid_currency", "currency", differs.fill_null(value=False), given)
    digits_of = {code: options.digits.of(code) for code in known["currency"].drop_nulls().unique()}
    digits = known["currency"].replace_strict(digits_of, default=2, return_dtype=pl.Int8)
    amount = cells.amount(digits)
    holder = word_of(cells, "pot_holder", Holder.INVOLVED, "pot_holder_unknown", Holder)
    frame = pl.DataFrame(
        {
            "claim": claim,
            "account": account,
            "currency": known["currency"],
            "amount": amount,
            "holder": holder,
        }
    )
    return cells.good(frame)


def _above_loss(rows: pl.DataFrame, claims: pl.DataFrame, options: ReadingOptions) -> list[Problem]:
    """Return a problem for the first payment of each claim with which it got more than it misses."""
    summed = rows.join(claims.select("claim", "unpaid"), on="claim", how="left").with_columns(
        total=pl.col("amount").cum_sum().over("claim")
    )
    over = summed.filter(pl.col("total") > pl.col("unpaid")).unique("claim", keep="first")
    code = "paid_above_missing"
    problems = []
    for row in over.sort("file", "row").iter_rows(named=True):
        digits = options.digits.of(row["currency"])
        total, most = (format_minor(row[name], digits) for name in ("total", "unpaid"))
        found = f"{total} in all to {row['claim']}, which missed {most}"
        problems.append(Problem(row["file"], "", row["row"], "amount", code, found, ADVICE[code]))
    return problems


__all__ = ["PaymentsReading", "read_payments"]
