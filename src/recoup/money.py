"""Money as integer minor units: parsing and printing decimals, digits per currency, exact sharing. No floats, no rates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

INT64_MAX: Final = 2**63 - 1
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")

# ISO 4217 minor units other than two (list one, 2024-06); every other active code has two.
_DIGITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "CLF": 4,
    "UYW": 4,
}

# ISO 4217 active codes with two digits, and the common tokens investigators meet (six digits, as their ledgers keep them).
_TWO: Final = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
    SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG CNH""".split()
)
_TOKENS: Final[Mapping[str, int]] = {"USDT": 6, "USDC": 6}


class AmountError(ValueError):
    """Text that is not an amount of the currency; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Digits:
    """How many decimals each currency has: ISO 4217, with the exceptions a user declared (`--digits JPY=2`)."""

    exceptions: Mapping[str, int]

    def of(self, currency: str) -> int:
        """Return the decimals of `currency`; raise `KeyError` for an unknown one."""
        if currency in self.exceptions:
            return self.exceptions[currency]
        if currency in _TWO:
            return 2
        return _DIGITS[currency] if currency in _DIGITS else _TOKENS[currency]

    def knows(self, currency: str) -> bool:
        """Return whether `currency` is ISO 4217, a known token, or declared."""
        return (
            currency in self.exceptions
            or currency in _TWO
            or currency in _DIGITS
            or currency in _TOKENS
        )


ISO_DIGITS: Final = Digits({})


def parse_minor(text: str, digits: int) -> int:
    """Return the minor units of decimal `text`, sign kept; finer than `digits` or past int64 raises `AmountError`.

    >>> parse_minor("12.5", 2)
    1250
    """
    cleaned = text.strip().replace(",", "")
    if not _DECIMAL.fullmatch(cleaned):
        raise AmountError("expected a decimal number")
    sign = -1 if cleaned.startswith("-") else 1
    whole, _, fraction = cleaned.lstrip("+-").partition(".")
    kept, finer = fraction[:digits], fraction[digits:]
    if finer.strip("0"):
        raise AmountError(f"expected at most {digits} decimals")
    minor = sign * int((whole or "0") + kept.ljust(digits, "0"))
    if abs(minor) > INT64_MAX:
        raise AmountError("expected an amount that fits 64 bits")
    return minor


def format_minor(minor: int, digits: int) -> str:
    """Return `minor` as decimal text with exactly `digits` decimals.

    >>> format_minor(-1205, 2)
    '-12.05'
    """
    if digits == 0:
        return str(minor)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` by integer `weights`: largest remainder, ties to the earlier; the parts sum to `total` exactly.

    Raises `ValueError` when a weight is negative, or all are zero and there is something to share.

    >>> split(100, [1, 1, 1])
    [34, 33, 33]
    """
    whole = sum(weights)
    if any(weight < 0 for weight in weights) or (whole == 0 and total != 0):
        raise ValueError("expected weights of at least zero, and one above it")
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
