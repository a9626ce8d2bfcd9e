"""Rules about reports and claims: who may enter, admit, reject and withdraw them. Pure; called by `decide`."""

from __future__ import annotations

from datetime import datetime

from recoup.cases.case import Case, Claim, Report
from recoup.cases.commands import MakeClaim, NoteBounced, NoteRepaid, SettleClaim, TakeReport
from recoup.cases.events import (
    CaseOpened,
    ClaimAgreed,
    ClaimMade,
    ClaimRepaid,
    ClaimSettled,
    Event,
    ReportTaken,
)
from recoup.cases.evolve import repaid_digest
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import CLAIM_MOVES, CLAIM_REFUSALS, LIVE_CLAIMS, ClaimState, ClaimTrigger
from recoup.cases.terms import CasePolicy
from recoup.limits import CASE_CLAIMS_MAX

Events = tuple[Event, ...]


def take_report(case: Case, command: TakeReport, now: datetime) -> Events | Refusal:
    """Enter a report and its first claim; the first report opens the case."""
    report, claim = command.report, command.claim
    known = next((row for row in case.reports if row.id == report.id), None)
    if known is not None and known != report:
        return Refusal(Reason.ID_TAKEN, report.id)
    refusal = _believable(report, now)
    if refusal is not None:
        return refusal
    opened: Events = () if case.is_open else (CaseOpened(case.id, command.unit, now),)
    taken: Events = () if known else (ReportTaken(report),)
    made = _make(case, claim, report)
    return made if isinstance(made, Refusal) else (*opened, *taken, *made)


def make_claim(case: Case, command: MakeClaim) -> Events | Refusal:
    """Add a claim to a report that was taken."""
    report = next((row for row in case.reports if row.id == command.claim.report), None)
    if report is None:
        return Refusal(Reason.REPORT_UNKNOWN, command.claim.report)
    return _make(case, command.claim, report)


def _believable(report: Report, now: datetime) -> Refusal | None:
    if not report.accepts_liability:
        return Refusal(Reason.LIABILITY_NOT_ACCEPTED, report.id)
    if not report.received_at <= report.entered_at <= now:
        return Refusal(Reason.TIMES_DISAGREE, "expected received, then entered, then now")
    return None


def _make(case: Case, claim: Claim, report: Report) -> Events | Refusal:
    known = case.claim(claim.id)
    if known is not None:
        same = (known.report, known.transfer, known.amount, known.currency, known.payee)
        asked = (claim.report, claim.transfer, claim.amount, claim.currency, claim.payee)
        return () if same == asked else Refusal(Reason.ID_TAKEN, claim.id)
    if claim.report != report.id:
        return Refusal(Reason.REPORT_UNKNOWN, claim.report)
    if claim.amount <= 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{claim.amount} minor units")
    if claim.paid_at > report.received_at:
        return Refusal(Reason.TIMES_DISAGREE, "expected a payment before the report")
    if len(case.claims) >= CASE_CLAIMS_MAX:
        return Refusal(Reason.TRAIL_TOO_LONG, f"expected at most {CASE_CLAIMS_MAX} claims")
    disputed = {row.transfer for row in case.claims if row.state in LIVE_CLAIMS}
    if claim.transfer in disputed:
        return Refusal(Reason.TRANSFER_DISPUTED, claim.transfer)
    fresh = Claim(
        claim.id,
        claim.report,
        claim.victim,
        claim.transfer,
        claim.payer,
        claim.payee,
        claim.institution,
        claim.currency,
        claim.amount,
        claim.paid_at,
        claim.made_by,
    )
    return (ClaimMade(fresh),)


def settle_claim(case: Case, command: SettleClaim, policy: CasePolicy) -> Events | Refusal:
    """Admit a claim once enough others than its maker agree; reject or withdraw it."""
    claim = case.claim(command.claim)
    if claim is None:
        return Refusal(Reason.CLAIM_UNKNOWN, command.claim)
    trigger = command.trigger
    if (claim.state, trigger) not in CLAIM_MOVES:
        return Refusal(CLAIM_REFUSALS[claim.state, trigger], f"the claim is {claim.state}")
    after = CLAIM_MOVES[claim.state, trigger]
    settled = ClaimSettled(claim.id, after, command.by)
    match trigger:
        case ClaimTrigger.VOID:
            return Refusal(Reason.FINDING_UNKNOWN, "a claim becomes void by a finding")
        case ClaimTrigger.WITHDRAW if claim.state is ClaimState.REPORTED:
            return (settled,)
        case _ if command.by == claim.made_by or command.by in claim.agreed_by:
            return Refusal(Reason.MAKER_DECIDES, command.by)
        case ClaimTrigger.ADMIT:
            agreed = ClaimAgreed(claim.id, command.by)
            is_enough = len(claim.agreed_by) + 1 >= policy.admission_persons
            return (agreed, settled) if is_enough else (agreed,)
        case _:
            return (settled,)


def note_bounced(case: Case, command: NoteBounced) -> Events | Refusal:
    """Raise what a victim misses again: a payment came back. Also of a claim that stands no more, whose sums stay right."""
    claim = case.claim(command.claim)
    if claim is None:
        return Refusal(Reason.CLAIM_UNKNOWN, command.claim)
    event = ClaimRepaid(command.id, claim.id, -command.amount, 0)
    digest = dict(case.noted).get(command.id)
    if digest is not None:
        return () if digest == repaid_digest(event) else Refusal(Reason.ID_TAKEN, command.id)
    if not 0 < command.amount <= claim.returned:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"expected at most {claim.returned}")
    return (event,)


def note_repaid(case: Case, command: NoteRepaid) -> Events | Refusal:
    """Lower what a victim misses."""
    claim = case.claim(command.claim)
    if claim is None:
        return Refusal(Reason.CLAIM_UNKNOWN, command.claim)
    event = ClaimRepaid(command.id, claim.id, command.returned, command.compensated)
    digest = dict(case.noted).get(command.id)
    if digest is not None:
        return () if digest == repaid_digest(event) else Refusal(Reason.ID_TAKEN, command.id)
    amount = command.returned + command.compensated
    if min(command.returned, command.compensated) < 0 or amount <= 0:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"{amount} minor units")
    if claim.state not in LIVE_CLAIMS:
        return Refusal(Reason.CLAIM_NOT_LIVE, f"the claim is {claim.state}")
    if amount > claim.missing:
        return Refusal(Reason.AMOUNT_EXCEEDS_MISSING, f"expected at most {claim.missing}")
    return (event,)
