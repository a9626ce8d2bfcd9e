"""Every rule about cases: a command either becomes events or is refused. Pure; the clock's time is an argument.

Model: reports open a case and make claims; a worker's trail says where their money lies; orders of the plan are taken up for
claims; institutions' answers and balance digests say what is held; persons find, decide and hear appeals.

Invariants after every command: 1. per claim, live entitlements sum to at most loss - returned - compensated, unanswered orders
included; 2. behind no order stands more than it asks for; 3. entitlements pass from an order to the next in the same entry as
the order or trail that makes them pass; 4. a trail is taken over only for the newest facts, and conserves every admitted
claim; 5. nothing that frees, widens or decides rests on one person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from recoup.cases import (
    escalating,
    following,
    freeing,
    handing,
    motions,
    ordering,
    reporting,
    settling,
    telling,
)
from recoup.cases.case import Case, Entitlement, Harm
from recoup.cases.commands import (
    AcceptHandover,
    AddFacts,
    AgreeToMandate,
    AgreeToOrder,
    ApplyTrail,
    Command,
    ConfirmHold,
    DecideSurplus,
    DeclineHandover,
    DeferNotice,
    EndDeferral,
    FileAppeal,
    GrantHardship,
    JoinCase,
    LiftCap,
    MakeClaim,
    MakeMotion,
    NoteAccountKind,
    NoteBounced,
    NoteHarm,
    NoteHold,
    NoteOpinion,
    NoteRepaid,
    OfferHandover,
    PassAppealClock,
    PassEscalation,
    PassForeignClock,
    ProposeFinding,
    ProposeMandate,
    RaiseEscalation,
    RecordForeignAnswer,
    RevokeMandate,
    SendNotice,
    SettleAppeal,
    SettleClaim,
    SettleEscalation,
    SettleFinding,
    SettleMotion,
    SwapAccount,
    TakeReport,
    TakeUp,
    WithdrawHandover,
    WriteOrder,
)
from recoup.cases.entitlements import check, current, entitle
from recoup.cases.events import (
    AccountKindNoted,
    ClaimMade,
    ClaimSettled,
    EntitlementsChanged,
    Event,
    FactsAdded,
    FactsChanged,
    FindingSettled,
    HarmNoted,
    HoldNoted,
    SurplusMarked,
)
from recoup.cases.evolve import fold
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import FindingState
from recoup.cases.terms import CasePolicy
from recoup.orders.kinds import OFF_BANK, PROTECTED, AccountKind

Events = tuple[Event, ...]
_FORESEEN_MAX: Final = 64
"""Cases of which is kept what their newest trail led to."""


def decide(case: Case, command: Command, now: datetime, policy: CasePolicy) -> Events | Refusal:
    """Return what happens when `command` is carried out at `now`: events, none for a repeat, or a refusal."""
    if not case.is_open and not isinstance(command, TakeReport):
        return Refusal(Reason.CASE_NOT_OPEN, case.id)
    if isinstance(command, ApplyTrail):
        return _of_trail(case, command, now, policy)
    return _decided(case, command, now, policy)


_Foreseen = tuple[Case, ApplyTrail, datetime, CasePolicy, Events | Refusal]
_foreseen: dict[str, _Foreseen] = {}
"""What trails that were handed in last led to, by case: the chase asks before it writes, and the writer asks again."""


def _of_trail(
    case: Case, command: ApplyTrail, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Return what a trail leads to; of the very same case and trail at the same instant what it led to before."""
    known = _foreseen.get(case.id)
    is_same = known is not None and known[0] is case and known[1] is command
    if known is not None and is_same and known[2] == now and known[3] is policy:
        return known[4]
    found = _decided(case, command, now, policy)
    if len(_foreseen) >= _FORESEEN_MAX:
        _foreseen.clear()  # each is decided once more: that costs a moment, now and then
    _foreseen[case.id] = case, command, now, policy, found
    return found


def _decided(case: Case, command: Command, now: datetime, policy: CasePolicy) -> Events | Refusal:
    found = _rule(case, command, now, policy)
    if isinstance(found, Refusal) or not found:
        return found
    found = (*found, *freeing.clocks_set(case, found, now, policy))
    if any(_is_fact(case, event) for event in found):
        found = (*found, FactsChanged(case.facts_version + 1))
    return _settle(case, found, now, policy)


def _rule(case: Case, command: Command, now: datetime, policy: CasePolicy) -> Events | Refusal:
    """Ask the rule of the command."""
    match command:
        case TakeReport():
            return reporting.take_report(case, command, now)
        case MakeClaim():
            return reporting.make_claim(case, command)
        case SettleClaim():
            return reporting.settle_claim(case, command, policy)
        case NoteRepaid():
            return reporting.note_repaid(case, command)
        case NoteBounced():
            return reporting.note_bounced(case, command)
        case AddFacts():
            return following.add_facts(case, command)
        case ApplyTrail():
            return following.apply_trail(case, command, now, policy)
        case NoteHold():
            return following.note_hold(case, command, now, policy)
        case ConfirmHold():
            return following.confirm_hold(case, command)
        case NoteHarm(harm):
            return _note_harm(case, harm)
        case WriteOrder():
            return ordering.write_order(case, command, now, policy)
        case NoteAccountKind(account, kind):
            return _note_account_kind(case, account, kind, policy)
        case AgreeToOrder():
            return ordering.agree_to_order(case, command, now, policy)
        case TakeUp():
            return ordering.take_up(case, command, now, policy)
        case ProposeMandate():
            return ordering.propose_mandate(case, command, now)
        case AgreeToMandate() | RevokeMandate():
            return ordering.settle_mandate(case, command, now)
        case RaiseEscalation():
            return escalating.raise_escalation(case, command, now, policy)
        case PassEscalation():
            return escalating.pass_escalation(case, command, now, policy)
        case SettleEscalation():
            return escalating.settle_escalation(case, command, now)
        case OfferHandover():
            return handing.offer_handover(case, command, now)
        case AcceptHandover() | DeclineHandover() | WithdrawHandover():
            return handing.settle_handover(case, command, now)
        case _:
            return _rule_of_persons(case, command, now, policy)


def _rule_of_persons(
    case: Case,
    command: DecideSurplus
    | GrantHardship
    | LiftCap
    | SwapAccount
    | ProposeFinding
    | SettleFinding
    | MakeMotion
    | SettleMotion
    | NoteOpinion
    | FileAppeal
    | SettleAppeal
    | PassAppealClock
    | SendNotice
    | DeferNotice
    | EndDeferral
    | RecordForeignAnswer
    | PassForeignClock
    | JoinCase,
    now: datetime,
    policy: CasePolicy,
) -> Events | Refusal:
    """Ask the rule of a command by which a person decides or is told."""
    match command:
        case DecideSurplus():
            return settling.decide_surplus(case, command, now, policy)
        case GrantHardship():
            return settling.grant_hardship(case, command)
        case LiftCap():
            return settling.lift_cap(case, command)
        case SwapAccount():
            return settling.swap_account(case, command, now)
        case ProposeFinding():
            return settling.propose_finding(case, command)
        case SettleFinding():
            return settling.settle_finding(case, command)
        case MakeMotion():
            return motions.make_motion(case, command, now, policy)
        case SettleMotion():
            return motions.settle_motion(case, command, now, policy)
        case NoteOpinion():
            return settling.note_opinion(case, command)
        case FileAppeal():
            return telling.file_appeal(case, command, now, policy)
        case SettleAppeal():
            return telling.settle_appeal(case, command, now)
        case PassAppealClock():
            return telling.pass_appeal_clock(case, command, now)
        case SendNotice():
            return telling.send_notice(case, command)
        case DeferNotice():
            return telling.defer_notice(case, command, now, policy)
        case EndDeferral():
            return telling.end_deferral(case, command, now)
        case RecordForeignAnswer() | PassForeignClock():
            return telling.move_task(case, command, now)
        case _:
            return telling.join_case(case, command)


def _note_account_kind(
    case: Case, account: str, kind: AccountKind, policy: CasePolicy
) -> Events | Refusal:
    """Note what an account is for; what protects it is never taken back by a word, only made more.

    One person would lay open who is paid from there. To free a protected account takes no more people than another.
    """
    known = case.account_kind(account)
    if known is kind:
        return ()
    if known not in PROTECTED:
        return (AccountKindNoted(account, kind),)
    if kind in OFF_BANK:  # that a protected account is a wallet takes no protection from it
        return ()
    of_kind = policy.levels.of_account
    if kind not in PROTECTED or not of_kind(kind).reaches(of_kind(known)):
        return Refusal(Reason.PROTECTION_STANDS, f"the account is one of {known}")
    return (AccountKindNoted(account, kind),)


def _note_harm(case: Case, harm: Harm) -> Events | Refusal:
    """Keep what an order would do to others, about accounts that the case has to do with."""
    reached = {place.account for place in case.places} | {hold.account for hold in case.holds}
    if harm.account not in reached:
        return Refusal(Reason.TRAILS_APART, "the trail does not reach the account")
    return () if harm in case.harms else (HarmNoted(harm),)


def _is_fact(case: Case, event: Event) -> bool:
    """Whether a trail rests on it: rows, claims and their admission, holds that take lots, decided findings."""
    match event:
        case ClaimMade() | ClaimSettled() | FactsAdded():
            return True
        case HoldNoted():
            known = case.standing(event.account, event.currency)
            return event.held != (known.held if known else 0)
        case FindingSettled():
            return event.state is FindingState.DECIDED
        case _:
            return False


def _is_unmoved(case: Case, after: Case) -> bool:
    """Whether nothing changed on which entitlements and surplus rest: they stand as they were settled in the entry before.

    Most entries are of this kind, and working out who stands behind every hold is most of what a large case costs.
    """
    parts = ("claims", "derived", "places", "caps", "findings")
    if any(getattr(case, name) is not getattr(after, name) for name in parts):
        return False
    if len(case.holds) != len(after.holds):
        return False
    return all(
        new is old
        or (new.hold, new.asked, new.stood, new.surplus_since)
        == (old.hold, old.asked, old.stood, old.surplus_since)
        for old, new in zip(case.holds, after.holds, strict=True)
    )


def _settle(case: Case, events: Events, now: datetime, policy: CasePolicy) -> Events:
    """Return the events with what they do to entitlements and surplus, so that one entry has all of it."""
    after = fold(case, events)
    if _is_unmoved(case, after):
        _settled[0] = case, events, after
        return events
    before, wanted = current(after), entitle(after)
    moved = [x for x in before.keys() | wanted.keys() if before.get(x) != wanted.get(x)]
    rows = [
        Entitlement(*place, claim, wanted.get(place, {}).get(claim, 0))
        for place in sorted(moved)
        for claim in sorted(before.get(place, {}).keys() | wanted.get(place, {}).keys())
        if before.get(place, {}).get(claim, 0) != wanted.get(place, {}).get(claim, 0)
    ]
    if rows:
        changed = EntitlementsChanged(tuple(rows))
        events, after = (*events, changed), fold(after, (changed,))
    marks: list[Event] = []
    for hold in after.holds:
        has_surplus = hold.asked > sum(wanted.get(hold.hold, {}).values())
        if has_surplus and hold.surplus_since is None:
            decide_by = now + timedelta(seconds=policy.overlap_seconds_max)
            marks.append(SurplusMarked(*hold.hold, now, decide_by))
        elif not has_surplus and hold.surplus_since is not None:
            marks.append(SurplusMarked(*hold.hold, None, None))
    after = fold(after, marks)
    check(after)
    events = (*events, *marks)
    _settled[0] = case, events, after
    return events


_settled: list[tuple[Case, Events, Case] | None] = [None]
"""What was decided last, and the case as it is after it: who decides folds it next."""


def followed(case: Case, events: Events) -> Case:
    """Return the case after what `decide` said of it; what it folded itself last is not folded again."""
    known = _settled[0]
    if known is not None and known[0] is case and known[1] is events:
        return known[2]
    return fold(case, events)
