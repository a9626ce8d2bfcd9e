"""Where an institution's balance digest differs from the record: missing, extra, altered and stale holds. Pure; tells nobody.

What is on its way is no drift: an order that is not answered may have changed what the digest shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from recoup.messages import ResultCode
from recoup.orders import (
    Hold,
    HoldKey,
    HoldState,
    OrderKind,
    Outcome,
    Policy,
    Tracked,
    denied_release,
)
from recoup.orders.kinds import MOVING

ENDS_WITHIN: Final = timedelta(minutes=1)
"""By how much the two sides' ends of one term may differ."""


_LATE: Final = timedelta(days=1)
"""By how much a watch may begin after its order."""


class Difference(StrEnum):
    """How a digest differs from the record."""

    MISSING = "missing"
    """The record has a hold that the institution does not show."""
    EXTRA = "extra"
    """The institution shows a hold that the record does not have: nobody would ever release it."""
    ALTERED = "altered"
    """Another amount."""
    STALE = "stale"
    """Another end."""


class Stands(NamedTuple):
    """What one side says of a hold; a plain tuple, since a hundred thousand of them are compared in each round."""

    held: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference; None where a side has no such hold."""

    kind: Difference
    key: HoldKey
    ours: Stands | None
    theirs: Stands | None

    def __str__(self) -> str:
        """Return one line for a person, without personal data."""
        ours, theirs = (_text(side) for side in (self.ours, self.theirs))
        where = f"{self.key.case} {self.key.account} {self.key.currency}"
        return f"drift, {self.kind}: {where}: expected {ours}, was {theirs}"


def recorded(holds: Iterable[Hold]) -> tuple[dict[HoldKey, Stands], frozenset[HoldKey]]:
    """Return what the record says is held, and of which holds something is on its way."""
    stands, under_way = {}, set()
    for hold in holds:
        if hold.is_live:
            stands[hold.key] = Stands(hold.held, hold.ends_at)
        if any(tracked.is_on_its_way for tracked in hold.orders):
            under_way.add(hold.key)
    return stands, frozenset(under_way)


def drift_of(
    ours: Mapping[HoldKey, Stands],
    theirs: Mapping[HoldKey, Stands],
    under_way: frozenset[HoldKey] = frozenset(),
) -> tuple[Drift, ...]:
    """Return every difference, in the order of keys."""
    found: list[tuple[HoldKey, Stands | None, Stands | None]] = []
    both = 0
    for key, shown in theirs.items():
        mine = ours.get(key)
        both += mine is not None
        if mine != shown:
            found.append((key, mine, shown))
    if both < len(ours):
        found += [(key, mine, None) for key, mine in ours.items() if key not in theirs]
    out = []
    for key, mine, other in found:
        kind = _kind(mine, other)
        if kind is not None and key not in under_way:
            out.append(Drift(kind, key, mine, other))
    return tuple(sorted(out, key=lambda row: (row.key.case, row.key.account, row.key.currency)))


def told_again(drift: Drift, hold: Hold) -> tuple[str, ...]:
    """Return the orders that an institution which forgot is told once more, in the order in which it got them.

    Of a hold that it lost, all that made the hold what it is; of one that came back although it was released, the release. An
    institution that remembers gives its first answers, so a digest that is wrong costs a message and nothing else.
    """
    is_lost = drift.kind is Difference.MISSING and hold.is_live
    is_back = drift.kind is Difference.EXTRA and hold.state is HoldState.RELEASED
    return to_tell_again(hold) if is_lost or is_back else ()


def gone(drift: Drift, hold: Hold) -> str | None:
    """Return the release that an institution refused for want of such a hold, where its whole digest has none either."""
    release = denied_release(hold)
    return release.order.id if drift.kind is Difference.MISSING and release is not None else None


def to_tell_again(hold: Hold) -> tuple[str, ...]:
    """Return the orders that may be told again as the hold is now: asked when that is decided, and again when one leaves.

    Nothing while something is on its way, or after an end; nothing but a release once that was decided, whatever was said of
    it: an institution that lost the hold refuses its release, and what persons let go must not be held again.
    """
    if any(tracked.is_on_its_way for tracked in hold.orders):
        return ()
    issued = [
        tracked
        for tracked in hold.orders
        if tracked.period == hold.period
        and tracked.issued_at is not None
        and tracked.order.kind in MOVING
    ]
    is_let_go = bool(issued) and issued[-1].order.kind is OrderKind.RELEASE
    if not (hold.is_live or hold.state is HoldState.RELEASED):
        return ()
    return tuple(
        tracked.order.id
        for tracked in issued
        if any(answer.outcome is not Outcome.REFUSED for answer in tracked.answers)
        and (tracked.order.kind is OrderKind.RELEASE or (hold.is_live and not is_let_go))
    )


def watch_end(watch: Tracked, policy: Policy) -> datetime | None:
    """Return when a watch ends that its institution began; None for one that it did not begin, or that ended early."""
    begun = [answer for answer in watch.answers if answer.started_at is not None]
    if watch.order.kind is not OrderKind.WATCH or not begun:
        return None
    is_cut_short = any(answer.code not in {"", ResultCode.DONE} for answer in begun)
    started_at = begun[0].started_at
    return None if is_cut_short or started_at is None else policy.watch_ends(started_at)


def watches(every: Iterable[Tracked], now: datetime, policy: Policy) -> tuple[str, ...]:
    """Return the watches that run, of an institution's orders from the newest on: no digest shows them, they are told again.

    One that remembers gives its first answer.
    """
    found = []
    for tracked in every:
        if tracked.issued_at is None or policy.watch_ends(tracked.issued_at) + _LATE <= now:
            break
        ends_at = watch_end(tracked, policy)
        if ends_at is not None and ends_at > now:
            found.append(tracked.order.id)
    return tuple(found)


def _kind(mine: Stands | None, shown: Stands | None) -> Difference | None:
    if mine is None:
        return Difference.EXTRA
    if shown is None:
        return Difference.MISSING
    if mine.held != shown.held:
        return Difference.ALTERED
    if mine.ends_at is None or shown.ends_at is None:
        return None  # an institution need not say
    return Difference.STALE if abs(mine.ends_at - shown.ends_at) > ENDS_WITHIN else None


def _text(side: Stands | None) -> str:
    if side is None:
        return "nothing"
    until = f" until {side.ends_at.isoformat()}" if side.ends_at else ""
    return f"{side.held}{until}"


__all__ = [
    "Difference",
    "Drift",
    "Stands",
    "drift_of",
    "gone",
    "recorded",
    "to_tell_again",
    "told_again",
    "watch_end",
    "watches",
]
