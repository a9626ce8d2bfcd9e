"""The Merkle tree of RFC 9162 (hashing as in RFC 6962) over record hashes: roots, proofs, and their checks. Keeps no record.

A `Frontier` is all that is needed to append and to know the root: one hash for each complete subtree, at most 64. A `Tree`
keeps every node of complete subtrees (64 bytes a leaf) and gives proofs for any size it ever had.

1. The root of size n depends on the first n leaves and on nothing else.
2. An inclusion proof shows that a leaf stands at its place; a consistency proof shows that an older root is of the same
   beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

_HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf that holds `entry`; here an entry is a record's hash."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def _fold(peaks: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, whatever its size."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)
    """Roots of the complete subtrees, the largest first: one for each one-bit of `size`."""

    def append(self, entry: bytes) -> None:
        """Add a leaf."""
        node, size = leaf_hash(entry), self.size
        while size & 1:
            node = node_hash(self.peaks.pop(), node)
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return _fold(self.peaks)


class Tree:
    """A growing tree that can prove: all hashes of complete subtrees, a row of bytes for each height."""

    def __init__(self) -> None:
        self._rows: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._rows[0]) // _HASH_BYTES

    def append(self, entry: bytes) -> None:
        """Add a leaf."""
        node, at, height = leaf_hash(entry), self.size, 0
        self._rows[0] += node
        while at & 1:
            node = node_hash(self._node(height, at - 1), node)
            at, height = at >> 1, height + 1
            if height == len(self._rows):
                self._rows.append(bytearray())
            self._rows[height] += node

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves (None: all)."""
        return self._span(0, self._bounded(size))

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that leaf `index`, from 0, stands in the tree of `size` leaves."""
        size = self._bounded(size)
        assert 0 <= index < size, f"expected a leaf below {size}, was {index}"
        return tuple(self._path(index, 0, size))

    def consistency(self, older: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the tree of `older` leaves is the beginning of the tree of `size` leaves."""
        size = self._bounded(size)
        assert 0 <= older <= size, f"expected a size up to {size}, was {older}"
        return () if older in {0, size} else tuple(self._subproof(older, 0, size, is_whole=True))

    def _bounded(self, size: int | None) -> int:
        size = self.size if size is None else size
        assert 0 <= size <= self.size, f"expected a size up to {self.size}, was {size}"
        return size

    def _node(self, height: int, at: int) -> bytes:
        return bytes(self._rows[height][at * _HASH_BYTES : (at + 1) * _HASH_BYTES])

    def _span(self, start: int, count: int) -> bytes:
        """Return the root over leaves [start, start + count); `start` is where a subtree of that size may begin."""
        peaks = []
        while count:
            height = count.bit_length() - 1
            peaks.append(self._node(height, start >> height))
            start, count = start + (1 << height), count - (1 << height)
        return _fold(peaks)

    def _path(self, index: int, start: int, count: int) -> list[bytes]:
        if count == 1:
            return []
        left = _split(count)
        if index < left:
            return [*self._path(index, start, left), self._span(start + left, count - left)]
        inner = self._path(index - left, start + left, count - left)
        return [*inner, self._span(start, left)]

    def _subproof(self, older: int, start: int, count: int, *, is_whole: bool) -> list[bytes]:
        if older == count:
            return [] if is_whole else [self._span(start, count)]
        left = _split(count)
        if older <= left:
            inner = self._subproof(older, start, left, is_whole=is_whole)
            return [*inner, self._span(start + left, count - left)]
        inner = self._subproof(older - left, start + left, count - left, is_whole=False)
        return [*inner, self._span(start, left)]


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def is_included(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows `entry` at `index` in the tree of `size` leaves with `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, node = index, size - 1, leaf_hash(entry)
    for part in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(part, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, part)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(
    older: int, older_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether `proof` shows that the tree of `older` leaves is the beginning of that of `size` (RFC 9162, 2.1.4.2)."""
    if not 0 <= older <= size:
        return False
    if older in {0, size}:
        same = older_root == (EMPTY_ROOT if older == 0 else root)
        return same and not proof and (size > 0 or root == EMPTY_ROOT)
    parts = list(proof)
    if older & (older - 1) == 0:
        parts.insert(0, older_root)
    if not parts:
        return False
    at, last = older - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, part)
        at, last = at >> 1, last >> 1
    return last == 0 and old == older_root and new == root


__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "Tree",
    "is_consistent",
    "is_included",
    "leaf_hash",
    "node_hash",
]
