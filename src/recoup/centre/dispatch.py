"""Which outbox message is sent next, and when again after a failure. No thread, no clock, no socket: those drive it.

1. A message is on its way at most once at a time, and messages of one lane (one hold) in the order in which they were decided.
2. At most `SEND_SLOTS_EACH_MAX` are on their way to one institution, one while its last did not get through, and all such
   institutions together never take every slot: a dead institution does not delay another.
3. What did not get through is tried again after a growing, bounded time, without end.
4. What an institution refuses to take as it is does not keep later messages of its lane back. Once one of these got through,
   the refused one is given up: sent now, it would come in the wrong order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from recoup import limits
from recoup.journal.port import Message


@dataclass(slots=True)
class _Lane:
    """Messages that must not overtake each other."""

    waiting: deque[Message] = field(default_factory=deque)
    refused: deque[Message] = field(default_factory=deque)
    tries: int = 0


@dataclass(slots=True)
class _Institution:
    """Where messages go."""

    lanes: dict[str, _Lane] = field(default_factory=dict)
    ready: deque[str] = field(default_factory=deque)
    later: list[tuple[float, int, str]] = field(default_factory=list)
    """A heap of lanes that wait for a time."""
    in_flight: int = 0
    failures: int = 0
    again_at: float = 0.0


class Dispatcher:
    """Orders the outbox; `lane_of` says what a message must not be overtaken by."""

    def __init__(self, lane_of: Callable[[Message], str]) -> None:
        self._lane_of = lane_of
        self._institutions: dict[str, _Institution] = {}
        self._in_flight: dict[str, str] = {}
        """Lane by message id."""
        self._order = 0
        self._held = 0

    @property
    def held(self) -> int:
        """How many messages are known and not done."""
        return self._held

    def load(self, messages: Iterable[Message]) -> None:
        """Take messages that were decided after all those before."""
        for message in messages:
            there = self._institutions.setdefault(message.destination, _Institution())
            lane = self._lane_of(message)
            if lane not in there.lanes:
                there.lanes[lane] = _Lane()
                there.ready.append(lane)
            there.lanes[lane].waiting.append(message)
            self._held += 1

    def start(self, now: float) -> Message | None:
        """Return a message to send now, or None; `now` counts seconds and never goes back."""
        if len(self._in_flight) >= limits.SEND_SLOTS_MAX:
            return None
        for destination in list(self._institutions):
            there = self._institutions[destination]
            while there.later and there.later[0][0] <= now:
                there.ready.append(heappop(there.later)[2])
            if not there.ready or not self._may_start(there, now):
                continue
            del self._institutions[destination]  # to the end: the next call begins with the others
            self._institutions[destination] = there
            lane_id = there.ready.popleft()
            lane = there.lanes[lane_id]
            message = (lane.waiting or lane.refused)[0]
            there.in_flight += 1
            self._in_flight[message.id] = lane_id
            return message
        return None

    def got_through(self, message: Message) -> tuple[Message, ...]:
        """Note that a message is done; return those that are given up because it overtook them."""
        there, lane_id, lane = self._landed(message)
        there.failures = lane.tries = 0
        given_up: tuple[Message, ...] = ()
        if _take_out(lane, message) is lane.waiting:
            given_up = tuple(lane.refused)
            lane.refused.clear()
        self._held -= 1 + len(given_up)
        if lane.waiting or lane.refused:
            there.ready.append(lane_id)
        else:
            del there.lanes[lane_id]
        return given_up

    def failed(self, message: Message, now: float, *, is_transient: bool) -> None:
        """Note that a message did not get through; `is_transient`: it may, as it is."""
        there, lane_id, lane = self._landed(message)
        lane.tries += 1
        if is_transient:
            there.failures += 1
            there.again_at = now + _delay(there.failures)
            wait = _delay(lane.tries)
        else:
            _take_out(lane, message)
            lane.refused.append(message)
            wait = 0.0 if lane.waiting else float(limits.SEND_AGAIN_SECONDS_MAX)
        self._order += 1
        heappush(there.later, (now + wait, self._order, lane_id))

    def _landed(self, message: Message) -> tuple[_Institution, str, _Lane]:
        there = self._institutions[message.destination]
        lane_id = self._in_flight.pop(message.id)
        there.in_flight -= 1
        return there, lane_id, there.lanes[lane_id]

    def _may_start(self, there: _Institution, now: float) -> bool:
        if not there.failures:
            return there.in_flight < limits.SEND_SLOTS_EACH_MAX
        failing = sum(x.in_flight for x in self._institutions.values() if x.failures)
        return (
            there.in_flight == 0
            and now >= there.again_at
            and failing < limits.SEND_SLOTS_FAILING_MAX
        )


def _take_out(lane: _Lane, message: Message) -> deque[Message]:
    """Take a message that landed out of its lane; return where it stood."""
    for place in (lane.waiting, lane.refused):
        if place and place[0].id == message.id:
            place.popleft()
            return place
    raise AssertionError("a message landed that was not the first of its lane")


def _delay(failures: int) -> float:
    """Return seconds to wait after that many failures in a row."""
    doubled = limits.SEND_AGAIN_SECONDS_MIN * 2 ** min(failures - 1, 30)
    return float(min(doubled, limits.SEND_AGAIN_SECONDS_MAX))


__all__ = ["Dispatcher"]
