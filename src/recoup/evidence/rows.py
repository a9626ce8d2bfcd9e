"""What a trail says as rows: the columns of the result files, amounts still whole minor units. Nothing is written here.

Every row that speaks of a transfer says when it was and cites where the statements show it. Times stay instants; text of
outside origin stays as it came, to the byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from recoup.trace.trail import Trail

PARTS: Final = ("inferred", "asserted")

MONEY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "positions": ("amount", "held", *PARTS),
        "flows": ("amount", *PARTS),
        "exits": ("amount", *PARTS),
        "unknown": ("amount", *PARTS),
        "leads": ("amount",),
        "accounts": ("opening", "assumed_credit", "balance"),
        "holds": ("amount",),
    }
)
"""Columns of minor units, by table."""

TIMES: Final = ("since", "time")

TOLD: Final = ("transfer", "payer", "payee", "currency", "time", "kind", "cites")
"""What is said of a transfer beside what it carried."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The tables of a trail. What is said of a transfer stands apart, so that its text is made once and not once a flow."""

    positions: pl.DataFrame
    flows: pl.DataFrame
    """rule, claim, transfer, depth, amount, inferred, asserted, and `at`: the row of `told`."""
    told: pl.DataFrame
    """`TOLD`, one row for each transfer that flows, exits or leads name, in total order."""
    exits: pl.DataFrame
    unknown: pl.DataFrame
    leads: pl.DataFrame
    accounts: pl.DataFrame
    holds: pl.DataFrame


def rows_of(trail: Trail) -> Rows:
    """Return the tables of `trail` in the columns of the result files, in the trail's own order."""
    told, (flows_at, exits_at, leads_at) = _told(trail)
    exits = with_told(trail.exits, exits_at, told, "time", "cites")
    leads = with_told(trail.leads, leads_at, told, "cites")
    return Rows(
        positions=trail.positions.select(
            "rule", "claim", "account", "currency", "amount", "since", "held", *PARTS
        ),
        flows=trail.flows.select(
            "rule", "claim", "transfer", "depth", "amount", *PARTS, flows_at.alias("at")
        ),
        told=told,
        exits=exits.select(
            "rule",
            "claim",
            "transfer",
            "account",
            "currency",
            "kind",
            "amount",
            "time",
            *PARTS,
            "cites",
        ),
        unknown=trail.unknown.select(
            "rule", "claim", "account", "currency", "amount", "since", *PARTS
        ),
        leads=leads.select("account", "transfer", "payee", "currency", "amount", "time", "cites"),
        accounts=trail.accounts,
        holds=trail.holds,
    )


def flows_told(flows: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return flows with what is said of their transfers: rule, claim, transfer, depth, amount, payer, ... cites."""
    said = ("payer", "payee", "currency", "time", "kind")
    return with_told(flows, flows["at"], told, *said, "cites").select(
        "rule", "claim", "transfer", "depth", "amount", *said, *PARTS, "cites"
    )


def with_told(frame: pl.DataFrame, at: pl.Series, told: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return `frame` with columns of `told` beside it, found by `at`."""
    return frame.with_columns(told[name].gather(at) for name in names)


def _told(trail: Trail) -> tuple[pl.DataFrame, list[pl.Series]]:
    """Return what is said of each transfer that the trail names, and where each row of flows, exits and leads finds it."""
    frames = (trail.flows, trail.exits, trail.leads)
    named = pl.concat([frame["transfer"] for frame in frames]).to_frame("id")
    ids = trail.dossier.transfers.select("id").with_row_index("at")
    at = named.join(ids, on="id", how="left", maintain_order="left")["at"]
    assert not at.null_count(), "every flow, exit and lead names a transfer of the dossier"
    used = at.unique().sort()
    place = pl.Series([0], dtype=pl.UInt32).new_from_index(0, len(ids))
    place = place.scatter(used, pl.Series(range(len(used)), dtype=pl.UInt32))
    found = place.gather(at)
    starts = [0, trail.flows.height, trail.flows.height + trail.exits.height]
    indices = [
        found.slice(start, frame.height) for start, frame in zip(starts, frames, strict=True)
    ]
    return _say(trail, trail.dossier.transfers[used]), indices


def _say(trail: Trail, transfers: pl.DataFrame) -> pl.DataFrame:
    """Return `TOLD` of these transfers; one that two statements show is cited from both."""
    files = pl.Series([source.cite(0).removesuffix("0") for source in trail.dossier.sources])
    own = _cite(files, transfers["source"], transfers["row"])
    other = _cite(files, transfers["other_source"], transfers["other_row"])
    both = pl.when(other.is_not_null()).then(own + "; " + other).otherwise(own)
    return transfers.select(
        pl.col("id").alias("transfer"), "payer", "payee", "currency", "time", "kind",
        both.fill_null("").alias("cites"),
    )  # fmt: skip


def _cite(files: pl.Series, source: pl.Series, row: pl.Series) -> pl.Series:
    """The form of `Source.cite` for many rows; null where a row has no such source."""
    if not len(files) or source.null_count() == len(source):
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(row))
    return files.gather(source) + row.cast(pl.String)
