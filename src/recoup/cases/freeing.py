"""By when what is for a holder must be decided, and what was decided must be freed: hardship and appeals. Pure.

1. Hardship is decided on the day on which it was proposed, where the law is kept; agreed to is not freed yet, so the day on
   which it was agreed to ends a clock of its own.
2. An appeal that was upheld is freed within the time in which one is decided; until then its own clock runs.
3. An institution that later says it holds more again than was decided begins the clock anew.

The clock is an event, so that whoever hands a case or a shift over sees the very instant at which the duty will be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from recoup.cases.case import Case
from recoup.cases.decided import Appeal, Clock, Matter, Motion
from recoup.cases.events import AppealSettled, ClockSet, Event, HoldNoted, MotionMade, MotionSettled
from recoup.cases.evolve import fold
from recoup.cases.motions import for_holder_of, is_kept_back
from recoup.cases.state import AppealState, MotionState
from recoup.cases.terms import CasePolicy


def clocks_set(
    case: Case, events: Iterable[Event], now: datetime, policy: CasePolicy
) -> Iterator[ClockSet]:
    """Yield the clocks that these events of a case begin; `case` is as it was before them."""
    for event in events:
        match event:
            case MotionMade(motion) if motion.matter is Matter.HARDSHIP:
                yield _hardship(motion.id, now, policy)
            case MotionSettled(motion_id, MotionState.AGREED):
                found = next(row for row in case.motions if row.id == motion_id)
                if found.matter is Matter.HARDSHIP:
                    yield _hardship(motion_id, now, policy)
            case AppealSettled(appeal_id) if event.state is AppealState.UPHELD:
                yield _appeal(appeal_id, now, policy)
            case HoldNoted() if case.caps:
                yield from _anew(case, event, now, policy)


def running(case: Case) -> Iterator[Clock]:
    """Yield the clocks that still run: nobody decided, or the institution has not said that it is freed."""
    by_id: dict[tuple[str, str], Motion | Appeal] = {}
    by_id.update({("hardship", row.id): row for row in case.motions})
    by_id.update({("appeal", row.id): row for row in case.appeals})
    for clock in case.clocks:
        row = by_id[clock.kind, clock.about]
        if row.state is MotionState.PROPOSED or is_kept_back(case, row):
            yield clock


def _anew(case: Case, event: HoldNoted, now: datetime, policy: CasePolicy) -> Iterator[ClockSet]:
    after = fold(case, (event,))
    for kind, row in for_holder_of(after, event.account, event.currency):
        if is_kept_back(after, row) and not is_kept_back(case, row):
            make = _hardship if kind == "hardship" else _appeal
            yield make(row.id, now, policy)


def _hardship(motion: str, now: datetime, policy: CasePolicy) -> ClockSet:
    return ClockSet(Clock("hardship", motion, policy.orders.day_ends(now)))


def _appeal(appeal: str, now: datetime, policy: CasePolicy) -> ClockSet:
    return ClockSet(Clock("appeal", appeal, now + timedelta(seconds=policy.appeal_seconds)))


__all__ = ["clocks_set", "running"]
