"""The summary of a trail as one document: sums by rule and claim, the range, what it rests on. No new figures.

Amounts are decimal text (a JSON number would be read as a float somewhere). `conserved` is checked here once more, by the rows.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import polars as pl

from recoup._version import __version__
from recoup.money import Digits, format_minor
from recoup.records.dossier import Dossier
from recoup.records.provenance import Source
from recoup.trace.rules import RANGE, RULES
from recoup.trace.trail import Options, Trail, instant_text

FORMAT: Final = "recoup.summary/1"

SUMS: Final = ("loss", "located", "held", "exited", "unknown", "residual", "recoverable")
PLACES: Final = ("located", "exited", "unknown", "residual")
"""What a loss divides into."""

_LONG_AGO: Final = datetime(1980, 1, 1, tzinfo=UTC)
"""Stands where there is no data at all; archives can date no file earlier."""

_RANGED: Final = ("located", "exited", "unknown")


def summary_document(
    trail: Trail, *, command: str = "", extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the content of `summary.json`: JSON values only, in a fixed order; the same trail gives the same document.

    Args:
        trail: what was traced.
        command: the command line that made it, so that it can be run again.
        extra: more entries for the end of the document.
    """
    dossier, digits = trail.dossier, trail.dossier.digits
    return {
        "format": FORMAT,
        "rules": [rule_document(name) for name in trail.options.rules],
        "claims": [_sums(row, digits) for row in trail.summary.iter_rows(named=True)],
        "totals": [_sums(row, digits) for row in totals_of(trail).iter_rows(named=True)],
        "range": range_document(trail),
        "reach": _reach(trail),
        "conserved": is_conserved(trail),
        "assumptions": list(trail.assumptions),
        "rejects": dossier.rows_rejected,
        "rows_failed": dossier.rows_failed,
        "doubtful": dossier.doubtful.height,
        "transfers": dossier.transfers.height,
        "inputs": [source_document(source) for source in dossier.sources],
        "options": options_document(trail.options, dossier),
        "command": command,
        "versions": versions(),
        **(extra or {}),
    }


def _reach(trail: Trail) -> list[dict[str, Any]]:
    """Return how far the rules without amounts (poison) reach: transfers and the accounts that money may be in."""
    silent = trail.flows.filter(pl.col("amount").is_null())["rule"].unique().sort().to_list()
    return [
        {
            "rule": rule,
            "transfers": trail.flows.filter(pl.col("rule") == rule)["transfer"].n_unique(),
            "accounts": pl.concat(
                frame.filter(pl.col("rule") == rule)["account"]
                for frame in (trail.positions, trail.unknown)
            ).n_unique(),
        }
        for rule in silent
    ]


def data_time(trail: Trail) -> datetime:
    """Return the date of the result for documents that must not read a clock: as-of, else the last transfer's time."""
    last = trail.dossier.transfers["time"].max()
    found = trail.options.as_of or (last if isinstance(last, datetime) else _LONG_AGO)
    return found.astimezone(UTC)


def rule_document(name: str) -> dict[str, Any]:
    """Return a rule's name, source and whether evidence may rest on it."""
    rule = RULES[name]
    return {"rule": name, "source": rule.source, "is_evidence": rule.is_evidence}


def totals_of(trail: Trail) -> pl.DataFrame:
    """Return the sums of `SUMS` over all claims, by rule in the order asked for, and currency."""
    order = {rule: place for place, rule in enumerate(trail.options.rules)}
    return (
        trail.summary.group_by("rule", "currency")
        .agg(
            pl.col("claim").n_unique().alias("claims"),
            *(
                pl.when(pl.col(name).is_null().any())
                .then(None)
                .otherwise(pl.col(name).sum())
                .alias(name)
                for name in SUMS
            ),
        )
        .sort(pl.col("rule").replace_strict(order, default=len(order)), "currency")
    )


def range_document(trail: Trail) -> list[dict[str, Any]]:
    """Return, per claim and currency, the least and most of each sum over the rules of the range that ran, if several did."""
    rules = [rule for rule in trail.options.rules if rule in RANGE]
    if len(rules) < 2:
        return []
    among = trail.summary.filter(pl.col("rule").is_in(rules))
    ends = (
        among.group_by("claim", "currency")
        .agg(
            *(pl.col(name).min().alias(f"{name}_min") for name in _RANGED),
            *(pl.col(name).max().alias(f"{name}_max") for name in _RANGED),
        )
        .sort("claim", "currency")
    )
    digits = trail.dossier.digits
    return [
        {
            "claim": row["claim"],
            "currency": row["currency"],
            "rules": rules,
            **{
                name: {
                    end: _text(row[f"{name}_{end}"], digits.of(row["currency"]))
                    for end in ("min", "max")
                }
                for name in _RANGED
            },
        }
        for row in ends.iter_rows(named=True)
    ]


def is_conserved(trail: Trail) -> bool:
    """Return whether every loss equals what its claim has in the rows of positions, exits and unknown, plus the residual.

    Rules without amounts (poison) are left out.
    """
    sums = trail.summary.filter(pl.col("loss").is_not_null())
    keys = ["rule", "claim", "currency"]
    for frame, name in (
        (trail.positions, "located"),
        (trail.exits, "exited"),
        (trail.unknown, "unknown"),
    ):
        counted = frame.group_by(keys).agg(pl.col("amount").sum().alias("counted"))
        joined = sums.join(counted, on=keys, how="left").select(
            (pl.col("counted").fill_null(0) == pl.col(name)).all()
        )
        if not joined.item():
            return False
    whole = pl.sum_horizontal(PLACES) == pl.col("loss")
    return bool(sums.select(whole.all()).item())


def source_document(source: Source) -> dict[str, Any]:
    """Return where rows came from, with the digest of the file."""
    return {
        "file": source.file,
        "sheet": source.sheet,
        "sha256": source.sha256,
        "rows": source.rows_count,
        "supplied_by": source.supplied_by,
        "supplied_at": source.supplied_at,
        "document": source.document,
    }


def options_document(options: Options, dossier: Dossier) -> dict[str, Any]:
    """Return what was asked; times in UTC, durations in seconds, dust as decimal text by currency."""
    digits = dossier.digits
    dust = {
        currency: format_minor(floor, digits.of(currency))
        for currency, floor in sorted((options.dust or {}).items())
    }
    return {
        "rules": list(options.rules),
        "bridge": options.bridge,
        "as_of": _instant(options.as_of),
        "since": _instant(options.since),
        "horizon_seconds": _seconds(options.horizon),
        "dust": dust,
        "digits": dict(sorted(digits.exceptions.items())),
        "timezone": dossier.timezone,
    }


def versions(packages: Sequence[str] = ("numpy", "numba", "polars")) -> dict[str, str]:
    """Return the versions that made the figures: ours, Python's, those of the libraries that compute."""
    found = {"recoup": __version__, "python": platform.python_version()}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _sums(row: Mapping[str, Any], digits: Digits) -> dict[str, Any]:
    shift = digits.of(row["currency"]) if row["currency"] else 0
    money = (*SUMS, "inferred", "asserted")
    return {name: _text(value, shift) if name in money else value for name, value in row.items()}


def _text(minor: int | None, digits: int) -> str | None:
    return None if minor is None else format_minor(minor, digits)


def _instant(time: datetime | None) -> str | None:
    return None if time is None else instant_text(time)


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(seconds=1)
