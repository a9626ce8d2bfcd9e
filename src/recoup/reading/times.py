"""Times of many spellings into UTC instants, a column at a time. No clock is read and no zone is guessed."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from recoup.records.tables import INSTANT

_ZONED: Final = r"\d[T ].*:\d\d.*\s*(?:Z|[+-]\d\d:?\d\d)$|^\d{14}(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$"
_FORMATS: Final[tuple[tuple[str, int], ...]] = (
    (
        "%Y-%m-%d %H:%M:%S",
        0,
    ),  # spellings of one length first: polars reads them several times faster
    ("%Y-%m-%dT%H:%M:%S", 0),
    ("%Y/%m/%d %H:%M:%S", 0),
    ("%Y-%m-%d %H:%M:%S%.f", 0),
    ("%Y-%m-%dT%H:%M:%S%.f", 0),
    ("%Y/%m/%d %H:%M:%S%.f", 0),
    ("%Y%m%d%H%M%S", 0),
    ("%Y%m%d %H:%M:%S", 0),
    ("%Y%m%d %H%M%S", 0),
    ("%Y.%m.%d %H:%M:%S", 0),
    ("%Y年%m月%d日 %H:%M:%S", 0),
    ("%Y年%m月%d日%H:%M:%S", 0),
    ("%Y年%m月%d日 %H时%M分%S秒", 0),
    ("%Y-%m-%d-%H.%M.%S%.f", 0),
    ("%Y-%m-%d %H.%M.%S", 0),
    ("%Y-%m-%d %H%M%S", 0),
    ("%Y-%m-%d %H:%M", 60),
    ("%Y-%m-%dT%H:%M", 60),
    ("%Y/%m/%d %H:%M", 60),
    ("%Y%m%d%H%M", 60),
    ("%Y年%m月%d日 %H:%M", 60),
    ("%Y-%m-%d", 86_400),
    ("%Y/%m/%d", 86_400),
    ("%Y%m%d", 86_400),
    ("%Y.%m.%d", 86_400),
    ("%Y年%m月%d日", 86_400),
)
"""Format and the seconds that it leaves open. Day and month never change places: such dates need a map."""
_ZONED_FORMATS: Final = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y%m%d%H%M%S%#z",
    "%Y/%m/%d %H:%M:%S%.f%#z",
)
_YEAR_MIN: Final = 1900
_YEAR_MAX: Final = 2099  # the zone tables of polars know no daylight saving after it


@dataclass(frozen=True, slots=True)
class Instants:
    """`value` is UTC, null where unreadable; `reason` then holds a problem code (null for empty text); `slack` in seconds."""

    value: pl.Series
    reason: pl.Series
    slack: pl.Series


def zone_exists(zone: str) -> bool:
    """Return whether `zone` is an IANA time zone that this installation knows."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def is_format(form: str) -> bool:
    """Return whether `form` is a format that reads back what it writes of an instant.

    >>> is_format("%d.%m.%Y %H:%M"), is_format("%Q"), is_format("%H:%M")
    (True, False, False)
    """
    zone = UTC if form.endswith("z") else None
    moment = pl.Series([datetime(2001, 12, 31, 22, 58, 56, tzinfo=zone)])
    try:
        text = moment.dt.strftime(form)
    except pl.exceptions.PolarsError:
        return False
    read = _try(text, form)
    return read.null_count() == 0 and read.dt.date().item() == moment.dt.date().item()


def instants(values: pl.Series, zone: str | None, formats: tuple[str, ...] = ()) -> Instants:
    """Return UTC instants of `values` (text, dates or datetimes); local ones stand in `zone`.

    Args:
        values: text in one of the known spellings, or a temporal or whole-number column.
        zone: IANA zone of values that state none; None: those are refused as `time_without_zone`.
        formats: strptime formats of the user, tried first.
    """
    if isinstance(values.dtype, pl.Datetime):
        return _from_datetime(values, values.dtype.time_zone, zone)
    if values.dtype == pl.Date:
        local = values.cast(pl.Datetime("us"))
        return _finish(values, local, _none(len(values)), zone, slack=86_400)
    return _from_text(values.cast(pl.String), zone, formats)


def _none(length: int) -> pl.Series:
    return pl.repeat(None, length, dtype=INSTANT, eager=True)


def _from_datetime(values: pl.Series, own_zone: str | None, zone: str | None) -> Instants:
    if own_zone is None:
        return _finish(values, values.cast(pl.Datetime("us")), _none(len(values)), zone, slack=0)
    aware = values.dt.convert_time_zone("UTC").cast(INSTANT)
    local = pl.repeat(None, len(values), dtype=pl.Datetime("us"), eager=True)
    return _finish(values, local, aware, zone, slack=0)


def _from_text(text: pl.Series, zone: str | None, formats: tuple[str, ...]) -> Instants:
    frame = pl.DataFrame({"text": text})
    local = pl.repeat(None, len(text), dtype=pl.Datetime("us"), eager=True)
    slack = pl.repeat(0, len(text), dtype=pl.Int32, eager=True)
    aware = _aware(text)
    left = text.is_not_null() & (text != "") & aware.is_null()
    for form, open_seconds in (*((form, 0) for form in formats), *_ordered(text, left)):
        if not left.any():
            break
        parsed = _try(frame["text"], form)
        hit = left & parsed.is_not_null()
        if not hit.any():
            continue
        if form.endswith("z"):
            aware = aware.zip_with(~hit, parsed.cast(INSTANT))
        else:
            local = pl.select(pl.when(hit).then(parsed).otherwise(local)).to_series()
        if open_seconds:
            slack = pl.select(
                pl.when(hit).then(pl.lit(open_seconds, pl.Int32)).otherwise(slack)
            ).to_series()
        left = left & ~hit
    return _finish(text, local, aware, zone, slack=slack)


def _aware(text: pl.Series) -> pl.Series:
    """Instants of the values that state their offset; null for the others."""
    out = _none(len(text))
    alike = _one_offset(text)
    if alike is not None:
        return alike
    zoned = text.str.contains(_ZONED).fill_null(value=False)
    if not zoned.any():
        return out
    at = zoned.arg_true()
    part = text.gather(at)
    best = _none(len(part))
    for form in _ZONED_FORMATS:
        best = best.zip_with(best.is_not_null(), _try(part, form).cast(INSTANT))
        if best.null_count() == 0:
            break
    return out.scatter(at, best)


def _one_offset(text: pl.Series) -> pl.Series | None:
    """Instants of a column whose every value ends in the same offset and is spelled alike, the common case; else None."""
    first = text.first()
    found = re.search(r"(?<=[T ]\d\d:\d\d:\d\d)(?:Z|([+-])(\d\d):?(\d\d))$", str(first or ""))
    if not found or not text.str.ends_with(found.group()).all() or text.null_count():
        return None
    bare = text.str.strip_suffix(found.group())
    parsed = _try(bare, f"%Y-%m-%d{str(first)[10]}%H:%M:%S")
    if parsed.null_count():
        return None
    sign, hours, minutes = found.groups()
    seconds = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return (parsed - timedelta(seconds=seconds)).dt.replace_time_zone("UTC")


def _ordered(text: pl.Series, left: pl.Series) -> tuple[tuple[str, int], ...]:
    """The known formats, the one that reads the first value in front: a column mostly has one spelling."""
    first = text.filter(left).head(1)
    if first.is_empty():
        return _FORMATS
    reads = [pair for pair in _FORMATS if _try(first, pair[0]).null_count() == 0]
    return (*reads[:1], *(pair for pair in _FORMATS if pair not in reads[:1]))


def _try(text: pl.Series, form: str) -> pl.Series:
    zoned = form.endswith("z")
    dtype = pl.Datetime("us", "UTC") if zoned else pl.Datetime("us")
    try:
        if any(part in form for part in ("%H", "%M", "%S", "%I", "%T", "%R", "%s")):
            return text.str.to_datetime(form, strict=False, time_unit="us", cache=False).cast(dtype)
        return text.str.to_date(form, strict=False).cast(dtype)
    except pl.exceptions.PolarsError:  # a user's format that polars does not know reads nothing
        return pl.repeat(None, len(text), dtype=dtype, eager=True)


def _given(values: pl.Series) -> pl.Series:
    return (
        (values != "") & values.is_not_null() if values.dtype == pl.String else values.is_not_null()
    )


def _finish(
    values: pl.Series, local: pl.Series, aware: pl.Series, zone: str | None, slack: int | pl.Series
) -> Instants:
    """Put local times into `zone`, and say for every value that is no instant why."""
    frame = pl.DataFrame({"local": local, "aware": aware, "given": _given(values)})
    lasting = (
        slack
        if isinstance(slack, pl.Series)
        else pl.repeat(slack, len(values), dtype=pl.Int32, eager=True)
    )
    if zone is None:
        placed, doubtful = pl.lit(None, INSTANT), pl.lit("time_without_zone")
    else:
        clock = pl.col("local").dt
        placed = (
            clock.replace_time_zone(zone, ambiguous="null", non_existent="null")
            .dt.convert_time_zone("UTC")
            .cast(INSTANT)
        )
        exists = clock.replace_time_zone(
            zone, ambiguous="earliest", non_existent="null"
        ).is_not_null()
        doubtful = (
            pl.when(exists).then(pl.lit("time_ambiguous")).otherwise(pl.lit("time_nonexistent"))
        )
    frame = frame.with_columns(value=pl.coalesce("aware", placed))
    frame = frame.with_columns(
        value=pl.when(pl.col("value").dt.year().is_between(_YEAR_MIN, _YEAR_MAX)).then("value")
    )
    if frame["value"].null_count() == 0:
        return Instants(
            frame["value"], pl.repeat(None, len(values), dtype=pl.String, eager=True), lasting
        )
    year = pl.coalesce("local", pl.col("aware").dt.replace_time_zone(None)).dt.year()
    reason = (
        pl.when(pl.col("value").is_not_null() | pl.col("given").not_())
        .then(None)
        .when(pl.col("local").is_null() | year.is_between(_YEAR_MIN, _YEAR_MAX).not_())
        .then(pl.lit("time_unreadable"))
        .otherwise(doubtful)
    )
    return Instants(frame["value"], frame.select(reason.alias("reason")).to_series(), lasting)
