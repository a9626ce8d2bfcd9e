"""The newest records of a journal with their events, as the writer has just put them on disk: for views that follow it.

A view that reads them from here neither asks the disk nor checks or decodes what the same process sealed a moment ago. Nothing
is put in before the sync; who is further behind than what is kept reads the journal. Safe to call from several threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from itertools import islice

from recoup import limits
from recoup.journal.record import NO_HASH, Record

Written = tuple[Record, object]
"""A record and its event."""


class Tail:
    """The newest records, so many and of so many bytes at most."""

    def __init__(
        self,
        records_max: int = limits.TAIL_RECORDS_MAX,
        bytes_max: int = limits.TAIL_BYTES_MAX,
    ) -> None:
        self._records_max, self._bytes_max = records_max, bytes_max
        self._kept: deque[Written] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, written: Sequence[Written]) -> None:
        """Add what is on disk now; what does not follow on what is here begins anew."""
        if not written:
            return
        with self._lock:
            if self._kept and written[0][0].previous != self._kept[-1][0].hash:
                self._kept.clear()
                self._bytes = 0
            self._kept.extend(written)
            self._bytes += sum(len(record.body) for record, _ in written)
            while len(self._kept) > self._records_max or self._bytes > self._bytes_max:
                oldest, _ = self._kept.popleft()
                self._bytes -= len(oldest.body)

    def after(self, last: Record | None) -> list[Written]:
        """Return what follows on `last` (None: on nothing); empty where nothing is known to."""
        with self._lock:
            if not self._kept:
                return []
            skipped = 1 + (0 if last is None else last.sequence) - self._kept[0][0].sequence
            found = list(islice(self._kept, skipped, None)) if skipped >= 0 else []
        before = NO_HASH if last is None else last.hash
        return found if found and found[0][0].previous == before else []


__all__ = ["Tail", "Written"]
