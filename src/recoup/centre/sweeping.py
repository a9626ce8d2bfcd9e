"""What the vault kept for entries that never came is dropped at a start. Reads the journal; writes none.

Names and numbers are kept before the entry that names them (`intake`). A process that dies in between leaves pieces that no
event names; whoever asks again under the same key meets them, and nobody else ever does.

1. What an entry of the journal names stays: the command for which it waited, or any other that came to name it.
2. What is younger than `limits.VAULT_WAIT_SECONDS_MAX` goes on waiting: somebody may ask again, and a process that leads no
   more may just be between the two.
3. What is dropped was never there: unlike what was erased, it may come again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from recoup import limits
from recoup.centre.directory import NAME, Directory
from recoup.centre.sheets import SCAN, subject_of_order
from recoup.centre.state import CentreState
from recoup.journal.port import Journal
from recoup.stores.vault import Waiting

_WAIT: Final = timedelta(seconds=limits.VAULT_WAIT_SECONDS_MAX)


def sweep(directory: Directory, journal: Journal, state: CentreState, now: datetime) -> int:
    """Drop the pieces of the vault that have waited in vain; return how many."""
    return directory.sweep(_Sweep(journal, state, now).drops)


class _Sweep:
    """One round. What the cases name is looked up only when a piece is old enough to ask."""

    def __init__(self, journal: Journal, state: CentreState, now: datetime) -> None:
        self._journal, self._state, self._now = journal, state, now
        self._answered: dict[str, bool] = {}

    def drops(self, piece: Waiting) -> bool | None:
        """Return whether a piece is dropped; None: it waits."""
        if self._is_told(piece.command):
            return False
        if self._now - piece.at <= _WAIT:
            return None
        return not self._is_named(piece)

    def _is_told(self, command: str) -> bool:
        if command not in self._answered:
            self._answered[command] = self._journal.answer_of(command) is not None
        return self._answered[command]

    def _is_named(self, piece: Waiting) -> bool:
        """Return whether any entry names it: a name by which a case knows an account is that case's, a scan its order's."""
        state, (first, _, case) = self._state, piece.field.partition(" ")
        if first == SCAN:
            scan = state.scans.get(case.partition(" ")[0])
            return scan is not None and subject_of_order(scan.order) == piece.subject
        if first == NAME and case:
            return (case, piece.subject) in state.entered
        return piece.subject in state.accounts or piece.subject in self._named

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(_named(self._state))


def _named(state: CentreState) -> Iterator[str]:
    """Yield every report, person and payment that a case names."""
    for case in state.cases.values():
        for report in case.reports:
            yield from (report.id, report.reporter)
        for claim in case.claims:
            yield from (claim.victim, claim.transfer, claim.payer, claim.payee)


__all__ = ["sweep"]
