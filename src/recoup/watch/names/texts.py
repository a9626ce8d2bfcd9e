"""A column of texts as bytes one after the other: a text is made only where somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from recoup.watch.names.kernels.hashing import hashes_of
from recoup.watch.names.kernels.looking import (
    is_one,
    is_plain,
    minors_of,
    pairs_differ,
    stands_twice,
)

I64 = npt.NDArray[np.int64]
KEY: Final = np.array([hash("texts"), hash("names")], np.int64).view(np.uint64)
"""The interpreter's own salt: another in each process. Nothing that is answered or kept depends on it."""


_DEAR: Final = 16
"""So many times longer takes a text alone than among all."""


class Texts(Sequence[str]):
    """Texts in their order.

    >>> some = Texts.of(["a", "", "bc"])
    >>> some[2], list(some)
    ('bc', ['a', '', 'bc'])
    """

    __slots__ = ("_hashes", "data", "starts")

    def __init__(self, starts: I64, data: npt.NDArray[np.uint8]) -> None:
        """Take a column that was looked at.

        Args:
            starts: i64[n + 1], from 0 and not falling; text i is data[starts[i] : starts[i + 1]].
            data: UTF-8.
        """
        self.starts, self.data = starts, data
        self._hashes: npt.NDArray[np.uint64] | None = None

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """Return texts as a column; `UnicodeEncodeError` for one that is none in UTF-8."""
        joined = "".join(texts)
        whole = joined.encode()
        is_short = len(whole) == len(joined)
        lengths = map(len, texts if is_short else [text.encode() for text in texts])
        starts = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(lengths, np.int64, len(texts)), out=starts[1:])
        return cls(starts, np.frombuffer(bytearray(whole), np.uint8))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Return the texts of all parts, one part after another."""
        sizes = np.cumsum([0, *(part.starts[-1] for part in parts)])
        starts = [part.starts[1:] + size for part, size in zip(parts, sizes, strict=False)]
        data = [part.data[: part.starts[-1]] for part in parts]
        return cls(np.concatenate([[0], *starts]), np.concatenate(data))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return one text, or some."""
        if isinstance(at, slice):
            return self.spelled()[at]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self.data[self.starts[at] : self.starts[at + 1]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self.spelled())

    def spelled(self) -> list[str]:
        """Return all as texts."""
        whole = self.data[: self.starts[-1]].tobytes()
        bounds = self.starts.tolist()
        pairs = pairwise(bounds)
        if whole.isascii():
            text = whole.decode()
            return [text[begin:end] for begin, end in pairs]
        return [whole[begin:end].decode() for begin, end in pairs]

    def picked(self, places: Sequence[int]) -> list[str]:
        """Return the texts at these places: few of them one by one, of many all are spelled."""
        own = self.spelled() if len(places) * _DEAR > len(self) else self
        return [own[at] for at in places]

    @property
    def hashes(self) -> npt.NDArray[np.uint64]:
        """By text; the same in one process only."""
        if self._hashes is None:
            self._hashes = hashes_of(self.starts, self.data, KEY)
        return self._hashes

    def is_plain(self, least: int, most: int) -> bool:
        """Return whether each has so many bytes, and all are printable ASCII."""
        return bool(is_plain(self.starts, self.data, least, most))

    def is_unescaped(self) -> bool:
        """Return whether all stand in JSON as they are: printable ASCII without a quote or a backslash."""
        whole = self.data[: self.starts[-1]].tobytes()
        return self.is_plain(0, len(whole)) and b'"' not in whole and b"\\" not in whole

    def is_one(self) -> bool:
        """Return whether all are the same."""
        return bool(is_one(self.starts, self.data))

    def differ_from(self, others: Texts, bytes_max: int) -> bool:
        """Return whether each differs from the other of its place, and no two have more bytes together than that."""
        return bool(pairs_differ(self.starts, self.data, others.starts, others.data, bytes_max))

    def stands_twice(self) -> bool:
        """Return whether any stands here twice."""
        return bool(stands_twice(self.hashes, self.starts, self.data))

    def minors(self, decimals: int) -> I64 | None:
        """Return amounts of the plainest form as minor units; None where one has another.

        Such as no figure, 16 before the point, or more than 18: they might not fit 64 bits.
        """
        out = np.empty(len(self), np.int64)
        is_fit = decimals > 0 and minors_of(self.starts, self.data, decimals, out)
        return out if is_fit else None


__all__ = ["KEY", "Texts"]
