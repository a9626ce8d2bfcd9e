"""The trail: for every claim, what is located, exited and unknown, under each rule. A value made of polars frames.

Amounts are int64 minor units of the row's currency. `inferred` and `asserted` are the parts of `amount` that rest on a bridge
(`--bridge`) or on an asserted link (`--links`); the rest is proved by statements. `amount` is null under `poison` only, which
has reach and no amounts; its `claim` is ''.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from recoup.records import tables
from recoup.records.dossier import Dossier

_PARTS: Mapping[str, tables.ColumnType] = {"inferred": pl.Int64, "asserted": pl.Int64}

POSITIONS = tables.schema_of(
    {
        "rule": pl.String,
        "claim": pl.String,
        "account": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
        "since": tables.INSTANT,  # earliest money still there
        "held": pl.Int64,  # part of amount that a hold keeps
        **_PARTS,
    }
)
"""One row per (rule, claim, account, currency) with money located at the end (as-of) in a known account."""

FLOWS = tables.schema_of(
    {
        "rule": pl.String,
        "claim": pl.String,
        "transfer": pl.String,
        "depth": pl.Int32,  # fewest hops; the disputed transfer itself is 1
        "amount": pl.Int64,
        **_PARTS,
    }
)
"""How much of each claim every transfer carried; one row per (rule, claim, transfer), exits included."""

EXITS = tables.schema_of(
    {
        "rule": pl.String,
        "claim": pl.String,
        "transfer": pl.String,
        "account": pl.String,  # the terminal account reached, else the account the money left from
        "currency": pl.String,
        "kind": pl.String,  # the transfer's kind, or terminal, to_victim, reversed, converted
        "amount": pl.Int64,
        **_PARTS,
    }
)
UNKNOWN = tables.schema_of(
    {
        "rule": pl.String,
        "claim": pl.String,
        "account": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
        "since": tables.INSTANT,
        **_PARTS,
    }
)
"""The frontier: what reached accounts whose statement was not given."""

SUMMARY = tables.schema_of(
    {
        "rule": pl.String,
        "claim": pl.String,
        "victim": pl.String,
        "currency": pl.String,
        "loss": pl.Int64,
        "located": pl.Int64,
        "held": pl.Int64,  # part of located
        "exited": pl.Int64,
        "unknown": pl.Int64,
        "residual": pl.Int64,
        "recoverable": pl.Int64,  # upper bound under any rule; the same for every rule of a claim
        "accounts": pl.Int32,  # accounts reached
        "depth": pl.Int32,  # most hops of any flow
        **_PARTS,  # parts of located + exited + unknown
    }
)
"""One row per (rule, claim, currency): loss = located + exited + unknown + residual."""

ACCOUNTS = tables.schema_of(
    {
        "account": pl.String,
        "currency": pl.String,
        "name": pl.String,
        "institution": pl.String,
        "standing": pl.String,  # known, unknown, bridged or terminal
        "depth": pl.Int32,  # fewest hops over all rules and claims; 0 for accounts that disputed transfers left
        "opening": pl.Int64,
        "opening_basis": pl.String,  # given, stated (by a balance), smallest (assumed)
        "assumed_credit": pl.Int64,  # what had to be assumed because a stated opening would go negative
        "balance": pl.Int64,  # at the end (as-of), opening and assumed credits included
    }
)
"""One row per pocket that any claim's money reached or left."""

LEADS = tables.schema_of(
    {
        "account": pl.String,  # an unknown account that claims' money reached
        "transfer": pl.String,
        "payee": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
        "time": tables.INSTANT,
    }
)
"""Rows of others that show debits of unknown accounts after money reached them; they carry nothing unless bridged."""

CLAIMS = tables.schema_of(
    {
        "claim": pl.String,
        "victim": pl.String,
        "transfer": pl.String,
        "reported_at": tables.INSTANT,
        "payer": pl.String,
        "payee": pl.String,
        "currency": pl.String,
        "loss": pl.Int64,
        "time": tables.INSTANT,
        "admitted": pl.Boolean,
    }
)

HOLDS_FILLED = tables.schema_of(
    {
        "rule": pl.String,
        "hold": pl.Int32,  # row number in the holds table
        "claim": pl.String,  # '' is money that is no claim's
        "account": pl.String,
        "currency": pl.String,
        "amount": pl.Int64,
    }
)
"""What each hold keeps at the end, by claim."""


def instant_text(time: datetime) -> str:
    """Return an aware instant as ISO 8601 in UTC with Z, with its fraction if it has one: a cut must be told exactly.

    >>> instant_text(datetime.fromisoformat("2026-01-05T18:04:00.5+08:00"))
    '2026-01-05T10:04:00.500000Z'
    """
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def length_text(span: timedelta) -> str:
    """Return a span as the command line takes it: 7d, 3h17m.

    >>> length_text(timedelta(days=1, minutes=90))
    '1d1h30m'
    """
    hours, minutes = span.seconds // 3600, span.seconds // 60 % 60
    parts = ((span.days, "d"), (hours, "h"), (minutes, "m"), (span.seconds % 60, "s"))
    fine = f"{span.microseconds}us" if span.microseconds else ""
    return "".join(f"{count}{unit}" for count, unit in parts if count) + fine


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked: the rules and the cuts. Times are aware."""

    rules: tuple[str, ...] = ("fifo",)
    bridge: bool = False
    as_of: datetime | None = None
    since: datetime | None = None
    horizon: timedelta | None = None
    dust: Mapping[str, int] | None = None
    """Minor units by currency below which a claim's part of one transfer is dropped into the residual."""


@dataclass(frozen=True)
class Trail:
    """The result of tracing claims through a dossier under one or more rules."""

    dossier: Dossier
    """What was traced: the given one with its links woven in and its order settled; every id of the frames is a row of it."""
    options: Options
    claims: pl.DataFrame
    positions: pl.DataFrame
    flows: pl.DataFrame
    exits: pl.DataFrame
    unknown: pl.DataFrame
    summary: pl.DataFrame
    accounts: pl.DataFrame
    leads: pl.DataFrame
    holds: pl.DataFrame
    assumptions: tuple[str, ...] = ()
    """Sentences for the evidence: openings, overdrafts, bridges, ties, what was left out."""
    given: Dossier | None = None
    """What was given, before its links were woven in; None: `dossier` itself."""
    retraced: tuple[str, ...] | None = None
    """Claims that `extend` had to trace again; None for a trail traced at once."""

    def at(self, time: datetime) -> Trail:
        """Return the trail as it stood at `time` (aware, inclusive): only the result is cut, assumptions use all rows."""
        from recoup.trace.trace import trace_dossier

        return trace_dossier(
            self.given or self.dossier, self.claims, replace(self.options, as_of=time)
        )

    def extend(self, more: pl.DataFrame) -> Trail:
        """Return the trail with more transfers, late or back-dated ones too; equal to tracing everything at once.

        Args:
            more: schema `records.tables.TRANSFERS`; `recoup.transfers_frame` makes it of any frame.
        """
        from recoup.trace.extend import extend

        return extend(self, more)

    def _repr_svg_(self) -> str | None:
        """Return the picture of the first rule, for notebooks."""
        return draw(self) if draw is not None else None


draw: Callable[[Trail], str] | None = None
"""Set by the layer that can draw (`recoup.tracing`); this room may not know it."""
