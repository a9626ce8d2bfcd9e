"""Payments of plain JSON read by their bytes. Whatever is not of the plainest form is left to a reader of all of JSON.

Plain is `{"payments": [{...}, ...]}` with strings of printable ASCII without a backslash, names that are known and stand once,
white space between, and nothing else. Nothing is judged here: what a string says is looked at by whoever asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.trace.kernels.compiled import brief, inner

Array = Any  # numba infers types from the call; the docstrings give them

ID, AMOUNT, CURRENCY, TIME, PAYER, PAYEE, KIND, CHANNEL = range(8)
_NEEDED = 0b1111
_PAYMENTS = np.frombuffer(b'"payments"', np.uint8)
_QUOTE, _BACKSLASH, _COMMA, _COLON = 34, 92, 44, 58
_OPEN, _CLOSE, _FIRST, _LAST = 123, 125, 91, 93


@inner
def past_space(body: Array, at: int) -> int:
    """Return the place of the next byte that is no white space."""
    while at < body.size and (body[at] == 32 or body[at] == 10 or body[at] == 13 or body[at] == 9):
        at += 1
    return at


@inner
def past(body: Array, at: int, byte: int) -> int:
    """Return the place behind `byte` and the white space around it; -1 where another stands there."""
    at = past_space(body, at)
    if at >= body.size or body[at] != byte:
        return -1
    return past_space(body, at + 1)  # type: ignore[no-any-return]


@inner
def end_of(body: Array, at: int) -> int:
    """Return the place of the quote that ends a string whose text begins at `at`; -1 where it is not plain."""
    while at < body.size:
        byte = body[at]
        if byte == _QUOTE:
            return at
        if byte < 32 or byte > 126 or byte == _BACKSLASH:
            return -1
        at += 1
    return -1


@inner
def name_of(body: Array, begin: int, end: int) -> int:
    """Return which name stands in body[begin:end]; -1 for one that is not known."""
    size = end - begin
    word = np.uint64(0)
    if not 2 <= size <= 8:
        return -1
    for at in range(begin, end):
        word = (word << np.uint64(8)) | np.uint64(body[at])
    if word == np.uint64(0x6964):
        return ID
    if word == np.uint64(0x616D6F756E74):
        return AMOUNT
    if word == np.uint64(0x63757272656E6379):
        return CURRENCY
    if word == np.uint64(0x74696D65):
        return TIME
    if word == np.uint64(0x7061796572):
        return PAYER
    if word == np.uint64(0x7061796565):
        return PAYEE
    if word == np.uint64(0x6B696E64):
        return KIND
    if word == np.uint64(0x6368616E6E656C):
        return CHANNEL
    return -1


@inner
def past_payment(body: Array, at: int, span: Array) -> int:
    """Write where the texts of the payment that begins at `at` stand, i32[8, 2]; return the place behind it, or -1."""
    met = 0
    at = past(body, at, _OPEN)
    while at >= 0:
        if at >= body.size or body[at] != _QUOTE:
            return -1
        end = end_of(body, at + 1)
        field = name_of(body, at + 1, end) if end >= 0 else -1
        if field < 0 or met >> field & 1:
            return -1
        met |= 1 << field
        at = past(body, end + 1, _COLON)
        if at < 0 or at >= body.size or body[at] != _QUOTE:
            return -1
        end = end_of(body, at + 1)
        if end < 0:
            return -1
        span[field, 0], span[field, 1] = at + 1, end
        at = past_space(body, end + 1)
        if at >= body.size:
            return -1
        if body[at] == _CLOSE:
            return at + 1 if met & _NEEDED == _NEEDED else -1
        at = past(body, at, _COMMA)
    return -1


@brief
def payments_of(body: Array, spans: Array) -> int:
    """Write where the texts of payments in u8[] stand, into i32[most, 8, 2] of noughts; return how many, -1: not plain."""
    at = past(body, 0, _OPEN)
    if at < 0 or at + _PAYMENTS.size > body.size:
        return -1
    for place in range(_PAYMENTS.size):
        if body[at + place] != _PAYMENTS[place]:
            return -1
    at = past(body, at + _PAYMENTS.size, _COLON)
    if at >= 0:
        at = past(body, at, _FIRST)
    count = 0
    while at >= 0:
        if count >= spans.shape[0]:
            return -1
        at = past_payment(body, at, spans[count])
        if at < 0:
            return -1
        count += 1
        at = past_space(body, at)
        if at >= body.size:
            return -1
        if body[at] == _LAST:
            at = past(body, at + 1, _CLOSE)
            return count if at == body.size else -1
        at = past(body, at, _COMMA)
    return -1


@brief
def payments_apart(body: Array, bounds: Array, spans: Array, fits: Array) -> None:
    """Write the same of bodies of one payment each, and into bool[n] whether each is plain by itself.

    Args:
        body: u8[], one body after another.
        bounds: i64[n + 1]: none is read beyond its own, so that no two together mean what neither says.
        spans: i32[n, 8, 2] of noughts; places are those in the whole.
        fits: is written.
    """
    for row in range(fits.size):
        begin, own = bounds[row], body[bounds[row] : bounds[row + 1]]
        end = past_payment(own, 0, spans[row])
        fits[row] = end >= 0 and past_space(own, end) == own.size
        for field in range(spans.shape[1]):
            spans[row, field, 0] += begin
            spans[row, field, 1] += begin


@brief
def column_of(body: Array, spans: Array, field: int, starts: Array) -> Array:
    """Write starts i64[n + 1] of one field of i32[n, 8, 2], and return its bytes u8[]."""
    count = starts.size - 1
    starts[0] = 0
    for row in range(count):
        starts[row + 1] = starts[row] + spans[row, field, 1] - spans[row, field, 0]
    data = np.empty(starts[count], np.uint8)
    for row in range(count):
        begin, first = spans[row, field, 0], starts[row]
        for at in range(starts[row + 1] - first):
            data[first + at] = body[begin + at]
    return data


@inner
def figures(data: Array, begin: int, end: int) -> Any:
    """Return the number whose figures stand in data[begin:end]; -1 where another sign does."""
    found = np.int64(0)
    for at in range(begin, end):
        figure = np.int64(data[at]) - 48
        if not 0 <= figure <= 9:
            return -1
        found = 10 * found + figure
    return found


@inner
def days_before(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a day of the Gregorian calendar; years begin in March, so that leap days end them."""
    if month <= 2:
        year -= 1
        month += 12
    return (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * month - 457) // 5
        + day
        - 719_469
    )


@inner
def days_of(year: int, month: int) -> int:
    """Return how many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@inner
def instant_of(data: Array, begin: int, end: int, never: int) -> Any:
    """Return microseconds of UTC of `YYYY-MM-DDThh:mm:ss[.ffffff](Z|+hh:mm|-hh:mm)`; `never` for any other form."""
    if end - begin < 20:
        return never
    marks = data[begin + 4] == 45 and data[begin + 7] == 45 and data[begin + 10] == 84
    if not marks or data[begin + 13] != 58 or data[begin + 16] != 58:
        return never
    year, month = figures(data, begin, begin + 4), figures(data, begin + 5, begin + 7)
    day, hour = figures(data, begin + 8, begin + 10), figures(data, begin + 11, begin + 13)
    minute, second = figures(data, begin + 14, begin + 16), figures(data, begin + 17, begin + 19)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= days_of(year, month):
        return never
    if not 0 <= hour <= 23 or not 0 <= minute <= 59 or not 0 <= second <= 59:
        return never
    at, micros = begin + 19, 0
    if data[at] == 46:
        first = at + 1
        at = first
        while at < end and 48 <= data[at] <= 57:
            at += 1
        if not 1 <= at - first <= 6 or at >= end:
            return never
        micros = figures(data, first, at)
        for _ in range(6 - (at - first)):
            micros *= 10
    minutes = 60 * (24 * days_before(year, month, day) + hour) + minute
    if data[at] == 90:
        if at + 1 != end:
            return never
    else:
        if at + 6 != end or data[at + 3] != 58 or (data[at] != 43 and data[at] != 45):
            return never
        hours, more = figures(data, at + 1, at + 3), figures(data, at + 4, at + 6)
        if not 0 <= hours <= 23 or not 0 <= more <= 59:
            return never
        minutes += (60 * hours + more) * (1 if data[at] == 45 else -1)
    return 1_000_000 * (60 * minutes + second) + micros


@brief
def instants_of(starts: Array, data: Array, never: int, out: Array) -> bool:
    """Write microseconds of UTC i64[n] of the instants of a column; False where one has another form."""
    for row in range(out.size):
        out[row] = instant_of(data, starts[row], starts[row + 1], never)
        if out[row] == never:
            return False
    return True


__all__ = [
    "AMOUNT",
    "CHANNEL",
    "CURRENCY",
    "ID",
    "KIND",
    "PAYEE",
    "PAYER",
    "TIME",
    "column_of",
    "instants_of",
    "payments_apart",
    "payments_of",
]
