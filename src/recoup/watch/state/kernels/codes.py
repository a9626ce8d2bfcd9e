"""Small codes that pockets keep instead of whole numbers: hashes of counterparties, logarithms of amounts, decayed counts."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.compiled import within
from recoup.watch.state.kernels.words import DAY, GENERATION, NIGHT_FROM, NIGHT_UNTIL, ROUND, SECOND

_LOW_32: Final = 0xFFFFFFFF

HALF_LIFE: Final = 30 * DAY
_STEPS: Final = 64
_STEP: Final = HALF_LIFE // _STEPS
DECAY: Final = np.array([round(65_536 * 2 ** (-step / _STEPS)) for step in range(_STEPS)], np.int64)
"""What is left of 65,536 after so many sixty-fourths of a half-life: whole numbers, so that every machine decays alike."""
ONE: Final = 256
"""One payment in `activity`."""
_ACTIVITY_MAX: Final = 2**31 - 1

DISTINCT: Final = np.array(
    [round(-64 * np.log(1 - bits / 64)) for bits in range(64)] + [round(64 * np.log(128))], np.int64
)
"""How many different ones most probably set so many of 64 bits (linear counting); 64: more than can be told."""

SHARE_ONE: Final = 32_767
"""A share of one, in 16 bits."""


@within
def mix(number):
    """Return 32 well-mixed bits of a pocket's number."""
    h = ((number + 2) * 2654435761) & _LOW_32
    h = ((h ^ (h >> 16)) * 2246822507) & _LOW_32
    return h ^ (h >> 13)


@within
def code_of(amount):
    """Return twelve bits: the amount's logarithm to 1.6 %, never 0. `amount` in [1, 2**53).

    Exponent and first six bits of its exact float, moved so that 1 has the code 64.
    """
    return (np.float64(amount).view(np.int64) >> 46) - (1_022 << 6)


@within
def entry_of(number, code):
    """Return a counterparty's twenty bits and an amount's twelve."""
    return ((mix(number) >> 12) << 12) | code


@within
def bit_of(number):
    """Return the bit of a counterparty in a bitmap."""
    return np.int64(1) << (mix(number) >> 26)


@within
def bits_of(bitmap):
    """Return how many bits are set."""
    x = np.uint64(bitmap)
    one, two, four, last = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
    x -= (x >> one) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> two) & np.uint64(0x3333333333333333))
    x = (x + (x >> four)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> last)


@within
def epoch_of(time):
    """Return the generation that an instant lies in."""
    return time // GENERATION


@within
def second_of_day(s, time):
    """Return the local second of the day and day of the week, by the zone that was set, and whether it is night."""
    low, high = 0, len(s.zone_since)
    while high - low > 1:  # a zone may have changed its offset some hundred times
        middle = (low + high) >> 1
        if time >= s.zone_since[middle]:
            low = middle
        else:
            high = middle
    local = time // SECOND + s.zone_offset[low]
    second = local % 86_400
    begin, end = s.terms[NIGHT_FROM], s.terms[NIGHT_UNTIL]
    is_night = begin <= second < end if begin <= end else second >= begin or second < end
    return second, (local // 86_400 + 3) % 7, is_night


@within
def _is_below(s, amount):
    """Return whether an amount lies just below one of the limits."""
    found = False
    for i in range(0, len(s.limits), 2):
        found |= s.limits[i] <= amount < s.limits[i + 1]
    return found


@within
def traits_of(s, time, amount):
    """Return what is worked out once: code of the amount, is at night, is round, is just below a limit, second, weekday."""
    second, weekday, is_night = second_of_day(s, time)
    return (
        code_of(amount),
        is_night,
        amount % s.terms[ROUND] == 0,
        _is_below(s, amount),
        second,
        weekday,
    )


@within
def decayed(value, passed):
    """Return a count after `passed` microseconds."""
    if passed <= 0:
        return value
    halvings = passed // HALF_LIFE
    if halvings >= 31:
        return value * 0
    return ((value >> halvings) * DECAY[(passed % HALF_LIFE) // _STEP]) >> 16


@within
def raised(value):
    """Return an activity with one payment more."""
    return min(value + ONE, _ACTIVITY_MAX)


@within
def moved(share, flag):
    """Return a share after one more payment that has the mark or not: the last sixteen count for most of it."""
    return share + (((SHARE_ONE if flag else 0) - share) >> 4)
