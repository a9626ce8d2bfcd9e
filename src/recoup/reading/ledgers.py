"""A ledger's rows into canonical transfers: one row a transfer, payer and payee named in the row itself."""

from __future__ import annotations

from typing import Final

import polars as pl

from recoup.reading.cells import Cells
from recoup.reading.options import ColumnMap
from recoup.reading.vocabulary import KIND_WORDS, normal_header
from recoup.records.kinds import KINDS
from recoup.records.tables import TRANSFERS

_TEXTS: Final = (
    "rail",
    "reference",
    "payer_name",
    "payee_name",
    "payer_institution",
    "payee_institution",
    "reverses",
)


def ledger_rows(cells: Cells) -> pl.DataFrame:
    """Return the good rows with the columns of `TRANSFERS` (id '' where none is given); the others are in the findings."""
    # An empty cell is the outside; a column that is not there is a mistake, and would turn every row into a deposit.
    absent = [
        field
        for field in ("time", "payer", "payee", "amount", "currency")
        if not (cells.has(field) or (field == "time" and cells.has("date")))
        and not (field in {"payer", "payee", "currency"} and cells.stated(field))
    ]
    for field in absent:
        cells.absent(field)
    if absent:
        return pl.DataFrame(schema=TRANSFERS)
    time, _ = cells.times()
    payer, payee = cells.account("payer"), cells.account("payee")
    cells.refuse("parties_missing", "payer", (payer == "") & (payee == ""), "")
    currency, digits = cells.currency()
    amount = cells.amount(digits)
    kind = ledger_kinds(cells)
    texts = {field: cells.text(field) for field in _TEXTS}
    frame = pl.DataFrame(
        {
            "id": cells.text("id"),
            "time": time,
            "sequence": cells.sequence(),
            "payer": payer,
            "payee": payee,
            "amount": amount,
            "currency": currency,
            "kind": kind,
            **texts,
            **_balances(cells, digits, payer),
        }
    )
    none = pl.lit(None, pl.Int32)
    good = cells.good(frame).with_columns(none.alias("other_source"), none.alias("other_row"))
    return good.select(list(TRANSFERS)).match_to_schema(TRANSFERS)


def _balances(cells: Cells, digits: pl.Series, payer: pl.Series) -> dict[str, pl.Series]:
    """`balance_after` is the payer's balance, the payee's if money came from outside."""
    own = {side: cells.balance(f"{side}_balance", digits) for side in ("payer", "payee")}
    if not cells.has("balance"):
        return {f"{side}_balance": values for side, values in own.items()}
    stated = cells.balance("balance", digits)
    none = pl.repeat(None, cells.height, dtype=pl.Int64, eager=True)
    outside = payer == ""
    return {
        "payer_balance": own["payer"].zip_with(
            own["payer"].is_not_null(), none.zip_with(outside, stated)
        ),
        "payee_balance": own["payee"].zip_with(
            own["payee"].is_not_null(), stated.zip_with(outside, none)
        ),
    }


def ledger_kinds(cells: Cells) -> pl.Series:
    """Return the kind of every row; an unknown word in a column `kind` is refused, in a column of types it is a transfer."""
    strict = cells.has("kind")
    if not strict and not cells.has("note"):
        default = cells.text("kind").first() or "transfer"
        return pl.repeat(
            default if default in KINDS else "transfer", cells.height, dtype=pl.String, eager=True
        )
    text = cells.text("kind" if strict else "note")
    words = {word: kind_of(word, cells.options.map) for word in text.unique().to_list()}
    if not strict:
        special = {"reversal", "conversion"} - ({"reversal"} if cells.has("reverses") else set())
        words = {
            word: "transfer" if kind is None or kind in special else kind
            for word, kind in words.items()
        }
    kind = text.replace_strict(words, default=None, return_dtype=pl.String)
    cells.refuse("kind_unknown", "kind", kind.is_null(), text)
    return kind.fill_null("transfer")


def kind_of(word: str, column_map: ColumnMap) -> str | None:
    """Return the kind that `word` stands for: the map's translation, a kind itself, a known word; '' is a transfer."""
    if word == "":
        return "transfer"
    if word in column_map.kinds:
        return column_map.kinds[word]
    if word in KINDS:
        return word
    return KIND_WORDS.get(normal_header(word))
