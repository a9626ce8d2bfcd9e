"""Checks across rows of transfers: ids, reversals, conversions, totals, stated balances. No cell is read here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from recoup.limits import POCKET_MINOR_MAX
from recoup.money import Digits, format_minor
from recoup.reading.findings import Findings
from recoup.records.balances import implied_openings

_CONTENT: Final = ("time", "payer", "payee", "amount", "currency", "kind")


@dataclass(frozen=True, slots=True)
class Checked:
    """Transfers that passed, in total order; how many rows repeated another; accounts that lost a row."""

    transfers: pl.DataFrame
    rows_repeated: int
    touched: frozenset[str]


def check_transfers(
    transfers: pl.DataFrame,
    touched: frozenset[str],
    balances: Balances,
    exempt: frozenset[str] = frozenset(),
    *,
    ids_once: bool = False,
) -> Checked:
    """Return the transfers that pass every check between rows, in total order.

    Args:
        transfers: schema `TRANSFERS`, ids '' where none was given.
        touched: accounts of rows already refused; their stated balances can no longer be checked.
        balances: receives a problem for every row refused here, and for balances that do not follow.
        exempt: accounts of statements, whose balances are checked in the statement's own order instead.
        ids_once: refuse an id that one file gives twice, even where both rows say the same.
    """
    findings = balances.findings
    named = _reversal_kinds(with_ids(transfers))
    kept, repeated, refused = _duplicates(named, findings, ids_once=ids_once)
    ordered = in_order(kept)
    ordered, wrong = _reversals(ordered, findings)
    _conversions(ordered, findings)
    _pockets(ordered, findings)
    lost = touched | refused | wrong
    balances.refuse(implied_openings(ordered)[1], lost | exempt)
    return Checked(ordered, repeated, lost)


def with_ids(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return the transfers with an id made from the content where none was given; alike rows are counted in file order."""
    missing = transfers["id"] == ""
    if not missing.any():
        return transfers
    made = pl.format(
        "{}>{}@{}:{}{}",
        "payer",
        "payee",
        pl.col("time").dt.strftime("%Y%m%dT%H%M%SZ"),
        "amount",
        "currency",
    )
    count = pl.int_range(1, pl.len() + 1).over("made")
    numbered = transfers.with_columns(made=pl.when(pl.col("id") == "").then(made).otherwise("id"))
    numbered = numbered.with_columns(nth=pl.when(pl.col("id") == "").then(count).otherwise(1))
    many = pl.format("{}#{}", "made", "nth")
    return numbered.with_columns(id=pl.when(pl.col("nth") > 1).then(many).otherwise("made")).drop(
        "made", "nth"
    )


def in_order(transfers: pl.DataFrame) -> pl.DataFrame:
    """Return the transfers sorted by (time, sequence, id)."""
    if transfers.height < 2:
        return transfers
    time, sequence = (
        pl.col("time").diff(null_behavior="drop"),
        pl.col("sequence").diff(null_behavior="drop"),
    )
    later = (time > pl.duration()) | ((time == pl.duration()) & (sequence > 0))
    if transfers.select(later.all()).item():
        return transfers
    return transfers.sort("time", "sequence", "id", maintain_order=True)


def _reversal_kinds(transfers: pl.DataFrame) -> pl.DataFrame:
    """A plain transfer that names what it reverses is a reversal."""
    if not (transfers["reverses"] != "").any():
        return transfers
    plain = (pl.col("reverses") != "") & (pl.col("kind") == "transfer")
    return transfers.with_columns(kind=pl.when(plain).then(pl.lit("reversal")).otherwise("kind"))


def _duplicates(
    transfers: pl.DataFrame, findings: Findings, *, ids_once: bool
) -> tuple[pl.DataFrame, int, frozenset[str]]:
    """Keep the first of rows with one id; the same content again is counted, other content refused."""
    if transfers["id"].n_unique() == transfers.height:
        return transfers, 0, frozenset()
    twice = transfers["id"].is_duplicated()
    rows = transfers.with_row_index("at").filter(twice).sort("id", "at", maintain_order=True)
    first = [pl.col(name).first().over("id") for name in _CONTENT]
    differs = [pl.col(name) != value for name, value in zip(_CONTENT, first, strict=True)]
    which = pl.concat_str(
        [pl.when(one).then(pl.lit(name)) for name, one in zip(_CONTENT, differs, strict=True)],
        separator=", ",
        ignore_nulls=True,
    )
    rows = rows.with_columns(
        which=which,
        nth=pl.int_range(pl.len()).over("id"),
        in_file=pl.int_range(pl.len()).over("id", "source"),
    ).filter(pl.col("nth") > 0)
    other = rows.filter((pl.col("which") != "") | (pl.lit(ids_once) & (pl.col("in_file") > 0)))
    says = pl.format("{} (another row has other {})", "id", "which")
    again = pl.format("{} (the file gives it twice)", "id")
    findings.add_rows(
        "id_duplicate", "id", other, pl.when(pl.col("which") == "").then(again).otherwise(says)
    )
    kept = (
        transfers.with_row_index("at").filter(~pl.col("at").is_in(rows["at"].implode())).drop("at")
    )
    return kept, rows.height - other.height, accounts_of(other)


def accounts_of(rows: pl.DataFrame) -> frozenset[str]:
    """Return every account that the rows name."""
    return frozenset(rows["payer"].to_list()) | frozenset(rows["payee"].to_list())


def _reversals(ordered: pl.DataFrame, findings: Findings) -> tuple[pl.DataFrame, frozenset[str]]:
    """Refuse reversals of nothing: without an original, before it, between others, or of more than it moved."""
    if not (ordered["kind"] == "reversal").any():
        return ordered, frozenset()
    numbered = ordered.with_row_index("at")
    rows = numbered.filter(pl.col("kind") == "reversal")
    original = numbered.select("id", "at", "payer", "payee", "currency", "amount")
    rows = rows.join(
        original, left_on="reverses", right_on="id", how="left", suffix="_of", maintain_order="left"
    )
    back = (
        (pl.col("payer") == pl.col("payee_of"))
        & (pl.col("payee") == pl.col("payer_of"))
        & (pl.col("currency") == pl.col("currency_of"))
    )
    reason = (
        pl.when(pl.col("reverses") == "")
        .then(pl.lit("reversal_without_original"))
        .when(pl.col("at_of").is_null())
        .then(pl.lit("reversal_of_nothing"))
        .when(pl.col("at_of") >= pl.col("at"))
        .then(pl.lit("reversal_too_early"))
        .when(back.not_())
        .then(pl.lit("reversal_differs"))
    )
    rows = rows.with_columns(reason=reason)
    # Wrong reversals do not count towards the total of their original.
    counted = (
        pl.when(pl.col("reason").is_null()).then(pl.col("amount").cast(pl.Int128)).otherwise(0)
    )
    total = counted.cum_sum().over("reverses")
    too_much = pl.col("reason").is_null() & (total > pl.col("amount_of"))
    rows = rows.with_columns(
        reason=pl.when(too_much).then(pl.lit("reversal_too_large")).otherwise("reason")
    )
    wrong = rows.filter(pl.col("reason").is_not_null())
    for (code,), bad in wrong.group_by(["reason"], maintain_order=True):
        shown = (
            pl.col("amount").cast(pl.String) if code == "reversal_too_large" else pl.col("reverses")
        )
        findings.add_rows(
            str(code), "amount" if code == "reversal_too_large" else "reverses", bad, shown
        )
    kept = numbered.filter(~pl.col("at").is_in(wrong["at"].implode())).drop("at")
    return kept, accounts_of(wrong)


def _conversions(ordered: pl.DataFrame, findings: Findings) -> None:
    """Refuse pairs of conversion rows whose credit comes first in time, or that stay in one currency, or are not two."""
    rows = ordered.filter((pl.col("kind") == "conversion") & (pl.col("reference") != ""))
    if rows.is_empty():
        return
    debit = (
        pl.col("time")
        .filter((pl.col("payer") != "") & (pl.col("payee") == ""))
        .first()
        .over("reference")
    )
    is_credit = (pl.col("payer") == "") & (pl.col("payee") != "")
    many = pl.len().over("reference")
    one_currency = (many > 1) & (pl.col("currency").n_unique().over("reference") == 1)
    wrong = (is_credit & (pl.col("time") < debit)) | (many > 2) | one_currency
    findings.add_rows("conversion_inconsistent", "reference", rows.filter(wrong), "reference")


def _pockets(ordered: pl.DataFrame, findings: Findings) -> None:
    """Refuse pockets through which more flows than int64 sums bear."""
    if float(ordered["amount"].cast(pl.Float64).sum() or 0.0) < POCKET_MINOR_MAX / 4:
        return
    sides = [
        ordered.select(pl.col(side).alias("account"), "currency", "amount", "source", "row")
        for side in ("payer", "payee")
    ]
    flow = (
        pl.concat(sides)
        .filter(pl.col("account") != "")
        .with_columns(total=pl.col("amount").cast(pl.Int128).cum_sum().over("account", "currency"))
    )
    over = flow.filter(pl.col("total") > POCKET_MINOR_MAX).unique(
        ["account", "currency"], keep="first", maintain_order=True
    )
    findings.add_rows("pocket_too_large", "amount", over, pl.format("{} {}", "account", "currency"))


@dataclass(frozen=True, slots=True)
class Balances:
    """Who is told of a balance that does not follow, and in which words."""

    headers: Mapping[int, str]
    """Source to the header of its balances."""
    digits: Digits
    findings: Findings

    def refuse(self, breaks: pl.DataFrame, lost: frozenset[str]) -> None:
        """Note the first break of every pocket of `breaks` that kept all its rows."""
        first = breaks.unique(["account", "currency"], keep="first", maintain_order=True)
        checked = first.filter(~pl.col("account").is_in(sorted(lost)))
        for (source,), part in checked.group_by(["source"], maintain_order=True):
            words = pl.Series("words", [self._words(row) for row in part.iter_rows(named=True)])
            header = self.headers.get(int(str(source)), "balance")
            told = part.with_columns(words.cast(pl.String))
            self.findings.add_rows("balance_mismatch", header, told, "words")

    def _words(self, row: dict[str, Any]) -> str:
        places = self.digits.of(row["currency"])
        found, expected = (format_minor(row[name], places) for name in ("found", "expected"))
        return f"{found}, rows before lead to {expected}"
