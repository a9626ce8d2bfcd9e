"""What a user asked for on the command line, turned from text into values. Wrong text is a `Problem`, never a traceback."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from recoup import limits
from recoup.errors import InputFault
from recoup.money import Digits
from recoup.records.problems import Problem

_DAYS = r"(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?"
_CLOCK = r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?"
_DURATION = re.compile(_DAYS + _CLOCK, re.IGNORECASE)
_ISO_DURATION = re.compile(f"P{_DAYS}(?:T{_CLOCK})?", re.IGNORECASE)  # P1M would be a month


def refuse(option: str, code: str, found: str) -> InputFault:
    """Return the fault for an option that cannot be carried out."""
    from recoup.reading import ADVICE

    return InputFault([Problem(option, "", 0, "", code, found, ADVICE[code])])


def instant(text: str | None, option: str, timezone: str | None) -> datetime | None:
    """Return the aware instant of ISO 8601 `text`; one without a zone stands in `timezone`, and is refused without that."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = _placed(found, option, text, timezone)
        return found.astimezone(UTC)
    except (ValueError, KeyError, OSError, OverflowError) as error:
        raise refuse(option, "option_time_unreadable", text) from error


def _placed(local: datetime, option: str, text: str, timezone: str | None) -> datetime:
    """Return `local` in its zone; an hour that a change of clocks doubles or skips is refused, as in the statements."""
    if timezone is None:
        raise refuse(option, "time_without_zone", text)
    first, second = (local.replace(tzinfo=ZoneInfo(timezone), fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(first.tzinfo).replace(tzinfo=None) == local
        raise refuse(option, "time_ambiguous" if exists else "time_nonexistent", text)
    return first


def duration(text: str | None, option: str = "--horizon") -> timedelta | None:
    """Return the length of time of `text`: 72h, 30m, 7d, 1d12h or ISO 8601 PT24H."""
    if text is None:
        return None
    plain = text.strip()
    match = (_ISO_DURATION if plain[:1] in "Pp" else _DURATION).fullmatch(plain)
    found = match.groupdict() if match else {}
    try:
        length = timedelta(**{name: int(value) for name, value in found.items() if value})
    except (OverflowError, ValueError):
        length = timedelta(0)
    if not timedelta(0) < length <= limits.HORIZON_MAX:
        raise refuse(option, "duration_unreadable", text)
    return length


def zone(text: str | None) -> str | None:
    """Return the IANA time zone of `text`."""
    from recoup.reading.times import zone_exists

    if text is not None and not zone_exists(text):
        raise refuse("--timezone", "timezone_unknown", text)
    return text


def rules(given: list[str] | None) -> tuple[str, ...]:
    """Return the rules of `--rule`, repeated or joined by commas; fifo if none was given."""
    from recoup.trace import expand

    names = tuple(name.strip() for text in given or ["fifo"] for name in text.split(","))
    try:
        return expand(names)
    except KeyError as error:
        raise refuse("--rule", "unknown_rule", error.args[0]) from None


def check_places(inputs: list[Path], out: Path, rejects: Path | None) -> None:
    """Refuse results that would be read as input the next time, or that would replace an input."""
    from recoup.evidence.staging import RESULTS

    target = out.resolve()
    files = {path.resolve() for path in inputs}
    for path in inputs:
        if path.is_dir() and target.is_relative_to(path.resolve()):
            # The next run would read these results as statements.
            raise refuse("--out", "out_among_inputs", f"{out} in the folder {path}")
    taken = sorted(path.name for path in files if path.parent == target and path.name in RESULTS)
    if taken:
        raise refuse("--out", "out_among_inputs", f"{out} holds the input {taken[0]}")
    check_writable("--out", target, folder=True)
    if rejects is None:
        return
    place = rejects.resolve()
    if place in files or (place.parent == target and place.name in RESULTS):
        raise refuse("--rejects", "out_among_inputs", str(rejects))
    check_writable("--rejects", place, folder=False)


def check_map_place(place: Path, inputs: list[Path]) -> None:
    """Refuse to write a map over an input."""
    if place.resolve() in {path.resolve() for path in inputs}:
        raise refuse("--save-map", "out_among_inputs", str(place))
    check_writable("--save-map", place.resolve(), folder=False)


def check_writable(option: str, place: Path, *, folder: bool) -> None:
    """Refuse a place for results that cannot be made or written, before any work is done for it."""
    try:
        str(place).encode()
    except UnicodeEncodeError:
        found = os.fsencode(place).decode("utf-8", "backslashreplace")
        raise refuse(option, "out_unwritable", f"{found}: the name is not UTF-8") from None
    try:
        if place.exists() and place.is_dir() != folder:
            raise refuse(option, "out_is_file" if folder else "out_is_folder", str(place))
        above = next(path for path in place.parents if path.exists())
        if not above.is_dir():
            raise refuse(option, "out_is_file", str(above))
        # What is written is made beside its place first, and moved in at the end.
        needed = [above, place] if folder and place.exists() else [above]
        locked = [str(path) for path in needed if not os.access(path, os.W_OK | os.X_OK)]
    except OSError as error:
        locked = [f"{place}: {error.strerror}"]
    if locked:
        raise refuse(option, "out_unwritable", locked[0])


def dust(text: str | None, currencies: list[str], digits: Digits) -> dict[str, int] | None:
    """Return the floor in minor units of every currency, rounded up, from one decimal amount."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount <= 0 or amount > 2**53:
        raise refuse("--dust", "dust_unreadable", text)
    scaled = {c: amount.scaleb(digits.of(c)).to_integral_value(ROUND_CEILING) for c in currencies}
    return {
        currency: min(int(minor), limits.POCKET_MINOR_MAX) for currency, minor in scaled.items()
    }
