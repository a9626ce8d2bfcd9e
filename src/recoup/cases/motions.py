"""Rules about motions: decisions that one person proposes and another takes with them. Pure; called by `decide`.

What takes two persons is decided by two acts: the first proposes, the second agrees to the digest of what the first saw. The
digest covers what the case shows of the matter; once that is another, nobody can agree any more and the motion is made anew.

Invariants: 1. nobody agrees with himself; 2. what takes effect is what was proposed, under what was seen; 3. a motion takes
effect at most once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recoup.cases import settling, telling
from recoup.cases.case import Case
from recoup.cases.commands import (
    DecideSurplus,
    DeferNotice,
    GrantHardship,
    JoinCase,
    LiftCap,
    MakeMotion,
    SettleMotion,
    SwapAccount,
)
from recoup.cases.decided import Appeal, Matter, Motion, digest_of
from recoup.cases.entitlements import current
from recoup.cases.events import Event, MotionMade, MotionSettled
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import (
    MOTION_MOVES,
    MOTION_REFUSALS,
    AppealState,
    MotionState,
    MotionTrigger,
)
from recoup.cases.terms import CasePolicy
from recoup.limits import CASE_OPEN_MAX

Events = tuple[Event, ...]


def make_motion(
    case: Case, command: MakeMotion, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Write a motion down; what could not be decided now is not proposed."""
    wanted = command.motion
    known = next((row for row in case.motions if row.id == wanted.id), None)
    if known is not None:
        same = replace(wanted, seen=known.seen).digest == known.digest
        return () if same else Refusal(Reason.ID_TAKEN, wanted.id)
    if not wanted.reason:
        return Refusal(Reason.REASON_MISSING, wanted.id)
    tried = _carried_out(case, wanted, "", now, policy)
    if isinstance(tried, Refusal):
        return tried
    if not tried:
        return Refusal(Reason.MOTION_SETTLED, "what it asks for stands already")
    if sum(row.state is MotionState.PROPOSED for row in case.motions) >= CASE_OPEN_MAX:
        return Refusal(Reason.TOO_MANY_OPEN, f"expected at most {CASE_OPEN_MAX} motions")
    fresh = replace(wanted, seen=shown(case, wanted), state=MotionState.PROPOSED, settled_by="")
    return (MotionMade(fresh),)


def settle_motion(
    case: Case, command: SettleMotion, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Let a motion take effect, dismiss it, or take it back."""
    motion = next((row for row in case.motions if row.id == command.motion), None)
    if motion is None:
        return Refusal(Reason.MOTION_UNKNOWN, command.motion)
    pair = (motion.state, command.trigger)
    if pair not in MOTION_MOVES:
        return Refusal(MOTION_REFUSALS[pair], f"the motion is {motion.state}")
    settled = MotionSettled(motion.id, MOTION_MOVES[pair], command.by)
    if command.trigger is MotionTrigger.WITHDRAW:
        is_makers = command.by == motion.by
        return (settled,) if is_makers else Refusal(Reason.MAKER_ONLY, command.by)
    if command.by == motion.by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if command.digest != motion.digest:
        return Refusal(Reason.DIGEST_STALE, motion.id)
    if command.trigger is MotionTrigger.DISMISS:
        return (settled,)
    if shown(case, motion) != motion.seen:
        return Refusal(Reason.DIGEST_STALE, f"{motion.id}: the case shows something else by now")
    found = _carried_out(case, motion, command.by, now, policy)
    return found if isinstance(found, Refusal) else (settled, *found)


def for_holder_of(case: Case, account: str, currency: str) -> list[tuple[str, Motion | Appeal]]:
    """Return what was decided for the holder of an account, each with the name of its clock."""
    decided: list[tuple[str, Motion | Appeal]] = [
        *(("hardship", row) for row in case.motions if row.state is MotionState.AGREED),
        *(("appeal", row) for row in case.appeals if row.state is AppealState.UPHELD),
    ]
    return [
        (clock, row) for clock, row in decided if (row.account, row.currency) == (account, currency)
    ]


def is_kept_back(case: Case, decided: Motion | Appeal) -> bool:
    """Whether more is held of an account than what was agreed to, or upheld, leaves; as far as its institution said."""
    here = (decided.account, decided.currency)
    cap = next((row for row in case.caps if (row.account, row.currency) == here), None)
    hold = case.standing(*here)
    is_for_holder = decided.state in {MotionState.AGREED, AppealState.UPHELD}
    return is_for_holder and cap is not None and hold is not None and hold.held > cap.amount


def shown(case: Case, motion: Motion) -> str:
    """Return the digest of what the case shows of a motion's matter: the hold, its claims, what lies there, the notice."""
    here = (motion.account, motion.currency)
    hold = case.standing(*here)
    standing = hold and (
        hold.asked,
        hold.held,
        hold.confirmed,
        hold.stood,
        hold.word,
        hold.period,
        hold.surplus_since,
    )
    is_joining = motion.matter is Matter.JOINING
    places = [
        (row.claim, row.currency, row.amount, row.found.value)
        for row in case.places
        if row.account == motion.account and (is_joining or row.currency == motion.currency)
    ]
    notice = next((x for x in case.notices if (x.account, x.currency) == here), None)
    told = notice and (notice.period, notice.amount, notice.due_at, notice.state.value)
    caps = [cap.amount for cap in case.caps if (cap.account, cap.currency) == here]
    return digest_of(
        "shown",
        standing,
        sorted(current(case).get(here, {}).items()),
        sorted(places),
        told if motion.matter is Matter.DEFERRAL else None,
        caps,
        [row for row in case.harms if (row.account, row.currency) == here],
        case.is_innocent(motion.account),
    )


def _carried_out(
    case: Case, motion: Motion, agreed_by: str, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Ask the rule of the matter; with nobody named, whether anybody could agree now."""
    account, currency, amount = motion.account, motion.currency, motion.amount
    by, reason = motion.by, motion.reason
    match motion.matter:
        case Matter.SURPLUS:
            surplus = DecideSurplus(account, currency, amount, by, agreed_by, reason)
            return settling.decide_surplus(case, surplus, now, policy)
        case Matter.HARDSHIP:
            hardship = GrantHardship(account, currency, amount, by, agreed_by, reason)
            return settling.grant_hardship(case, hardship)
        case Matter.SWAP:
            offered, bank = motion.offered, motion.institution
            swap = SwapAccount(account, currency, offered, bank, amount, by, agreed_by)
            return settling.swap_account(case, swap, now)
        case Matter.CAP:
            most = amount or None
            lifted = LiftCap(account, currency, most, by, agreed_by, reason)
            return settling.lift_cap(case, lifted)
        case Matter.DEFERRAL:
            if motion.until is None:
                return Refusal(Reason.DEFERRAL_TOO_LONG, "expected an end")
            until = motion.until
            later = DeferNotice(account, currency, until, reason, by, agreed_by)
            return telling.defer_notice(case, later, now, policy)
        case _:
            return telling.join_case(case, JoinCase(motion.other, account, by, agreed_by))
