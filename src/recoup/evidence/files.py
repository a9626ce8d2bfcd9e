"""The result files of a trail: CSV tables and `summary.json`. Other programs read them, so columns only ever grow at the end.

Amounts are decimal text with the digits of their currency, times ISO 8601 in UTC with Z, text UTF-8, lines end in LF. A row of
a rule without amounts (poison) leaves them empty. `cites` names where statements show the transfer, both sides joined by "; ".

Text stands in the files as the statements have it, also where it begins with = + - or @: account ids do, and a changed id joins
nothing. A spreadsheet that opens the CSV may take such a cell for a formula; `trail.xlsx` holds the same rows with every text
as text, and is the file for people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import polars as pl

from recoup.evidence.decimals import with_decimals
from recoup.evidence.rows import MONEY, TIMES, Rows, rows_of, with_told
from recoup.evidence.staging import SEAL, staged
from recoup.evidence.summary import summary_document
from recoup.money import Digits
from recoup.trace.trail import Trail

_ISO: Final = "%Y-%m-%dT%H:%M:%S%.fZ"
"""No fraction is written where there is none."""

_NEEDS_QUOTES: Final = '[,"\r\n]'
_FLOW_HEADER: Final = (
    "rule,claim,transfer,depth,amount,payer,payee,currency,time,kind,inferred,asserted,cites"
)


def write_tables(
    trail: Trail, folder: Path | str, *, command: str = "", rows: Rows | None = None
) -> dict[str, Any]:
    """Write positions, flows, exits, unknown, leads and accounts as CSV, and `summary.json`; return the summary.

    All files appear together (see `staging`); holds.csv is written when there were holds. Raises `OSError` when the folder
    cannot be written, and changes nothing then.

    Args:
        trail: what was traced.
        folder: where to; made if it is missing.
        command: the command line, kept in the summary.
        rows: `rows_of(trail)`, if it is at hand.
    """
    rows = rows or rows_of(trail)
    document = summary_document(trail, command=command)
    with staged(folder) as stage:
        digits = trail.dossier.digits
        for name in ("positions", "exits", "unknown", "leads", "accounts"):
            table_text(getattr(rows, name), name, digits).write_csv(stage / f"{name}.csv")
        if not trail.dossier.holds.is_empty():
            table_text(rows.holds, "holds", digits).write_csv(stage / "holds.csv")
        _write_flows(rows, digits, stage / "flows.csv")
        (stage / SEAL).write_text(summary_text(document), encoding="utf-8", newline="\n")
    return document


def summary_text(document: dict[str, Any]) -> str:
    """Return the document as JSON text a person can read."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def table_text(frame: pl.DataFrame, name: str, digits: Digits) -> pl.DataFrame:
    """Return one table of `Rows` (not the flows) with amounts as decimals and times as text."""
    times = [pl.col(time).dt.strftime(_ISO) for time in TIMES if time in frame.columns]
    return with_decimals(frame, MONEY[name], digits).with_columns(times)


def _write_flows(rows: Rows, digits: Digits, path: Path) -> None:
    """Write the flows, millions of them: what is said of a transfer is made and quoted once a transfer, not once a flow."""
    said = rows.told.select(
        "currency",
        pl.concat_str(
            _quoted(rows.told, "payer"), _quoted(rows.told, "payee"), _quoted(rows.told, "currency"),
            pl.col("time").dt.strftime(_ISO), _quoted(rows.told, "kind"), separator=",",
        ).alias("said"),
        _quoted(rows.told, "cites"),
    )  # fmt: skip
    flows = with_told(rows.flows, rows.flows["at"], said, "currency", "said", "cites")
    ready = with_decimals(flows, MONEY["flows"], digits).select(
        "rule", _quoted(flows, "claim"), _quoted(flows, "transfer"), "depth", "amount",
        "said", "inferred", "asserted", "cites",
    )  # fmt: skip
    with path.open("wb") as file:
        file.write(f"{_FLOW_HEADER}\n".encode())
        ready.write_csv(file, include_header=False, quote_style="never")


def _quoted(frame: pl.DataFrame, name: str) -> pl.Expr:
    """The column as CSV wants it; most columns want nothing, and are not touched."""
    column = pl.col(name)
    if not frame.select(column.str.contains(_NEEDS_QUOTES).any()).item():
        return column
    quote = pl.lit('"')
    whole = pl.concat_str(quote, column.str.replace_all('"', '""', literal=True), quote)
    return pl.when(column.str.contains(_NEEDS_QUOTES)).then(whole).otherwise(column).alias(name)
