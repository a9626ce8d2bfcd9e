"""The result of tracing back as files: `sources.csv` and its `summary.json`. Whose money it was, to the unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from recoup.evidence.decimals import with_decimals
from recoup.evidence.files import summary_text
from recoup.evidence.staging import SEAL, staged
from recoup.evidence.summary import source_document
from recoup.money import format_minor
from recoup.records.dossier import Dossier
from recoup.trace.sources import Lineage

_ISO: Final = "%Y-%m-%dT%H:%M:%S%.fZ"


def write_sources(
    lineages: Sequence[Lineage],
    dossier: Dossier,
    target: str,
    folder: Path | str,
    *,
    command: str = "",
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write sources.csv and summary.json; return the summary.

    Args:
        lineages: what was found, one a rule.
        dossier: what was traced.
        target: the account or transfer asked about.
        folder: where to.
        command: the command line, kept in the summary.
        options: what was asked, kept in the summary.
    """
    rows = pl.concat([lineage.sources for lineage in lineages])
    rests_on = dict.fromkeys(words for lineage in lineages for words in lineage.assumptions)
    named = pl.col("id").is_in(rows["transfer"].unique().implode())
    cites = dossier.transfers.filter(named).select(
        transfer="id",
        cites=pl.struct("source", "row").map_elements(
            lambda at: (
                dossier.sources[at["source"]].cite(at["row"])
                if at["source"] is not None and at["source"] < len(dossier.sources)
                else ""
            ),
            return_dtype=pl.String,
        ),
    )
    told = rows.join(cites, on="transfer", how="left", maintain_order="left").with_columns(
        pl.col("cites").fill_null("")
    )
    totals = rows.group_by("rule", "currency", "source", maintain_order=True).agg(
        pl.when(pl.col("amount").is_not_null().any()).then(
            pl.col("amount").sum()
        )  # poison: reach only
    )
    document: dict[str, Any] = {
        "format": "recoup.sources/1",
        "target": target,
        "sources": [
            {
                "rule": row["rule"],
                "currency": row["currency"],
                "source": row["source"],
                "amount": None
                if row["amount"] is None
                else format_minor(row["amount"], dossier.digits.of(row["currency"])),
            }
            for row in totals.iter_rows(named=True)
        ],
        "assumptions": list(rests_on),
        "rejects": dossier.rows_rejected,
        "inputs": [source_document(source) for source in dossier.sources],
        "options": dict(options or {}),
        "command": command,
    }
    with staged(folder) as stage:
        shown = with_decimals(told, ("amount",), dossier.digits)
        shown.with_columns(pl.col("since").dt.strftime(_ISO)).write_csv(stage / "sources.csv")
        (stage / SEAL).write_text(summary_text(document), encoding="utf-8", newline="\n")
    return document
