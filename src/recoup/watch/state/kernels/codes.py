"""Small codes that pockets keep instead of whole numbers: hashes of counterparties, logarithms of amounts, decayed counts."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

from typing import Final

import numpy as np

from recoup.trace.kernels.compiled import inner
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


@inner
def mix(number):
    """Return 32 well-mixed bits of a pocket's number."""
    h = ((number + 2) * 2654435761) & _LOW_32
    h = ((h ^ (h >> 16)) * 2246822507) & _LOW_32
    return h ^ (h >> 13)


@inner
def code_of(amount):
    """Return twelve bits: the amount's logarithm to 1.6 %, never 0. `amount` in [1, 2**62)."""
    x = amount
    e = 0
    for step in (32, 16, 8, 4, 2, 1):
        if x >> step:
            x >>= step
            e += step
    part = (amount >> (e - 6)) if e >= 6 else (amount << (6 - e))
    return ((e + 1) << 6) | (part & 63)


@inner
def entry_of(number, code):
    """Return a counterparty's twenty bits and an amount's twelve."""
    return ((mix(number) >> 12) << 12) | code


@inner
def bit_of(number):
    """Return the bit of a counterparty in a bitmap."""
    return np.int64(1) << (mix(number) >> 26)


@inner
def bits_of(bitmap):
    """Return how many bits are set."""
    x = np.uint64(bitmap)
    one = np.uint64(1)
    n = 0
    while x:
        x &= x - one
        n += 1
    return n


@inner
def epoch_of(time):
    """Return the generation that an instant lies in."""
    return time // GENERATION


@inner
def second_of_day(s, time):
    """Return the local second of the day, by the zone that was set, and whether that is night."""
    offset = s.zone_offset[0]
    for z in range(len(s.zone_since) - 1, 0, -1):
        if time >= s.zone_since[z]:
            offset = s.zone_offset[z]
            break
    local = time // SECOND + offset
    second = local % 86_400
    begin, end = s.terms[NIGHT_FROM], s.terms[NIGHT_UNTIL]
    if begin <= end:
        is_night = begin <= second < end
    else:
        is_night = second >= begin or second < end
    return second, (local // 86_400 + 3) % 7, is_night


@inner
def is_round(s, amount):
    """Return whether an amount is a multiple of the round unit."""
    return amount % s.terms[ROUND] == 0


@inner
def is_below(s, amount):
    """Return whether an amount lies just below one of the limits."""
    found = False
    for i in range(0, len(s.limits), 2):
        found |= s.limits[i] <= amount < s.limits[i + 1]
    return found


@inner
def decayed(value, passed):
    """Return a count after `passed` microseconds."""
    if passed <= 0:
        return value
    halvings = passed // HALF_LIFE
    if halvings >= 31:
        return value * 0
    return ((value >> halvings) * DECAY[(passed % HALF_LIFE) // _STEP]) >> 16


@inner
def raised(value):
    """Return an activity with one payment more."""
    return min(value + ONE, _ACTIVITY_MAX)


@inner
def moved(share, flag):
    """Return a share after one more payment that has the mark or not: the last sixteen count for most of it."""
    return share + (((SHARE_ONE if flag else 0) - share) >> 4)
