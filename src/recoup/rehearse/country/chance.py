"""Random draws by name: each subject has a stream of its own, so that one more draw of one changes nothing of another."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import numpy.typing as npt

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]


def chance(seed: int, subject: str, number: int = 0) -> np.random.Generator:
    """Return the stream of a subject, the same for the same seed, name and number."""
    named = int.from_bytes(sha256(subject.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64DXSM([seed, named, number]))


def amounts(
    draw: np.random.Generator, count: int, median_minor: int, sigma: float, roundness: float = 0.5
) -> I64:
    """Return `count` lognormal amounts in minor units, at least one hundred; a part of them round, as people like them."""
    found = np.exp(draw.normal(np.log(median_minor), sigma, count))
    found = np.minimum(found, 1e12)
    size = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(found, 1.0))) - 1.0, 2.0)
    is_round = draw.random(count) < roundness
    return np.maximum(np.where(is_round, np.round(found / size) * size, found), 100).astype(
        np.int64
    )


def zipf(count: int, exponent: float) -> F64:
    """Return the running sum of shares that fall with the rank to the power of `exponent`; the last is one."""
    shares = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    total = np.cumsum(shares)
    return np.asarray(total / total[-1])


def ranked(draw: np.random.Generator, shares: F64, count: int) -> I64:
    """Return `count` places drawn by shares whose running sum is given."""
    found = np.searchsorted(shares, draw.random(count), side="right")
    return np.minimum(found, len(shares) - 1).astype(np.int64)


__all__ = ["F64", "I32", "I64", "amounts", "chance", "ranked", "zipf"]
