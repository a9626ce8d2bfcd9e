"""Which row of the stream a payment was booked in, both ways, as long as rows are retained. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


class BookedRows:
    """Ids of payments and numbers of rows. Rows are numbered one after the other; the oldest are forgotten."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []
        self._first = 0
        """Number of the row whose id stands first."""

    def add(self, ids: Sequence[str], rows: Sequence[int]) -> None:
        """Note payments that were booked in these rows, which do not go back."""
        self._rows.update(zip(ids, rows, strict=True))
        if not rows:
            return
        if not self._ids:
            self._first = rows[0]
        missing = rows[-1] + 1 - self._first - len(self._ids)
        if missing == len(rows):
            self._ids.extend(ids)
            return
        self._ids.extend([""] * missing)  # rows between that no payment of ours has
        for id_, row in zip(ids, rows, strict=True):
            if row >= self._first:
                self._ids[row - self._first] = id_

    def row(self, id_: str) -> int | None:
        """Return the row of a payment; None for one that was not booked, or was forgotten."""
        return self._rows.get(id_)

    def id(self, row: int) -> str:
        """Return the payment of a row; '' where that is not known."""
        at = row - self._first
        return self._ids[at] if 0 <= at < len(self._ids) else ""

    def retained(self, oldest: int) -> tuple[list[str], list[int]]:
        """Return payments and their rows from number `oldest` on, in the order of rows."""
        begin = max(0, oldest - self._first)
        ids = self._ids[begin:]
        rows = [row for row, id_ in enumerate(ids, self._first + begin) if id_]
        return (ids if len(rows) == len(ids) else [id_ for id_ in ids if id_]), rows

    def forget(self, oldest: int) -> None:
        """Forget the rows before number `oldest`."""
        gone = list(takewhile(lambda pair: pair[1] < oldest, self._rows.items()))
        for id_, _ in gone:
            del self._rows[id_]
        if oldest - self._first > len(self._ids) // 4:
            del self._ids[: oldest - self._first]
            self._first = oldest


__all__ = ["BookedRows"]
