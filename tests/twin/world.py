"""One tracing question as plain values, its canonical tables, and its print as CSV lines. Making random ones is `maker`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import polars as pl

from recoup.records import tables
from recoup.records.dossier import Dossier
from recoup.trace.trail import Options
from twin.facts import Row

START: Final = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hold:
    account: str
    currency: str
    amount: int
    time: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    source: str
    target: str
    amount: int
    currency: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Dispute:
    claim: str
    victim: str
    transfer: str
    is_admitted: bool = True


@dataclass(frozen=True)
class World:
    """Inputs of one tracing question as plain values."""

    rows: tuple[Row, ...]
    claims: tuple[Dispute, ...]
    known: frozenset[str] | None = None
    terminal: frozenset[str] = frozenset()
    openings: tuple[tuple[str, str, datetime, int], ...] = ()
    holds: tuple[Hold, ...] = ()
    links: tuple[Link, ...] = ()
    options: Options = field(
        default_factory=lambda: Options(rules=("fifo", "lifo", "rolling", "lowest-balance"))
    )
    label: str = ""
    """How to make it again: seed, size and features."""

    def dossier(self) -> Dossier:
        """Return the canonical tables."""
        return Dossier(
            transfers=pl.DataFrame(
                [_record(row, i) for i, row in enumerate(self.rows)], schema=tables.TRANSFERS
            ).sort("time", "sequence", "id"),
            sources=(),
            known=self.known,
            terminal=self.terminal,
            openings=_frame(self.openings, tables.OPENINGS),
            holds=_frame(
                [(h.account, h.currency, h.amount, h.time, h.until) for h in self.holds],
                tables.HOLDS,
            ),
            links=_frame(
                [
                    (k.source, k.target, k.amount, k.currency, k.time, "", "", "", 0, i + 2)
                    for i, k in enumerate(self.links)
                ],
                tables.LINKS,
            ),
        )

    def claim_table(self) -> pl.DataFrame:
        """Return the claims in the canonical schema."""
        ordered = sorted(self.claims, key=lambda claim: claim.claim)
        return _frame(
            [(c.claim, c.victim, c.transfer, None, c.is_admitted) for c in ordered], tables.CLAIMS
        )

    def with_rules(self, *rules: str) -> World:
        """Return the same world asked under other rules."""
        return replace(self, options=replace(self.options, rules=rules))

    def __str__(self) -> str:
        """Return the world as CSV lines, for failing tests."""
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        lines = [
            f"# {self.label}",
            "id,time,sequence,payer,payee,amount,currency,kind,reference,reverses,payer_balance,payee_balance",
        ]
        for r in sorted(self.rows, key=lambda r: (r.time, r.sequence, r.id)):
            cells = [
                r.id,
                f"{r.time:%d %H:%M}",
                r.sequence,
                r.payer,
                r.payee,
                r.amount,
                r.currency,
                r.kind,
                r.reference,
            ]
            cells += [r.reverses, _text(r.payer_balance), _text(r.payee_balance)]
            lines.append(",".join(str(cell) for cell in cells))
        lines += [f"claim,{c.claim},{c.transfer},admitted={c.is_admitted}" for c in self.claims]
        if self.known is not None:
            lines.append("known," + ",".join(sorted(self.known)))
        if self.terminal:
            lines.append("terminal," + ",".join(sorted(self.terminal)))
        lines += [f"opening,{a},{c},{t:%d %H:%M},{b}" for a, c, t, b in self.openings]
        lines += [
            f"hold,{h.account},{h.currency},{h.amount},{h.time:%d %H:%M},{_text(h.until)}"
            for h in self.holds
        ]
        lines += [
            f"link,{k.source},{k.target},{k.amount},{k.currency},{k.time:%d %H:%M}"
            for k in self.links
        ]
        o = self.options
        lines.append(
            f"# as_of={o.as_of} since={o.since} horizon={o.horizon} dust={o.dust} bridge={o.bridge} rules={o.rules}"
        )
        return lines


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _frame(rows: object, schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema, orient="row")  # type: ignore[call-overload]


def _record(row: Row, index: int) -> dict[str, object]:
    text = dict.fromkeys(
        ("rail", "payer_name", "payee_name", "payer_institution", "payee_institution"), ""
    )
    return {
        "id": row.id,
        "time": row.time,
        "sequence": row.sequence,
        "payer": row.payer,
        "payee": row.payee,
        "amount": row.amount,
        "currency": row.currency,
        "kind": row.kind,
        "reference": row.reference,
        "payer_balance": row.payer_balance,
        "payee_balance": row.payee_balance,
        "reverses": row.reverses,
        "source": 0,
        "row": index + 2,
        "other_source": None,
        "other_row": None,
        **text,
    }
