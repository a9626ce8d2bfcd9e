"""Asserted links woven into the transfers: an exit of one account joined to an entry of another, through a pocket in transit.

A link says what no statement can show, e.g. that cash drawn here is the cash paid in there. It never moves an amount twice:
where a row already shows the exit or the entry, that row is redirected; only a missing side is added [choice 19].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from recoup.records.dossier import Dossier
from recoup.trace.events import conversion_pairs
from recoup.trace.ledger import TRANSIT

TRANSITS = pl.Schema(
    {
        "account": pl.String,  # link:1, link:2, ...
        "transfer": pl.String,  # the exit's row
        "payee": pl.String,  # where that row says the money went
        "standing": pl.String,  # unknown: it counts there; else it has exited
        "place": pl.String,  # account of the exit
        "kind": pl.String,
    }
)


@dataclass(frozen=True)
class Woven:
    """A dossier whose transfers carry the links, and which of its transfers are asserted."""

    dossier: Dossier
    asserted: frozenset[str]
    """Transfer ids that cross a link."""
    transits: pl.DataFrame
    """Schema TRANSITS, for links whose exit a row shows."""


def _stands_open(dossier: Dossier) -> Callable[[str], bool]:
    """Return a test for accounts that a link's free side may be: the outside, terminal and unknown ones."""

    def test(account: str) -> bool:
        unknown = dossier.known is not None and account not in dossier.known
        return account == "" or unknown or account in dossier.terminal

    return test


def _exit_row(
    rows: pl.DataFrame, link: dict[str, Any], is_open: Callable[[str], bool], taken: set[int]
) -> int | None:
    """Return the latest row that shows the link's exit, if one does."""
    found = rows.filter(
        (pl.col("payer") == link["from"])
        & (pl.col("amount") == link["amount"])
        & (pl.col("currency") == link["currency"])
        & (pl.col("time") <= link["time"])
        & (pl.col("payee") != link["from"])
    )
    for at, payee in reversed(list(found.select("at", "payee").iter_rows())):
        if at not in taken and is_open(payee) and payee != link["to"]:
            return int(at)
    return None


def _entry_row(
    rows: pl.DataFrame, link: dict[str, Any], is_open: Callable[[str], bool], taken: set[int]
) -> int | None:
    """Return the first row that shows the link's entry, if one does."""
    found = rows.filter(
        (pl.col("payee") == link["to"])
        & (pl.col("amount") == link["amount"])
        & (pl.col("currency") == link["currency"])
        & (pl.col("time") == link["time"])
        & (pl.col("payer") != link["to"])
    )
    for at, payer in found.select("at", "payer").iter_rows():
        if at not in taken and is_open(payer):
            return int(at)
    return None


def weave(dossier: Dossier) -> Woven:
    """Return `dossier` with its links as transfers; the same dossier when it has none."""
    links = dossier.links
    if links.is_empty():
        return Woven(dossier, frozenset(), pl.DataFrame(schema=TRANSITS))
    rows = dossier.transfers.with_row_index("at")
    is_open = _stands_open(dossier)
    pairs = conversion_pairs(dossier.transfers)
    converting = {*pairs["debit"], *pairs["credit"]}  # these rows say themselves where money goes
    redirected: dict[int, tuple[str, str]] = {}
    place: dict[int, float] = {}
    shown: list[tuple[str, ...]] = []
    added: list[dict[str, object]] = []
    for number, link in enumerate(links.iter_rows(named=True), start=1):
        transit = f"{TRANSIT}{number}"
        taken = converting | set(redirected)
        exit_at = _exit_row(rows, link, is_open, taken)
        entry_at = _entry_row(
            rows, link, is_open, taken | ({exit_at} if exit_at is not None else set())
        )
        if exit_at is not None:
            shown.append((transit, *_where(dossier, rows.row(exit_at, named=True))))
            if entry_at is not None and rows["time"][exit_at] == link["time"]:
                place[entry_at] = exit_at + 0.25
        for at, column, side in ((exit_at, "payee", "out"), (entry_at, "payer", "in")):
            if at is not None:
                redirected[at] = (column, transit)
                continue
            added.append(
                _assumed_row(
                    link,
                    transit,
                    side,
                    _place(rows, link, exit_at, entry_at, side, number / (len(links) + 1)),
                )
            )
    transfers = rows.with_columns(
        pl.col("at")
        .cast(pl.Float64)
        .replace_strict(place, default=pl.col("at").cast(pl.Float64), return_dtype=pl.Float64)
        .alias("place")
        if place
        else pl.col("at").cast(pl.Float64).alias("place")
    )
    for column in ("payer", "payee"):
        changes = {at: transit for at, (side, transit) in redirected.items() if side == column}
        if changes:
            given = pl.col("at").replace_strict(
                changes, default=pl.col(column), return_dtype=pl.String
            )
            transfers = transfers.with_columns(given.alias(column))
    asserted = {str(rows["id"][at]) for at in redirected} | {str(row["id"]) for row in added}
    transfers = transfers.drop("at")
    if added:
        extra = pl.DataFrame(
            added, schema_overrides={**dict(dossier.transfers.schema), "place": pl.Float64}
        )
        text = [name for name, kind in transfers.schema.items() if kind == pl.String]
        transfers = pl.concat([transfers, extra], how="diagonal").with_columns(
            pl.col(text).fill_null("")
        )
    transfers = transfers.sort("place", maintain_order=True).drop("place")
    transits = pl.DataFrame(shown, schema=TRANSITS, orient="row")
    return Woven(_with(dossier, transfers), frozenset(asserted), transits)


def _assumed_row(link: dict[str, Any], transit: str, side: str, place: float) -> dict[str, object]:
    """Return the row of a link's side that no statement shows."""
    payer, payee = (link["from"], transit) if side == "out" else (transit, link["to"])
    return {
        "id": f"{transit}:{side}",
        "time": link["time"],
        "sequence": 2**62 + (side == "in"),
        "payer": payer,
        "payee": payee,
        "amount": link["amount"],
        "currency": link["currency"],
        "kind": "transfer",
        "source": link["source"],
        "row": link["row"],
        "place": place,
    }


def _place(
    rows: pl.DataFrame,
    link: dict[str, Any],
    exit_at: int | None,
    entry_at: int | None,
    side: str,
    turn: float,
) -> float:
    """Return where an assumed row stands: right by a given other side, else after the transfers of the link's instant.

    `turn` in (0, 1) rises with the link's row: there every link's two sides come before the next link's.
    """
    if side == "out" and entry_at is not None:
        return entry_at - 0.25
    if side == "in" and exit_at is not None and rows["time"][exit_at] == link["time"]:
        return exit_at + 0.25
    last = float((rows["time"] <= link["time"]).sum()) - 0.5
    return last + turn / 8  # `weave` adds the exit before the entry, and the sort keeps that


def _where(dossier: Dossier, row: dict[str, str]) -> tuple[str, ...]:
    """Return (transfer, payee, standing, place, kind) of the row that shows an exit."""
    payee = row["payee"]
    is_terminal = payee in dossier.terminal
    is_unknown = payee != "" and not is_terminal
    kind = "terminal" if is_terminal and row["kind"] in ("", "transfer") else row["kind"]
    return (
        row["id"],
        payee,
        "unknown" if is_unknown else "exit",
        payee if is_terminal else row["payer"],
        kind,
    )


def _with(dossier: Dossier, transfers: pl.DataFrame) -> Dossier:
    """Return `dossier` with other transfers; terminal accounts that links leave from become unknown ones."""
    opened = dossier.terminal & frozenset(dossier.links["from"])
    known = dossier.known
    if opened:
        rows = dossier.transfers
        every = frozenset(rows["payer"].unique()) | frozenset(rows["payee"].unique())
        known = (every if known is None else known) - opened
    return replace(dossier, transfers=transfers, known=known, terminal=dossier.terminal - opened)
