"""The hash of texts: SipHash with one round a word and three at the end, keyed, so that nobody can choose texts that collide.

Source: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012), section 2; CPython hashes its own texts so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.trace.kernels.compiled import brief, within

Array = Any  # numba infers types from the call; the docstrings give them

_U = np.uint64
_V0, _V1 = _U(0x736F6D6570736575), _U(0x646F72616E646F6D)
_V2, _V3 = _U(0x6C7967656E657261), _U(0x7465646279746573)
_FF, _B8, _56 = _U(0xFF), _U(8), _U(56)


@within
def turned(word: Any, bits: Any) -> Any:
    """Return a u64 with its bits turned to the left."""
    return (word << bits) | (word >> (_U(64) - bits))


@within
def mixed(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:
    """Return the four words of the state after one round."""
    v0 = v0 + v1
    v1 = turned(v1, _U(13)) ^ v0
    v0 = turned(v0, _U(32))
    v2 = v2 + v3
    v3 = turned(v3, _U(16)) ^ v2
    v0 = v0 + v3
    v3 = turned(v3, _U(21)) ^ v0
    v2 = v2 + v1
    v1 = turned(v1, _U(17)) ^ v2
    v2 = turned(v2, _U(32))
    return v0, v1, v2, v3


@within
def hash_of(data: Array, begin: int, end: int, key: Array) -> Any:
    """Return the u64 hash of data[begin:end]; key is u64[2]."""
    v0, v1 = _V0 ^ key[0], _V1 ^ key[1]
    v2, v3 = _V2 ^ key[0], _V3 ^ key[1]
    at = begin
    while at + 8 <= end:
        word = _U(data[at])
        for byte in range(1, 8):
            word |= _U(data[at + byte]) << (_B8 * _U(byte))
        v3 ^= word
        v0, v1, v2, v3 = mixed(v0, v1, v2, v3)
        v0 ^= word
        at += 8
    word = (_U(end - begin) & _FF) << _56
    for byte in range(end - at):
        word |= _U(data[at + byte]) << (_B8 * _U(byte))
    v3 ^= word
    v0, v1, v2, v3 = mixed(v0, v1, v2, v3)
    v0 ^= word
    v2 ^= _FF
    for _ in range(3):
        v0, v1, v2, v3 = mixed(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@brief
def hashes_of(starts: Array, data: Array, key: Array) -> Array:
    """Return u64[n], the hash of each text; key is u64[2]. Some 2 ns a byte."""
    count = starts.size - 1
    out = np.empty(count, np.uint64)
    for at in range(count):
        out[at] = hash_of(data, starts[at], starts[at + 1], key)
    return out


__all__ = ["hash_of", "hashes_of"]
