"""What a twin says: plain dictionaries of plain numbers, by rule. Not frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from twin.facts import Pocket


class Parts(NamedTuple):
    """An amount and the parts of it that rest on a bridge or on an asserted link (one unit may be both)."""

    amount: int
    inferred: int = 0
    asserted: int = 0


class Position(NamedTuple):
    amount: int
    since: datetime
    held: int
    inferred: int
    asserted: int


class Frontier(NamedTuple):
    amount: int
    since: datetime
    inferred: int
    asserted: int


class Flow(NamedTuple):
    amount: int
    depth: int
    inferred: int
    asserted: int


class Totals(NamedTuple):
    loss: int
    located: int
    exited: int
    unknown: int
    residual: int
    recoverable: int
    held: int
    accounts: int
    depth: int
    inferred: int
    asserted: int


class Fields(NamedTuple):
    """Of one pocket: opening and its basis, assumed credits and the balance at the end."""

    opening: int
    basis: str
    assumed: int
    balance: int


@dataclass
class Outcome:
    """The result of one rule."""

    rule: str
    positions: dict[tuple[str, str, str], Position] = field(default_factory=dict)
    """By (claim, account, currency), known accounts."""
    flows: dict[tuple[str, str], Flow] = field(default_factory=dict)
    """By (claim, transfer)."""
    exits: dict[tuple[str, str, str, str, str], Parts] = field(default_factory=dict)
    """By (claim, transfer, account, currency, kind)."""
    unknown: dict[tuple[str, str, str], Frontier] = field(default_factory=dict)
    """By (claim, account, currency)."""
    summary: dict[tuple[str, str], Totals] = field(default_factory=dict)
    """By (claim, currency)."""
    pockets: dict[Pocket, Fields] = field(default_factory=dict)
    """Every pocket of the ledger, known or bridged."""
    holds: dict[tuple[int, str], int] = field(default_factory=dict)
    """What each hold keeps at the end, by (row, claim); '' is money that is no claim's."""
    leads: set[str] = field(default_factory=set)
    """Transfers out of unknown accounts (not bridged) after claims' money reached them."""
