"""Every rule about a round of a return, from the application to the decision: a command becomes events or is refused. Pure.

Model: a return has rounds, one after another; a round takes applications, is bound to a plan, approved, made public where
money is shared pro rata, and decided; then each payment has a life of its own (`paying`).

Invariants: 1. nothing is decided that was not approved, by as many persons as the terms ask and never by its maker, as the
very digest that is decided; 2. a plan with a pro rata part is decided only after a notice that ran to its end with nothing
against it open [return-rules art. 8]; 3. an objection that succeeds takes the plan with it, and the next one is approved anew;
4. at every step the plan fits what is frozen and what is missed then (`fitting`); 5. what a round paid, or set aside, the next
one respects.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recoup import limits
from recoup.orders.hold import HoldKey
from recoup.procedure.commands import (
    ApprovePlan,
    BindPlan,
    CheckProof,
    Command,
    CustodyCommand,
    DecideRound,
    EndRound,
    OpenReturn,
    OpenRound,
    PassNotice,
    PublishNotice,
    RoundCommand,
    SendPlanBack,
    SettleObjection,
    TakeApplication,
    TakeApplicationBack,
    TakeObjection,
)
from recoup.procedure.events import (
    ApplicationTaken,
    ApplicationTakenBack,
    Event,
    NoticePassed,
    NoticePublished,
    ObjectionSettled,
    ObjectionTaken,
    PlanApproved,
    PlanBound,
    PlanSentBack,
    ProofChecked,
    RoundDecided,
    RoundEnded,
    RoundOpened,
)
from recoup.procedure.facts import Facts
from recoup.procedure.fitting import unfit_application, unfit_plan
from recoup.procedure.keeping import decide_custody
from recoup.procedure.paying import decide_payment
from recoup.procedure.refusals import Reason, Refusal
from recoup.procedure.state import (
    OBJECTION_MOVES,
    OBJECTION_REFUSALS,
    ROUND_ENDED,
    ROUND_MOVES,
    ROUND_REFUSALS,
    ObjectionState,
    ObjectionTrigger,
    RoundState,
    RoundTrigger,
)
from recoup.procedure.terms import ReturnTerms
from recoup.procedure.values import (
    OWN_MARK,
    Award,
    Notice,
    Payment,
    Plan,
    Return,
    Round,
)

Events = tuple[Event, ...]


def decide(
    found: Return, command: Command, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    """Return what happens when `command` is carried out at `now`: events, none for a repeat, or a refusal."""
    if isinstance(command, OpenReturn):
        return _open(found, command)
    if not found.is_open:
        return Refusal(Reason.RETURN_UNKNOWN, command.return_id)
    if isinstance(command, RoundCommand):
        return _in_round(found, command, facts, now, terms)
    if isinstance(command, CustodyCommand):
        return decide_custody(found, command, facts, now)
    return decide_payment(found, command, facts, now, terms)


def _in_round(
    found: Return, command: RoundCommand, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    match command:
        case OpenRound():
            return _open_round(found, command)
        case TakeApplication():
            return _apply(found, command, facts)
        case CheckProof():
            return _check(found, command)
        case TakeApplicationBack():
            return _take_back(found, command)
        case BindPlan():
            return _bind(found, command, facts, now)
        case ApprovePlan():
            return _approve(found, command, facts, now, terms)
        case SendPlanBack():
            return _send_back(found, command)
        case PublishNotice():
            return _publish(found, command, facts, now, terms)
        case TakeObjection():
            return _object(found, command)
        case SettleObjection():
            return _settle(found, command)
        case PassNotice():
            return _pass(found, command, now)
        case DecideRound():
            return _decide(found, command, facts, now, terms)
        case EndRound():
            return _end(found, command)


def needs_notice(found: Round, terms: ReturnTerms) -> bool:
    """Whether the plan must be made public before it is decided."""
    if found.plan is None or not found.plan.is_pro_rata or found.state is RoundState.REVIEWED:
        return False
    # Where the terms let a changed plan go without a notice of its own, one must have run to its end, and nobody who
    # objected may have been cut off by the plan's fall.
    is_served = any(notice.is_over for notice in found.notices)
    is_cut = any(row.state is ObjectionState.MOOT for row in found.objections)
    return terms.is_notice_repeated or not is_served or is_cut


def _next(found: Round, trigger: RoundTrigger) -> RoundState | Refusal:
    """Return the state that the table names, or its refusal."""
    pair = (found.state, trigger)
    if pair in ROUND_MOVES:
        return ROUND_MOVES[pair]
    return Refusal(ROUND_REFUSALS[pair], f"the round is {found.state}")


def _open(found: Return, command: OpenReturn) -> Events | Refusal:
    fresh = RoundOpened(command.return_id, 1, command.cases, command.by)
    if found.is_open:
        is_same = found.rounds[0].opened_by == command.by and found.cases[: len(command.cases)] == (
            command.cases
        )
        return () if is_same else Refusal(Reason.RETURN_ID_TAKEN, command.return_id)
    return _bounded_cases(command.cases) or (fresh,)


def _bounded_cases(cases: tuple[str, ...]) -> Refusal | None:
    if not 1 <= len(cases) <= limits.RETURN_CASES_MAX or len(set(cases)) != len(cases):
        return Refusal(Reason.TOO_MANY, f"expected 1 to {limits.RETURN_CASES_MAX} cases, each once")
    return None


def _open_round(found: Return, command: OpenRound) -> Events | Refusal:
    if command.number <= len(found.rounds):
        is_same = found.rounds[command.number - 1].opened_by == command.by
        return () if is_same else Refusal(Reason.RETURN_ID_TAKEN, str(command.number))
    if found.round.state not in ROUND_ENDED:
        return Refusal(Reason.ROUND_OPEN, f"round {found.round.number} is {found.round.state}")
    number = len(found.rounds) + 1
    if command.number != number or number > limits.RETURN_ROUNDS_MAX:
        return Refusal(Reason.TOO_MANY, f"expected round {number}, was {command.number}")
    if command.cases[: len(found.cases)] != found.cases:
        return Refusal(Reason.RETURN_ID_TAKEN, "the return's own cases come first")
    fresh = RoundOpened(found.id, number, command.cases, command.by)
    return _bounded_cases(command.cases) or (fresh,)


def _apply(found: Return, command: TakeApplication, facts: Facts) -> Events | Refusal:
    wanted, current = command.application, found.round
    known = next((x for each in found.rounds for x in each.applications if x.id == wanted.id), None)
    if known is not None:
        as_taken = replace(known, checked_by="", is_withdrawn=False)
        return () if as_taken == wanted else Refusal(Reason.RETURN_ID_TAKEN, wanted.id)
    after = _next(current, RoundTrigger.APPLY)
    if isinstance(after, Refusal):
        return after
    if wanted.key.case not in found.cases:
        return Refusal(Reason.CLAIM_NOT_ADMITTED, wanted.key.claim)
    if wanted.checked_by or wanted.is_withdrawn:
        return Refusal(Reason.PROOF_UNFIT, wanted.id)
    if current.application_of(wanted.key) is not None:
        return Refusal(Reason.CLAIM_APPLIED, wanted.key.claim)
    if len(current.applications) >= limits.RETURN_APPLICATIONS_MAX:
        return Refusal(Reason.TOO_MANY, f"expected at most {limits.RETURN_APPLICATIONS_MAX}")
    taken = ApplicationTaken(found.id, wanted, after)
    return unfit_application(wanted, facts) or (taken,)


def _check(found: Return, command: CheckProof) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.APPLY)
    if isinstance(after, Refusal):
        return after
    known = next((x for x in found.round.applications if x.id == command.application), None)
    if known is None or known.is_withdrawn:
        return Refusal(Reason.APPLICATION_UNKNOWN, command.application)
    if known.checked_by:
        return () if known.checked_by == command.by else Refusal(Reason.RETURN_ID_TAKEN, known.id)
    if command.by == known.taken_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if command.proof_digest != known.proof_digest:
        return Refusal(Reason.PROOF_UNFIT, known.id)
    return (ProofChecked(found.id, known.id, command.by),)


def _take_back(found: Return, command: TakeApplicationBack) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.APPLY)
    if isinstance(after, Refusal):
        return after
    known = next((x for x in found.round.applications if x.id == command.application), None)
    if known is None:
        return Refusal(Reason.APPLICATION_UNKNOWN, command.application)
    if known.is_withdrawn:
        return ()
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, known.id)
    return (ApplicationTakenBack(found.id, known.id, command.by, command.reason, after),)


def _bind(found: Return, command: BindPlan, facts: Facts, now: datetime) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.TRACE)
    if isinstance(after, Refusal):
        return after
    if not command.awards:
        return Refusal(Reason.PLAN_EMPTY)
    if len(command.awards) > limits.RETURN_AWARDS_MAX:
        return Refusal(Reason.TOO_MANY, f"expected at most {limits.RETURN_AWARDS_MAX} awards")
    awards = []
    for row in command.awards:
        application = found.round.application_of(row.key)
        if application is None:
            return Refusal(Reason.NOT_APPLIED, row.key.claim)
        awards.append(Award(row.key, row.place, row.mode, row.amount, application.payee))
    plan = Plan(command.inputs, command.outputs, command.policy, tuple(awards), command.by)
    if plan == found.round.plan:
        return ()
    return unfit_plan(found, awards, facts, now) or (PlanBound(found.id, plan, after),)


def _standing_plan(found: Return, digest: str, facts: Facts, now: datetime) -> Plan | Refusal:
    """Return the plan if it is what was seen and still fits."""
    plan = found.round.plan
    assert plan is not None, "the table lets nothing happen to a plan that is not there"
    if digest != plan.digest:
        return Refusal(Reason.PLAN_STALE, plan.digest)
    return unfit_plan(found, plan.awards, facts, now) or plan


def _approve(
    found: Return, command: ApprovePlan, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.APPROVE)
    if isinstance(after, Refusal):
        return after
    plan = _standing_plan(found, command.digest, facts, now)
    if isinstance(plan, Refusal):
        return plan
    if command.by in (plan.made_by, *found.round.approvers):
        return Refusal(Reason.MAKER_DECIDES, command.by)
    is_last = len(found.round.approvers) + 1 >= terms.approvals
    state = after if is_last else found.round.state
    return (PlanApproved(found.id, command.by, plan.digest, state),)


def _send_back(found: Return, command: SendPlanBack) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.SEND_BACK)
    if isinstance(after, Refusal):
        return after
    assert found.round.plan is not None, "it was traced"
    if command.by == found.round.plan.made_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if not command.reason:
        return Refusal(Reason.REASON_MISSING)
    return (PlanSentBack(found.id, command.by, command.reason, after),)


def _publish(
    found: Return, command: PublishNotice, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.PUBLISH)
    if isinstance(after, Refusal):
        return after
    plan = _standing_plan(found, command.digest, facts, now)
    if isinstance(plan, Refusal):
        return plan
    if not needs_notice(found.round, terms):
        return Refusal(Reason.NOTICE_NEEDLESS)
    notice = Notice(now, terms.notice_ends(now), command.by, plan.digest)
    return (NoticePublished(found.id, notice, after),)


def _object(found: Return, command: TakeObjection) -> Events | Refusal:
    wanted = command.objection
    known = next((x for each in found.rounds for x in each.objections if x.id == wanted.id), None)
    if known is not None:
        as_taken = replace(known, state=ObjectionState.OPEN, decided_by="", reason="")
        is_same = as_taken == replace(wanted, plan=known.plan)
        return () if is_same else Refusal(Reason.RETURN_ID_TAKEN, wanted.id)
    after = _next(found.round, RoundTrigger.OBJECT)
    if isinstance(after, Refusal):
        return after
    if len(found.round.objections) >= limits.RETURN_OBJECTIONS_MAX:
        return Refusal(Reason.TOO_MANY, f"expected at most {limits.RETURN_OBJECTIONS_MAX}")
    if not wanted.about or wanted.state is not ObjectionState.OPEN or wanted.reason:
        return Refusal(Reason.REASON_MISSING, wanted.id)
    assert found.round.plan is not None, "it was published"
    bound = replace(wanted, plan=found.round.plan.digest)
    return (ObjectionTaken(found.id, bound, after),)


def _settle(found: Return, command: SettleObjection) -> Events | Refusal:
    current = found.round
    known = next((x for x in current.objections if x.id == command.objection), None)
    if known is None:
        return Refusal(Reason.OBJECTION_UNKNOWN, command.objection)
    to = ObjectionTrigger.UPHOLD if command.is_upheld else ObjectionTrigger.DISMISS
    if (known.state, to) not in OBJECTION_MOVES:
        refusal = OBJECTION_REFUSALS[known.state, to]
        return Refusal(refusal, f"the objection is {known.state}")
    is_last = current.state is RoundState.UNDER_REVIEW and current.open_objections == 1
    dismiss = RoundTrigger.DISMISS_LAST if is_last else RoundTrigger.DISMISS
    after = _next(current, RoundTrigger.UPHOLD if command.is_upheld else dismiss)
    assert not isinstance(after, Refusal), "an open objection is against a plan that is public"
    assert current.plan is not None, "it was published"
    if command.by == current.plan.made_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if not command.reason:
        return Refusal(Reason.REASON_MISSING, known.id)
    outcome = OBJECTION_MOVES[known.state, to]
    return (ObjectionSettled(found.id, known.id, outcome, command.by, command.reason, after),)


def _pass(found: Return, command: PassNotice, now: datetime) -> Events | Refusal:
    current = found.round
    if (command.number, command.notice) != (current.number, len(current.notices)):
        return Refusal(Reason.NOTICE_OVER)
    trigger = RoundTrigger.PASS_OPEN if current.open_objections else RoundTrigger.PASS
    after = _next(current, trigger)
    if isinstance(after, Refusal):
        return after
    ends_at = current.notices[-1].ends_at
    if now < ends_at:
        return Refusal(Reason.TERM_RUNS, f"it ends at {ends_at.isoformat()}")
    return (NoticePassed(found.id, after),)


def _decide(
    found: Return, command: DecideRound, facts: Facts, now: datetime, terms: ReturnTerms
) -> Events | Refusal:
    after = _next(found.round, RoundTrigger.DECIDE)
    if isinstance(after, Refusal):
        return after
    plan = _standing_plan(found, command.digest, facts, now)
    if isinstance(plan, Refusal):
        return plan
    if command.by == plan.made_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if needs_notice(found.round, terms):
        return Refusal(Reason.NOTICE_MISSING)
    payments = _payments(found, plan, facts)
    return (RoundDecided(found.id, payments, command.by, now, after),)


def _payments(found: Return, plan: Plan, facts: Facts) -> tuple[Payment, ...]:
    """Return one payment for each claim and frozen account; modes of one award are one sum of money."""
    first: dict[tuple[str, str, str, str, str], Award] = {}
    sums: dict[tuple[str, str, str, str, str], int] = {}
    for award in plan.awards:
        place = award.place
        at = (award.key.case, award.key.claim, place.case, place.account, place.currency)
        first.setdefault(at, award)
        sums[at] = sums.get(at, 0) + award.amount
    return tuple(
        Payment(
            f"{found.id}{OWN_MARK}{found.round.number}.{number}",
            found.round.number,
            first[at].key,
            first[at].place,
            sums[at],
            first[at].payee,
            _keeper(found, first[at].place, facts),
        )
        for number, at in enumerate(sorted(sums), len(found.payments) + 1)
    )


def _keeper(found: Return, place: HoldKey, facts: Facts) -> str:
    """Return the institution that pays; '' for what the office hands over itself."""
    return "" if found.custody_at(place) is not None else facts.holds[place].institution


def _end(found: Return, command: EndRound) -> Events | Refusal:
    trigger = RoundTrigger.REFUSE if command.is_refused else RoundTrigger.WITHDRAW
    after = _next(found.round, trigger)
    if isinstance(after, Refusal):
        return after
    if not command.reason:
        return Refusal(Reason.REASON_MISSING)
    return (RoundEnded(found.id, command.by, command.reason, after),)
