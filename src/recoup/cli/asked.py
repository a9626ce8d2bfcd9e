"""What a user asked for on the command line, turned from text into values. Wrong text is a `Problem`, never a traceback."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from recoup import limits
from recoup.errors import InputFault
from recoup.money import Digits
from recoup.records.problems import Problem

_DURATION_MAX = timedelta(
    days=366_000
)  # a thousand years: an instant that much later still fits 64 bits
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
        found = found.astimezone(UTC)
    except (ValueError, KeyError, OSError, OverflowError) as error:
        raise _refuse(
            option, "time_unreadable", text, "write it as 2026-01-31T18:30:00+08:00"
        ) from error
    return found


def duration(text: str | None, option: str = "--horizon") -> timedelta | None:
    """Return the length of time of `text`: 72h, 30m, 7d, 1d12h or ISO 8601 PT24H."""
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    found = match.groupdict() if match else {}
    try:
        length = timedelta(**{name: int(value) for name, value in found.items() if value})
    except (OverflowError, ValueError):
        length = timedelta(0)
    if not timedelta(0) < length <= _DURATION_MAX:
        raise _refuse(option, "duration_unreadable", text, "write it as 72h, 30m, 7d or PT24H")
    return length


def zone(text: str | None) -> str | None:
    """Return the IANA time zone of `text`."""
    from recoup.reading import ADVICE
    from recoup.reading.times import zone_exists

    if text is not None and not zone_exists(text):
        raise _refuse("--timezone", "timezone_unknown", text, ADVICE["timezone_unknown"])
    return text


def rules(given: list[str] | None) -> tuple[str, ...]:
    """Return the rules of `--rule`, repeated or joined by commas; fifo if none was given."""
    from recoup.trace import RULES, expand

    names = tuple(name.strip() for text in given or ["fifo"] for name in text.split(","))
    try:
        return expand(names)
    except KeyError as error:
        advice = f"use one of {', '.join((*RULES, 'all'))}"
        raise _refuse("--rule", "unknown_rule", error.args[0], advice) from None


def check_places(inputs: list[Path], out: Path, rejects: Path | None) -> None:
    """Refuse results that would be read as input the next time, or that would replace an input."""
    from recoup.evidence.staging import RESULTS

    target = out.resolve()
    files = {path.resolve() for path in inputs}
    for path in inputs:
        if path.is_dir() and target.is_relative_to(path.resolve()):
            advice = "choose a folder outside: the next run would read its results as statements"
            raise _refuse("--out", "out_among_inputs", str(out), advice)
    if any(path.parent == target and path.name in RESULTS for path in files):
        advice = "choose another folder: an input file has the name of a result there"
        raise _refuse("--out", "out_among_inputs", str(out), advice)
    if rejects is None:
        return
    place = rejects.resolve()
    if place in files or (place.parent == target and place.name in RESULTS):
        advice = "choose another file: this is an input or a result"
        raise _refuse("--rejects", "out_among_inputs", str(rejects), advice)
    if place.is_dir():
        raise _refuse("--rejects", "out_is_folder", str(rejects), "name a file")


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
    return {
        currency: min(int(minor), limits.POCKET_MINOR_MAX) for currency, minor in scaled.items()
    }
