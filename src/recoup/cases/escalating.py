"""Rules about clocks that ran out: who is asked, how long, who is asked next, and what came of it. Pure; called by `decide`.

An order without an answer, an appeal or a hardship that nobody decided, a request abroad without an answer each ask the
duty officer of the unit that has the case. Who is on duty the centre says, since the roster lies elsewhere. Without an
outcome in time the unit above is asked; what came of it is kept with who said so, and what settles the clock itself settles
the asking.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recoup.care.escalation import ESCALATION_MOVES, Escalation, EscalationTrigger
from recoup.cases.case import Case
from recoup.cases.commands import PassEscalation, RaiseEscalation, SettleEscalation
from recoup.cases.decided import digest_of
from recoup.cases.events import EscalationMoved, EscalationRaised, Event
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import (
    ESCALATION_REFUSALS,
)
from recoup.cases.terms import CasePolicy

Events = tuple[Event, ...]


def raise_escalation(
    case: Case, command: RaiseEscalation, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Ask a unit about a clock that ran out, unless one is asked already."""
    if case.asked_about(command.clock, command.about) is not None:
        return ()
    return (_raised(case, command.clock, command.about, command.unit, command.person, now, policy),)


def pass_escalation(
    case: Case, command: PassEscalation, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Ask the unit above, once the time of the one that was asked is over."""
    known = _known(case, command.escalation, EscalationTrigger.PASS)
    if isinstance(known, Refusal):
        return known
    if now < known.due_at:
        return Refusal(Reason.CLOCK_RUNS, known.due_at.isoformat())
    if not command.unit:
        return Refusal(Reason.NOBODY_ABOVE, known.unit)
    after = ESCALATION_MOVES[known.state, EscalationTrigger.PASS]
    moved = EscalationMoved(known.id, after, "", now, "no outcome in time")
    what = (known.clock, known.about, command.unit, command.person)
    return (moved, _raised(case, *what, now, policy))


def settle_escalation(case: Case, command: SettleEscalation, now: datetime) -> Events | Refusal:
    """Keep what came of it."""
    known = _known(case, command.escalation, EscalationTrigger.SETTLE)
    if isinstance(known, Refusal):
        return known
    if not command.outcome:
        return Refusal(Reason.REASON_MISSING, known.id)
    after = ESCALATION_MOVES[known.state, EscalationTrigger.SETTLE]
    return (EscalationMoved(known.id, after, command.by, now, command.outcome),)


def _known(case: Case, escalation: str, trigger: EscalationTrigger) -> Escalation | Refusal:
    found = next((row for row in case.escalations if row.id == escalation), None)
    if found is None:
        return Refusal(Reason.ESCALATION_UNKNOWN, escalation)
    if (found.state, trigger) not in ESCALATION_MOVES:
        reason = ESCALATION_REFUSALS[found.state, trigger]
        return Refusal(reason, f"the escalation is {found.state}")
    return found


def _raised(
    case: Case,
    clock: str,
    about: str,
    unit: str,
    person: str,
    now: datetime,
    policy: CasePolicy,
) -> EscalationRaised:
    before = sum((row.clock, row.about) == (clock, about) for row in case.escalations)
    key = digest_of("escalation", clock, about, before)[:32]
    due_at = now + timedelta(seconds=policy.escalation_seconds)
    return EscalationRaised(Escalation(key, clock, about, unit, person, now, due_at))
