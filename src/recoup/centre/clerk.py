"""The clerk keeps the worklist: what waits for persons in every case, looked through again as cases change. Decides nothing.

1. A question looks at the cases that changed since the last one, and at those in which the clock alone changed something; all
   others stand as they were looked at. So everything that was answered before is seen.
2. A case that did not change is looked at anew after a while, since the chances of its orders sink: a thread does that, some
   cases at once. After a start it goes through all cases without a rest, so that the first question finds most of them looked
   at; what it did not come to, a question does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush, nsmallest
from itertools import islice
from operator import itemgetter
from typing import Final

from recoup.cases import CasePolicy
from recoup.centre.part import Part, unheard
from recoup.centre.worklist import Looked, Rank, Todo, next_change, todos_of
from recoup.clock import Clock

LOOKED_FOR: Final = timedelta(minutes=10)
"""How old a look may be that is shown: so long the chances of orders are taken for the same."""
_REFRESHED_AFTER: Final = timedelta(minutes=5)
"""How old the thread lets a look become."""
_AT_ONCE: Final = 10
"""Cases in one round: some milliseconds, which a question may have to wait."""
_BETWEEN_SECONDS: Final = 0.02
_AT_FIRST_SECONDS: Final = 0.001
"""The same until every case was looked at once: just so much that a question and others have a turn."""
_TICK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Look:
    """When a case was looked through, and how long that stands."""

    at: datetime
    until: datetime | None
    """When the clock alone next changes what waits; None: never."""
    unit: str


class Clerk(Part):
    """Knows what waits; may be asked from any thread, also before it is started."""

    def __init__(
        self,
        changed: Callable[[], Iterable[str]],
        look: Callable[[Iterable[str]], Iterable[Looked]],
        clock: Clock,
        policy: CasePolicy,
        told: Callable[[str], None] = unheard,
    ) -> None:
        """Prepare; `changed` says which cases changed since it was asked last, all at first; `look` shows them as they are now.

        `told` hears why only questions look through cases from then on.
        """
        super().__init__("clerk", told)
        self._changed, self._look, self._clock, self._policy = changed, look, clock, policy
        self._left: dict[str, None] = {}
        """Cases to look at before a question is answered."""
        self._looks: dict[str, _Look] = {}
        """By case, the oldest look first."""
        self._rows: dict[str, dict[str, tuple[tuple[Rank, Todo], ...]]] = {}
        """What waits, by unit and case."""
        self._due: list[tuple[datetime, str]] = []
        """When a look ends by the clock alone; of looks that were made anew too, which are passed over."""
        self._working = threading.Lock()

    def todos(self, is_reached: Callable[[str], bool], count: int) -> list[Todo]:
        """Return the first so many that wait in the cases of these units, by deadline, then value."""
        with self._working:
            now = self._clock.now()
            self._take_note(now)
            self._go_through(list(self._to_do(now, LOOKED_FOR)), now)
            reached = [self._rows[unit] for unit in self._rows if is_reached(unit)]
            rows = (row for cases in reached for of_case in cases.values() for row in of_case)
            return [todo for _, todo in nsmallest(count, rows, key=itemgetter(0))]

    def _work(self) -> None:
        seconds = _AT_FIRST_SECONDS
        while self._pause(seconds):
            with self._working:
                now = self._clock.now()
                self._take_note(now)
                some = list(islice(self._to_do(now, _REFRESHED_AFTER), _AT_ONCE))
                self._go_through(some, now)
                if len(some) < _AT_ONCE:
                    seconds = _TICK_SECONDS
                elif seconds != _AT_FIRST_SECONDS:
                    seconds = _BETWEEN_SECONDS

    def _to_do(self, now: datetime, age: timedelta) -> Iterator[str]:
        """Yield the cases that are left, then those whose look is of that age, or of a time that a clock set back took away."""
        yield from self._left
        for case_id, one in self._looks.items():
            if one.at <= now < one.at + age:
                return
            if case_id not in self._left:
                yield case_id

    def _take_note(self, now: datetime) -> None:
        """Take note of the cases that changed, and of those that the clock changed."""
        self._left.update(dict.fromkeys(self._changed()))
        while self._due and self._due[0][0] <= now:
            until, case_id = heappop(self._due)
            if self._looks[case_id].until == until:
                self._left[case_id] = None

    def _go_through(self, ids: Collection[str], now: datetime) -> None:
        for case, orders, beside in self._look(ids):
            found = todos_of(case, orders, now, self._policy, beside)
            rows = tuple((todo.rank, todo) for todo in found)
            until = next_change(case, now, self._policy)
            before = self._looks.pop(case.id, None)  # so that the newest look is the last
            if before is not None and before.unit != case.unit:
                del self._rows[before.unit][case.id]
            self._looks[case.id] = _Look(now, until, case.unit)
            self._rows.setdefault(case.unit, {})[case.id] = rows
            if until is not None:
                heappush(self._due, (until, case.id))
        for case_id in ids:
            self._left.pop(case_id, None)


__all__ = ["LOOKED_FOR", "Clerk"]
