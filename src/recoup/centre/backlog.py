"""What is late or waits in a running centre, for the operator: read off the journal at one moment. Counts only, no id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from recoup import limits
from recoup.journal.port import Journal


@dataclass(frozen=True, slots=True)
class WitnessLag:
    """What a witness has not vouched for yet: it could still be rewritten unseen."""

    witness: str
    """Its name in the settings."""
    records: int
    seconds: float
    """Age of the oldest of them; 0 where there are none."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is late or waits, for the operator."""

    overdue: int
    """Deadlines that have passed and are not carried out; at most a page is counted."""
    unsent: int
    """Messages not known to be sent; at most a page is counted."""
    unsent_seconds: float
    """Age of the oldest of them."""
    witnesses: tuple[WitnessLag, ...] = ()


def backlog_of(journal: Journal, now: datetime, cosigned: Mapping[str, int]) -> Backlog:
    """Return what is late or waits now; `cosigned` is how many records each witness has vouched for."""
    pending, last = journal.pending(limits.PAGE_ROWS_MAX), journal.last()
    count = 0 if last is None else last.sequence
    lags = [
        WitnessLag(name, count - size, _age(journal, size + 1, now) if size < count else 0.0)
        for name, size in sorted(cosigned.items())
    ]
    return Backlog(
        len(journal.due(now, limits.PAGE_ROWS_MAX)),
        len(pending),
        _age(journal, pending[0].sequence, now) if pending else 0.0,
        tuple(lags),
    )


def _age(journal: Journal, sequence: int, now: datetime) -> float:
    """Return how many seconds ago a record was written."""
    (record,) = journal.records(sequence, sequence)
    return max(0.0, (now - record.at).total_seconds())


__all__ = ["Backlog", "WitnessLag", "backlog_of"]
