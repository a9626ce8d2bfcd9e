"""Facts as columns of 64-bit numbers, one table for each kind: a question over a million of them is some sums over arrays.

Cases, units, institutions and currencies stand in the columns as numbers in the order in which they first came. So a fact takes
56 bytes, and two books of the same events have the same columns.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recoup.clock import instant_of, microseconds_of
from recoup.figures.facts import Fact, Kind

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

WORDS: Final = ("case", "unit", "institution", "currency")
"""What stands in the columns as a number."""
NAMES: Final = ("at", "entry", *WORDS, "amount")
_FIRST_ROOM: Final = 64
_PIECE: Final = 2_000
"""Texts or rows in one piece of what is kept."""


class Rows:
    """The facts of one kind, in the order in which they were said."""

    def __init__(self, kept: Column | None = None) -> None:
        """Begin with nothing, or with the columns that were kept."""
        self._cells = np.empty((len(NAMES), _FIRST_ROOM), np.int64) if kept is None else kept.copy()
        self._count = 0 if kept is None else kept.shape[1]

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def add(self, row: tuple[int, ...]) -> None:
        """Add one."""
        if self._count == self._cells.shape[1]:
            room = np.empty((len(NAMES), max(_FIRST_ROOM, 2 * self._count)), np.int64)
            room[:, : self._count] = self._cells
            self._cells = room
        self._cells[:, self._count] = row
        self._count += 1

    def column(self, name: str) -> Column:
        """Return one column; it is not to be changed."""
        return self._cells[NAMES.index(name), : self._count]

    @property
    def cells(self) -> Column:
        """All columns, in the order of `NAMES`."""
        return self._cells[:, : self._count]


@dataclass(slots=True, eq=False)
class Facts:
    """All facts that were said."""

    words: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in WORDS})
    """The number of each case, unit, institution and currency, in the order of the numbers."""
    tables: dict[Kind, Rows] = field(default_factory=dict)

    def add(self, fact: Fact) -> None:
        """Add one."""
        table = self.tables.get(fact.kind)
        if table is None:
            table = self.tables[fact.kind] = Rows()
        words = self.words
        table.add(
            (
                microseconds_of(fact.at),
                fact.entry,
                *(words[name].setdefault(getattr(fact, name), len(words[name])) for name in WORDS),
                fact.amount,
            )
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(map(len, self.tables.values()))

    def __iter__(self) -> Iterator[Fact]:
        """Yield all, kind by kind."""
        texts = {name: list(known) for name, known in self.words.items()}
        for kind in sorted(self.tables):
            for at, entry, *codes, amount in self.tables[kind].cells.T.tolist():
                case, unit, institution, currency = (
                    texts[name][code] for name, code in zip(WORDS, codes, strict=True)
                )
                yield Fact(instant_of(at), entry, kind, case, unit, institution, currency, amount)

    def plain(self) -> Iterator[Mapping[str, Any]]:
        """Yield what has to be kept of them, in values of plain kinds and pieces of some thousand numbers."""
        for name, known in self.words.items():
            texts = list(known)
            for begin in range(0, len(texts), _PIECE):
                yield {"texts": texts[begin : begin + _PIECE], "word": name}
        for kind in sorted(self.tables):
            cells = self.tables[kind].cells
            for begin in range(0, cells.shape[1], _PIECE):
                piece = cells[:, begin : begin + _PIECE].astype("<i8").tobytes()
                yield {"kind": kind.value, "rows": b64encode(piece).decode()}

    @classmethod
    def of(cls, kept: Iterable[Mapping[str, Any]]) -> Facts:
        """Return the facts of what was kept of them."""
        found, pieces = cls(), dict[Kind, list[Column]]()
        for row in kept:
            if "word" in row:
                known = found.words[row["word"]]
                for text in row["texts"]:
                    known[text] = len(known)
            else:
                piece = np.frombuffer(b64decode(row["rows"], validate=True), "<i8")
                pieces.setdefault(Kind(row["kind"]), []).append(piece.reshape(len(NAMES), -1))
        for kind, columns in pieces.items():
            found.tables[kind] = Rows(np.hstack(columns).astype(np.int64))
        return found


__all__ = ["NAMES", "WORDS", "Column", "Facts", "Mask", "Rows"]
