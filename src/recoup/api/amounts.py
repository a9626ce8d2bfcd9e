"""Amounts of requests: decimal text into minor units, or the problem that says why not."""

from __future__ import annotations

from recoup.api.problems import ProblemError
from recoup.money import ISO_DIGITS, AmountError, parse_minor


def minor_of(amount: str, currency: str) -> int:
    """Return the minor units of decimal text in a currency."""
    if not ISO_DIGITS.knows(currency):
        raise ProblemError("currency_unknown")
    try:
        return parse_minor(amount, ISO_DIGITS.of(currency))
    except AmountError as fault:
        raise ProblemError("amount_unfit", str(fault)) from fault


__all__ = ["minor_of"]
