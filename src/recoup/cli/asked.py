"""What a user asked for on the command line, turned from text into values. Wrong text is a `Problem`, never a traceback."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from recoup.errors import InputFault
from recoup.money import Digits
from recoup.records.problems import Problem

_DURATION_MAX = timedelta(days=366_000)  # a thousand years: an instant that much later still fits 64 bits
_DURATION = re.compile(
    r"(?:P)?(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?t?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?",
    re.IGNORECASE,
)


def _refuse(option: str, code: str, found: str, advice: str) -> InputFault:
    """Return the fault for an option that cannot be understood."""
    return InputFault([Problem(option, "", 0, "", code, found, advice)])


def instant(text: str | None, option: str, timezone: str | None) -> datetime | None:
    """Return the aware instant of ISO 8601 `text`; one without a zone needs `--timezone`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            if timezone is None:
                raise _refuse(
                    option, "time_without_zone", text, "add a zone, e.g. +08:00, or give --timezone"
                )
            found = found.replace(tzinfo=ZoneInfo(timezone))
    except (ValueError, KeyError, OSError) as error:
        raise _refuse(
            option, "time_unreadable", text, "write it as 2026-01-31T18:30:00+08:00"
        ) from error
    return found


def duration(text: str | None, option: str = "--horizon") -> timedelta | None:
    """Return the length of time of `text`: 72h, 30m, 7d, 1d12h or ISO 8601 PT24H."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    parts = (
        {name: int(value) for name, value in match.groupdict().items() if value} if match else {}
    )
    try:
        length = timedelta(**parts)
    except (OverflowError, ValueError):
        length = timedelta(0)
    if not timedelta(0) < length <= _DURATION_MAX:
        raise _refuse(option, "duration_unreadable", text, "write it as 72h, 30m, 7d or PT24H")
    return length


def dust(text: str | None, currencies: list[str], digits: Digits) -> dict[str, int] | None:
    """Return the floor in minor units of every currency, rounded up, from one decimal amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount <= 0 or amount > 2**53:
        raise _refuse(
            "--dust", "amount_unreadable", text, "give a positive decimal amount, e.g. 1.00"
        )
    scaled = {c: amount.scaleb(digits.of(c)).to_integral_value(ROUND_CEILING) for c in currencies}
    return {currency: int(minor) for currency, minor in scaled.items()}
