"""The race against money that moves on: which orders leave in this minute, and what answered orders teach about it. Pure.

Orders of all cases compete for what an institution takes in a minute. First leaves what is expected to stop most: the amount
times the chance that it is still there, along the institution's own curve as far as one was learned. Nothing waits for ever:
the chance never reaches zero, and a new minute begins with what the last one left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from recoup.cases.case import Case, Standing
from recoup.cases.chase import Proposal
from recoup.cases.dwell import Dwell, learn
from recoup.cases.events import HoldNoted
from recoup.cases.terms import CasePolicy

MINUTE: Final = timedelta(minutes=1)

_ASKED: Final = frozenset({"issued", "sent", "unanswered"})
"""Words of a hold about which an institution was asked and has not answered."""
_TELLING: Final = frozenset({"held", "held_short", "moved"})
"""Answers that say how much of what was asked for was still there."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An order of a case that may leave now."""

    case: str
    proposal: Proposal
    mandate: str = ""
    """The standing authority that covers it."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one answered order teaches."""

    institution: str
    seconds: int
    """From the arrival of the money to the institution's stop."""
    asked: int
    there: int


def lesson_of(before: Case, event: HoldNoted) -> Lesson | None:
    """Return what the first answer about an account teaches; `before` is the case without the event."""
    known: Standing | None = before.standing(event.account, event.currency)
    if known is None or known.arrived_at is None or not known.asked:
        return None
    if known.word not in _ASKED or event.word not in _TELLING:
        return None
    seconds = ((event.since or event.at) - known.arrived_at) // timedelta(seconds=1)
    return Lesson(event.institution, max(0, seconds), known.asked, min(event.held, known.asked))


def learned_curve(institution: str, lessons: Iterable[Lesson], policy: CasePolicy) -> Dwell:
    """Return an institution's curve: the declared one, or that of the policy, moved by what its answers taught."""
    prior = policy.institution(institution).dwell or policy.dwell
    seen = ((one.seconds, one.asked, one.there) for one in lessons)
    return learn(prior, seen, policy.dwell_weight)


def dispatch(
    ready: Sequence[Ready],
    sent: Mapping[str, int],
    now: datetime,
    policy: CasePolicy,
    curves: Mapping[str, Dwell] | None = None,
) -> tuple[tuple[Ready, ...], tuple[Ready, ...]]:
    """Share out the running minute: return what leaves now, the most expected value first, and what waits.

    Args:
        ready: orders of any number of cases.
        sent: by institution, how many orders left for it within the last minute.
        now: aware UTC.
        policy: capacities, and the curve where nothing was learned.
        curves: learned, by institution.
    """
    known = curves or {}

    def value(one: Ready) -> int:
        found = one.proposal
        if found.arrived_at is None:
            return found.value
        declared = policy.institution(found.institution).dwell or policy.dwell
        curve = known.get(found.institution, declared)
        return found.sought * curve.chance(now - found.arrived_at)

    ordered = sorted(
        ((value(one), one) for one in ready),
        key=lambda row: (
            -row[0],
            row[1].case,
            row[1].proposal.account,
            row[1].proposal.currency,
            row[1].proposal.kind,
        ),
    )
    left: dict[str, int] = {}
    leaving: list[Ready] = []
    waiting: list[Ready] = []
    for _, one in ordered:
        name = one.proposal.institution
        free = left.setdefault(name, policy.capacity(name) - sent.get(name, 0))
        (leaving if free > 0 else waiting).append(one)
        left[name] = free - 1
    return tuple(leaving), tuple(waiting)
