"""The totals of a trace as a table: with rules and colours on a terminal, tab-separated when piped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recoup.cli.screen import print_table

_SUMS = ("loss", "located", "held", "exited", "unknown", "residual", "recoverable")


def print_totals(document: Mapping[str, Any]) -> None:
    """Print one line a rule and currency, the assumptions, and what was left out."""
    rows = [
        [row["rule"], row["currency"], *(str(row.get(name) or "") for name in _SUMS)]
        for row in document.get("totals", [])
    ]
    header = ["rule", "currency", *_SUMS]
    if "sources" in document:
        header = ["rule", "currency", "source", "amount"]
        rows = [[str(row[name] or "") for name in header] for row in document["sources"]]
    print_table(header, rows)
    for name, words in (
        ("rejects", "rows refused"),
        ("rows_failed", "failed payments left out"),
        ("doubtful", "doubtful matches"),
    ):
        if document.get(name):
            print(f"{words}: {document[name]}")
    for reach in document.get("reach", []):
        print(
            f"{reach['rule']} reaches {reach['accounts']} accounts by {reach['transfers']} transfers (screening only)"
        )
    for sentence in document.get("assumptions", [])[:20]:
        print(f"assumed: {sentence}")
