"""Reads what a return needs beside a case's claims: frozen pots, and what of each claim was admitted or paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from recoup.money import format_minor
from recoup.reading.cells import Cells
from recoup.reading.declared import complete, load_table, required_account
from recoup.reading.files import Intake
from recoup.reading.options import ReadingOptions
from recoup.reading.vocabulary import CLAIM_HEADERS
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.returns import PAID, ClaimKind, Holder, Place, Pot, PotKind

POT_HEADERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("holder", "holderstatus", "持有人", "持有人身份"), "pot_holder"),
    **dict.fromkeys(("kind", "potkind", "种类"), "pot_kind"),
    **dict.fromkeys(("sharedwith", "otherfreeze", "court", "轮候冻结", "其他冻结"), "shared_with"),
    **dict.fromkeys(("interest", "accruedinterest", "利息", "孳息"), "interest"),
    **dict.fromkeys(("frozen", "frozenamount", "冻结金额"), "amount"),
}
_LOSS_HEADERS: Final[Mapping[str, str]] = {
    **CLAIM_HEADERS,
    **dict.fromkeys(("loss", "admittedloss", "损失", "被骗金额", "认定损失"), "loss"),
    **dict.fromkeys(("returned", "已返还"), "returned"),
    **dict.fromkeys(("compensated", "已赔付", "已补偿"), "compensated"),
    **dict.fromkeys(("class", "claimclass", "类别"), "claim_class"),
}


@dataclass(frozen=True, slots=True)
class PotsReading:
    """Pots as read, with every problem, and the row of each."""

    pots: tuple[Pot, ...]
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...]
    rows: Mapping[Place, int]


def read_pots(path: str | Path, options: ReadingOptions) -> PotsReading:
    """Return the pots of a file: `account,amount,currency`, optionally `holder`, `kind`, `shared_with`, `interest`."""
    intake = Intake()
    table = load_table(path, options, intake, POT_HEADERS)
    frame = pl.DataFrame()
    if table is not None and complete(table.cells, ("account", "amount", "currency")):
        frame = _pots(table.cells)
    pots = tuple(
        Pot(
            Place(row["account"], row["currency"]),
            row["amount"],
            Holder(row["holder"]),
            PotKind(row["kind"]),
            row["interest"],
        )
        for row in frame.iter_rows(named=True)
    )
    rows = dict(zip((pot.place for pot in pots), frame["row"], strict=True)) if pots else {}
    problems = intake.findings.problems(intake.sources)
    return PotsReading(pots, problems, tuple(intake.sources), rows)


def _pots(cells: Cells) -> pl.DataFrame:
    account = required_account(cells, "account")
    code, digits = cells.currency()
    amount = cells.amount(digits)
    holder = word_of(cells, "pot_holder", Holder.INVOLVED, "pot_holder_unknown", Holder)
    kind = word_of(cells, "pot_kind", PotKind.ACCOUNT, "pot_kind_unknown", PotKind)
    shared = cells.text("shared_with")
    cells.refuse("pot_shared", "shared_with", shared != "", shared)
    interest = _amounts(cells, "interest", digits)
    cells.refuse("amount_negative", "interest", interest < 0, cells.text("interest"))
    rows = pl.DataFrame(
        {
            "account": account,
            "currency": code,
            "amount": amount,
            "holder": holder,
            "kind": kind,
            "interest": interest.fill_null(0),
        }
    )
    live = rows.with_columns(live=~(cells.bad | cells.dropped))
    nth = pl.col("live").cast(pl.Int32).cum_sum().over("account", "currency")
    again = live.select(again=pl.col("live") & (nth > 1))["again"]
    cells.refuse("pot_twice", "account", again, account)
    return cells.good(rows)


def word_of(
    cells: Cells,
    field: str,
    default: str,
    code: str,
    words: type[Holder | PotKind | ClaimKind],
) -> pl.Series:
    """Return a column of words of a closed list; an empty cell is the default, any other is refused."""
    text = cells.text(field).str.to_lowercase()
    known = [word.value for word in words]
    cells.refuse(code, field, ~text.is_in([*known, ""]), text)
    frame = text.to_frame("word")
    return frame.select(
        pl.when(pl.col("word").is_in(known)).then("word").otherwise(pl.lit(default)).alias("word")
    )["word"]


@dataclass(frozen=True, slots=True)
class LossesReading:
    """What a claims file says of losses, with every problem."""

    paid: pl.DataFrame
    """Schema `returns.PAID`."""
    problems: tuple[Problem, ...]


def read_losses(
    path: str | Path, claims: pl.DataFrame, transfers: pl.DataFrame, options: ReadingOptions
) -> LossesReading:
    """Return the admitted loss, and what was returned and compensated, of the claims of a file.

    Args:
        path: the file of the claims; `loss`, `returned`, `compensated` and `class` (victim, third_party) are optional.
        claims: schema `tables.CLAIMS`, the claims of the same file as they were read.
        transfers: schema `tables.TRANSFERS`.
        options: digits are used.
    """
    intake = Intake()
    table = load_table(path, options, intake, _LOSS_HEADERS)
    if table is None or not table.cells.has("claim"):
        return LossesReading(pl.DataFrame(schema=PAID), ())  # `read_claims` has said what is wrong
    cells = table.cells
    amounts = transfers.select("id", "currency", disputed="amount")
    known = claims.join(amounts, left_on="transfer", right_on="id", how="left")
    rows = (
        cells.text("claim")
        .to_frame("claim")
        .join(
            known.select("claim", "currency", "disputed"),
            on="claim",
            how="left",
            maintain_order="left",
        )
    )
    cells.dropped = cells.dropped | rows["disputed"].is_null()  # refused by `read_claims`, or empty
    digits_of = {code: options.digits.of(code) for code in rows["currency"].drop_nulls().unique()}
    digits = rows["currency"].replace_strict(digits_of, default=2, return_dtype=pl.Int8)
    loss = _amounts(cells, "loss", digits)
    cells.refuse("amount_not_positive", "loss", loss <= 0, cells.text("loss"))
    shown = cells.text("loss") + " of a transfer of " + _shown(rows["disputed"], digits)
    cells.refuse("loss_above_transfer", "loss", loss > rows["disputed"], shown)
    before = {}
    for name in ("returned", "compensated"):
        before[name] = _amounts(cells, name, digits)
        cells.refuse("amount_negative", name, before[name] < 0, cells.text(name))
        before[name] = before[name].fill_null(0)
    total = before["returned"] + before["compensated"]
    whole = loss.zip_with(loss.is_not_null(), rows["disputed"])
    cells.refuse("paid_above_loss", "returned", total > whole, _shown(total, digits))
    kind = word_of(cells, "claim_class", ClaimKind.VICTIM, "claim_class_unknown", ClaimKind)
    frame = pl.DataFrame({"claim": rows["claim"], "loss": loss, **before, "class": kind})
    paid = cells.good(frame).select(list(PAID)).match_to_schema(PAID)
    return LossesReading(paid, intake.findings.problems(intake.sources))


def _amounts(cells: Cells, field: str, digits: pl.Series) -> pl.Series:
    """Return a column of amounts, null where none is given."""
    if not cells.has(field):
        return pl.repeat(None, cells.height, dtype=pl.Int64, eager=True)
    read = cells.minor(field, digits)
    cells.refuse_reasons(field, read.reason, cells.text(field))
    return read.value


def _shown(amounts: pl.Series, digits: pl.Series) -> pl.Series:
    """Return amounts as decimal text for messages."""
    pairs = zip(amounts, digits, strict=True)
    return pl.Series(
        [None if minor is None else format_minor(minor, places) for minor, places in pairs],
        dtype=pl.String,
    )
