"""Orders of the chase that may leave, of all cases, and which of them do now. No thread, no clock: the chaser drives it.

What an institution took within the last minute is counted in what the disk says, so a restart forgets nothing, and orders
that persons issued count too. What waits is valued anew at every look: as time passes, other money is the one to race for.

Entries of a clock that was set back since bear instants that have not come yet, and so does what is written until they have.
They say nothing of the last minute: what left by this room's own doing counts then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from recoup.cases import CasePolicy, Dwell, Ready, dispatch, learned_curve
from recoup.cases.race import MINUTE
from recoup.centre.state import CentreState

_LEARN_AGAIN: Final = timedelta(minutes=1)


class Departures:
    """What waits to leave, by institution and case. A look costs nothing for institutions that take no more now."""

    def __init__(self, policy: CasePolicy) -> None:
        self._policy = policy
        self._waiting: dict[str, dict[str, tuple[Ready, ...]]] = {}
        self._curves: dict[str, tuple[datetime, Dwell]] = {}
        self._left: dict[str, list[datetime]] = {}
        """By institution when orders left within the last minute, by the clock as it was told."""

    @property
    def is_waiting(self) -> bool:
        """Whether an order waits for its institution."""
        return bool(self._waiting)

    def put(self, case: str, ready: Sequence[Ready]) -> None:
        """Let these be what may leave of a case; what waited of it before does no longer."""
        for name in [name for name, cases in self._waiting.items() if case in cases]:
            self._drop(name, case)
        for one in ready:
            cases = self._waiting.setdefault(one.proposal.institution, {})
            cases[case] = (*cases.get(case, ()), one)

    def leave(self, state: CentreState, now: datetime) -> tuple[Ready, ...]:
        """Return what leaves now, the most expected value first; it waits no longer."""
        sent = {name: self._sent(state, name, now) for name in self._waiting}
        free = [name for name, count in sent.items() if count < self._policy.capacity(name)]
        ready = [one for name in free for rows in self._waiting[name].values() for one in rows]
        curves = {name: self._curve(state, name, now) for name in free}
        leaving, waiting = dispatch(ready, sent, now, self._policy, curves)
        for one in leaving:
            self._left.setdefault(one.proposal.institution, []).append(now)
        for name in free:
            del self._waiting[name]
        for one in waiting:
            cases = self._waiting.setdefault(one.proposal.institution, {})
            cases[one.case] = (*cases.get(one.case, ()), one)
        return leaving

    def _drop(self, institution: str, case: str) -> None:
        cases = self._waiting[institution]
        del cases[case]
        if not cases:
            del self._waiting[institution]

    def _sent(self, state: CentreState, institution: str, now: datetime) -> int:
        """Return how many orders were issued to it within the last minute, as far as its capacity matters."""
        count, capacity = 0, self._policy.capacity(institution)
        left = [at for at in self._left.get(institution, ()) if at <= now < at + MINUTE]
        self._left[institution] = left
        for order_id in reversed(state.told.get(institution, ())):
            found = state.find(order_id)
            assert found is not None, "a told order is there"
            issued_at = found[1].issued_at
            if issued_at is not None and issued_at > now:  # a clock set back
                count = len(left)
                continue
            if count >= capacity or issued_at is None or now - issued_at >= MINUTE:
                break
            count += 1
        return count

    def _curve(self, state: CentreState, institution: str, now: datetime) -> Dwell:
        """Return the institution's curve as learned, at most a minute ago."""
        known = self._curves.get(institution)
        if known is None or not timedelta(0) <= now - known[0] < _LEARN_AGAIN:
            curve = learned_curve(institution, state.lessons.get(institution, ()), self._policy)
            known = self._curves[institution] = (now, curve)
        return known[1]


__all__ = ["Departures"]
