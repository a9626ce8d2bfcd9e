"""How an appeal against a decision of a watch is filed and decided: commands, events, decide, evolve. Pure.

1. One decision is appealed against once: what is decided on an appeal is decided.
2. A person decides who neither filed it nor passed it on; a machine never does.
3. The limit of the policy ends nothing: an appeal that is late stays open, and says so.
4. An appeal holds no payment longer: what waits ends by itself. Decided after that, it is recorded and releases nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recoup.care.decision_appeal import (
    DECISION_APPEAL_MOVES,
    DECISION_APPEAL_REFUSALS,
    DecisionAppeal,
    DecisionAppealState,
    DecisionAppealTrigger,
    DecisionKind,
)
from recoup.care.limits import DECISION_CODES_MAX
from recoup.care.refusals import CareReason, CareRefusal
from recoup.care.terms import CareTerms


@dataclass(frozen=True, slots=True)
class FileDecisionAppeal:
    """Take a holder's objection to a decision in. Limit and state of what is given are not read."""

    appeal: DecisionAppeal


@dataclass(frozen=True, slots=True)
class SettleDecisionAppeal:
    """Uphold an appeal, or dismiss it."""

    appeal: str
    is_upheld: bool
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassDecisionAppeal:
    """The limit of an appeal has come."""

    appeal: str


DecisionAppealCommand = FileDecisionAppeal | SettleDecisionAppeal | PassDecisionAppeal


@dataclass(frozen=True, slots=True)
class DecisionAppealFiled:
    """A holder objects to a decision."""

    appeal: DecisionAppeal


@dataclass(frozen=True, slots=True)
class DecisionAppealMoved:
    """It was decided, or its limit passed."""

    appeal: str
    trigger: DecisionAppealTrigger
    state: DecisionAppealState
    by: str
    """'' for the clock."""
    reason: str
    at: datetime


DecisionAppealEvent = DecisionAppealFiled | DecisionAppealMoved


def file_appeal(
    wanted: DecisionAppeal, earlier: DecisionAppeal | None, now: datetime, terms: CareTerms
) -> tuple[DecisionAppealEvent, ...] | CareRefusal:
    """File an appeal; `earlier` is one against the same decision."""
    if earlier is not None:
        return CareRefusal(CareReason.DECISION_APPEALED, wanted.decision)
    if len(wanted.codes) > DECISION_CODES_MAX:
        return CareRefusal(CareReason.TOO_MANY, f"{len(wanted.codes)} reasons")
    waits = wanted.kind in {DecisionKind.DELAY, DecisionKind.HOLD}
    if wanted.amount < 1 or waits != (wanted.waits_until is not None):
        return CareRefusal(CareReason.DECISION_UNFIT, wanted.decision)
    due_at = now + timedelta(seconds=terms.appeal_seconds)
    made = replace(
        wanted,
        decided_at=min(wanted.decided_at, now),  # two clocks are never quite alike
        filed_at=now,
        due_at=due_at,
        state=DecisionAppealState.OPEN,
        is_overdue=False,
        settled_by="",
        settled_for="",
        settled_at=None,
    )
    return (DecisionAppealFiled(made),)


def decide_appeal(
    appeal: DecisionAppeal, command: SettleDecisionAppeal | PassDecisionAppeal, now: datetime
) -> tuple[DecisionAppealEvent, ...] | CareRefusal:
    """Return what a command about an appeal leads to, or why nothing."""
    trigger, by, reason = DecisionAppealTrigger.PASS_LIMIT, "", ""
    if isinstance(command, SettleDecisionAppeal):
        by, reason = command.by, command.reason
        is_upheld = command.is_upheld
        trigger = DecisionAppealTrigger.UPHOLD if is_upheld else DecisionAppealTrigger.DISMISS
    pair = (appeal.state, trigger)
    if pair not in DECISION_APPEAL_MOVES:
        return CareRefusal(DECISION_APPEAL_REFUSALS[pair], f"the appeal is {appeal.state}")
    if trigger is DecisionAppealTrigger.PASS_LIMIT:
        if appeal.is_overdue:
            return ()
        if now < appeal.due_at:
            return CareRefusal(CareReason.DECISION_APPEAL_RUNS, appeal.due_at.isoformat())
    elif by == appeal.filed_by:
        return CareRefusal(CareReason.DECISION_APPEAL_SAME_PERSON, by)
    state = DECISION_APPEAL_MOVES[pair]
    return (DecisionAppealMoved(appeal.id, trigger, state, by, reason, now),)


def evolve_appeal(appeal: DecisionAppeal, event: DecisionAppealMoved) -> DecisionAppeal:
    """Return the appeal after `event`. Holds no rule."""
    if event.trigger is DecisionAppealTrigger.PASS_LIMIT:
        return replace(appeal, is_overdue=True)
    return replace(
        appeal,
        state=event.state,
        settled_by=event.by,
        settled_for=event.reason,
        settled_at=event.at,
    )


__all__ = [
    "DecisionAppealCommand",
    "DecisionAppealEvent",
    "DecisionAppealFiled",
    "DecisionAppealMoved",
    "FileDecisionAppeal",
    "PassDecisionAppeal",
    "SettleDecisionAppeal",
    "decide_appeal",
    "evolve_appeal",
    "file_appeal",
]
