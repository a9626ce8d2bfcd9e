"""Exact arithmetic that int64 alone would overflow."""

# mypy: disable-error-code="no-untyped-call,no-untyped-def"
from __future__ import annotations

import numpy as np

from recoup.trace.kernels.compiled import kernel


@kernel
def mul_div(a, b, c):
    """Return floor(a * b / c) exactly for 0 <= a, b and 0 < c, result below 2**62: quotient by float, set right by remainder.

    The float estimate is off by less than 4 while the quotient is below 2**52; larger ones take the long division.
    """
    estimate = np.float64(a) * np.float64(b) / np.float64(c)
    if estimate < 4503599627370496.0:
        q = np.int64(estimate)
        r = a * b - q * c  # wraps, and so comes out right: the true remainder is small
        while r < 0:
            q -= 1
            r += c
        while r >= c:
            q += 1
            r -= c
        return q
    q = np.int64(0)
    r = np.int64(0)
    for bit in range(62, -1, -1):  # (a * b) // c, one bit of a at a time; r stays below c < 2**62
        q = 2 * q
        r = 2 * r
        if r >= c:
            r -= c
            q += 1
        if (a >> bit) & 1:
            q += b // c
            r += b % c
            if r >= c:
                r -= c
                q += 1
    return q
