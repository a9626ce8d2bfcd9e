"""What a transfer is: the closed list of kinds, and which of them leave the ledger. Not rails (free text)."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "transfer",
    "cash_in",
    "cash_out",
    "purchase",
    "exchange",
    "wallet",
    "abroad",
    "fee",
    "reversal",
    "conversion",
)
"""`kind` of a transfer; an empty kind is read as `transfer`. `exchange` is virtual currency."""

FOR_VALUE: Final = frozenset({"purchase", "exchange"})
"""Kinds of what is paid as the price of something: institutions set them, payers do not."""

OUTSIDE: Final = ""
"""The account name of the outside: an empty payer is money from outside, an empty payee an exit."""

EXITS_MADE: Final = ("to_victim", "reversed", "converted", "terminal")
"""Exit kinds that tracing itself makes, beside the transfer's own kind (SEMANTICS 1)."""
