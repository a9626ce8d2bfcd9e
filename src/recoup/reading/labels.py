"""Reads what became known of payments or accounts afterwards: which were fraud. No features, no training.

Two forms: `transfer,label` names transfers by id, `account,label[,since]` names accounts and from when on they were bad. What a
file does not name has the label of most: it is not known to be bad.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from recoup.reading.cells import Cells
from recoup.reading.declared import Table, complete, load_table, required_account
from recoup.reading.files import Intake
from recoup.reading.options import ReadingOptions
from recoup.reading.vocabulary import CLAIM_HEADERS
from recoup.records.problems import Problem
from recoup.records.provenance import Source
from recoup.records.tables import INSTANT, schema_of

TRANSFER_LABELS: Final = schema_of({"transfer": pl.String, "label": pl.Boolean})
"""One row a transfer named, sorted by its id."""
ACCOUNT_LABELS: Final = schema_of({"account": pl.String, "label": pl.Boolean, "since": INSTANT})
"""One row an account named, sorted; `since` null: from its first transfer on."""

LABEL_HEADERS: Final[Mapping[str, str]] = {
    **{word: field for word, field in CLAIM_HEADERS.items() if field == "transfer"},
    **dict.fromkeys(
        ("label", "fraud", "isfraud", "txfraud", "islaundering", "issar", "ismule"), "label"
    ),
    **dict.fromkeys(("标签", "欺诈", "是否欺诈", "是否涉案", "涉案"), "label"),
    **dict.fromkeys(("since", "fraudstep", "起始时间", "涉案起始时间"), "since"),
}
_YES: Final = ("true", "yes", "y", "1", "1.0", "是")
_NO: Final = ("false", "no", "n", "0", "0.0", "否")


@dataclass(frozen=True, slots=True)
class LabelsReading:
    """Labels as read, with every problem; one of the two tables is empty."""

    transfers: pl.DataFrame
    """Schema `TRANSFER_LABELS`."""
    accounts: pl.DataFrame
    """Schema `ACCOUNT_LABELS`."""
    problems: tuple[Problem, ...]
    sources: tuple[Source, ...] = ()

    @property
    def are_of_accounts(self) -> bool:
        """Whether accounts are named."""
        return not self.accounts.is_empty()


def read_labels(
    path: str | Path, transfers: pl.DataFrame, options: ReadingOptions
) -> LabelsReading:
    """Return the labels of a file, `transfer,label` or `account,label[,since]`, with every problem found.

    A label is true or false, 1 or 0, yes or no, 是 or 否. A row that names a transfer or an account twice, or one that is not
    among `transfers`, is refused.

    Args:
        path: the file.
        transfers: schema `TRANSFERS`.
        options: the time zone is used; the map's columns are not (they are the transfers').
    """
    intake = Intake()
    return resolve_labels(load_table(path, options, intake, LABEL_HEADERS), transfers, intake)


def resolve_labels(table: Table | None, transfers: pl.DataFrame, intake: Intake) -> LabelsReading:
    """Return the labels of a table taken in."""
    by_transfer = pl.DataFrame(schema=TRANSFER_LABELS)
    by_account = pl.DataFrame(schema=ACCOUNT_LABELS)
    if table is not None and _is_complete(table.cells):
        if table.cells.has("transfer"):
            by_transfer = _transfer_labels(table.cells, transfers)
        else:
            by_account = _account_labels(table.cells, transfers)
    problems = intake.findings.problems(intake.sources)
    return LabelsReading(by_transfer, by_account, problems, tuple(intake.sources))


def _is_complete(cells: Cells) -> bool:
    """Whether the table has a label and exactly one of transfer and account; what is missing is noted."""
    if not cells.has("transfer") and not cells.has("account"):
        cells.absent("transfer", "account")
        return False
    return complete(cells, ("label",))


def _transfer_labels(cells: Cells, transfers: pl.DataFrame) -> pl.DataFrame:
    transfer = cells.text("transfer")
    cells.dropped = cells.dropped | ((transfer == "") & (cells.text("label") == ""))
    cells.refuse("label_without_name", "transfer", transfer == "", "")
    label = _labels(cells)
    cells.refuse("label_repeated", "transfer", _again(transfer, cells), transfer)
    there = transfer.is_in(transfers["id"].implode())
    cells.refuse("label_no_match", "transfer", ~there, transfer)
    rows = cells.good(pl.DataFrame({"transfer": transfer, "label": label}))
    return rows.select(list(TRANSFER_LABELS)).sort("transfer")


def _account_labels(cells: Cells, transfers: pl.DataFrame) -> pl.DataFrame:
    account = required_account(cells, "account")
    label = _labels(cells)
    none = pl.repeat(None, cells.height, dtype=INSTANT, eager=True)
    since = cells.times(required=False, field="since")[0] if cells.has("since") else none
    cells.refuse("label_repeated", "account", _again(account, cells), account)
    parties = pl.concat([transfers["payer"], transfers["payee"]]).unique()
    cells.refuse("label_no_match", "account", ~account.is_in(parties.implode()), account)
    rows = cells.good(pl.DataFrame({"account": account, "label": label, "since": since}))
    return rows.select(list(ACCOUNT_LABELS)).match_to_schema(ACCOUNT_LABELS).sort("account")


def _labels(cells: Cells) -> pl.Series:
    text = cells.text("label").str.to_lowercase()
    cells.refuse("label_unreadable", "label", ~text.is_in([*_YES, *_NO]), text)
    return text.is_in(list(_YES))


def _again(names: pl.Series, cells: Cells) -> pl.Series:
    """Whether an earlier good row names the same."""
    live = pl.DataFrame({"name": names, "live": ~(cells.bad | cells.dropped)})
    nth = pl.col("live").cast(pl.Int32).cum_sum().over("name")
    return live.select(again=pl.col("live") & (nth > 1))["again"]
