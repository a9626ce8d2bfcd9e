"""Rules about what persons decide of a hold: findings, surplus, hardship, another account. Pure; called by `decide`.

A bank's opinion never frees anything. A finding takes effect when somebody else than its maker agrees, and frees exactly what
rests on it: claim void, everything that stands on the claim alone; good-faith value, what arrived at the account; innocent
conduit, the holder's own money, while the traced part and all holds behind it stay (SEMANTICS 4).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from recoup.cases.case import (
    Case,
    Found,
    Standing,
    Swap,
)
from recoup.cases.commands import (
    DecideSurplus,
    GrantHardship,
    LiftCap,
    NoteOpinion,
    ProposeFinding,
    SettleFinding,
    SwapAccount,
)
from recoup.cases.decided import Finding, FindingKind
from recoup.cases.entitlements import current, missing_of, parts_of, shares_of, targets_of
from recoup.cases.events import (
    AccountSwapped,
    CapLifted,
    ClaimSettled,
    Event,
    FindingProposed,
    FindingSettled,
    OpinionNoted,
    PlacesChanged,
    StoodLowered,
    SurplusMarked,
)
from recoup.cases.evolve import fold, opinion_digest
from recoup.cases.following import as_found
from recoup.cases.refusals import Reason, Refusal
from recoup.cases.state import (
    FINDING_MOVES,
    FINDING_REFUSALS,
    LIVE_CLAIMS,
    ClaimState,
    FindingState,
)
from recoup.cases.terms import CasePolicy, Downstream
from recoup.limits import CASE_OPEN_MAX, CASE_OPINIONS_MAX

Events = tuple[Event, ...]


def propose_finding(case: Case, command: ProposeFinding) -> Events | Refusal:
    """Write a finding down; nothing changes yet."""
    wanted = command.finding
    known = next((row for row in case.findings if row.id == wanted.id), None)
    if known is not None:
        return () if known.digest == wanted.digest else Refusal(Reason.ID_TAKEN, wanted.id)
    if not wanted.reason:
        return Refusal(Reason.REASON_MISSING, wanted.id)
    if sum(row.state is FindingState.PROPOSED for row in case.findings) >= CASE_OPEN_MAX:
        return Refusal(Reason.TOO_MANY_OPEN, f"expected at most {CASE_OPEN_MAX} findings")
    claim = case.claim(wanted.subject)
    if wanted.kind is FindingKind.CLAIM_VOID and (claim is None or claim.state not in LIVE_CLAIMS):
        reason = Reason.CLAIM_UNKNOWN if claim is None else Reason.CLAIM_NOT_LIVE
        return Refusal(reason, wanted.subject)
    fresh = Finding(wanted.id, wanted.kind, wanted.subject, wanted.made_by, wanted.reason)
    return (FindingProposed(fresh),)


def settle_finding(case: Case, command: SettleFinding) -> Events | Refusal:
    """Let a finding take effect, or dismiss it; never by its maker."""
    finding = next((row for row in case.findings if row.id == command.finding), None)
    if finding is None:
        return Refusal(Reason.FINDING_UNKNOWN, command.finding)
    pair = (finding.state, command.trigger)
    if pair not in FINDING_MOVES:
        return Refusal(FINDING_REFUSALS[pair], f"the finding is {finding.state}")
    if command.by == finding.made_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    if command.digest != finding.digest:
        return Refusal(Reason.DIGEST_STALE, finding.id)
    after = FINDING_MOVES[pair]
    settled = FindingSettled(finding.id, after, command.by)
    if after is not FindingState.DECIDED:
        return (settled,)
    persons = (finding.made_by, command.by)
    match finding.kind:
        case FindingKind.CLAIM_VOID:
            claim = case.claim(finding.subject)
            if claim is None or claim.state not in LIVE_CLAIMS:
                return Refusal(Reason.CLAIM_NOT_LIVE, finding.subject)
            return (settled, ClaimSettled(claim.id, ClaimState.VOID, command.by))
        case FindingKind.GOOD_FAITH_VALUE:
            places = as_found(fold(case, (settled,)), case.places)
            freed = _lowered(case, finding, persons, of_traced=False)
            return (settled, PlacesChanged(places), *freed)
        case _:  # an innocent conduit
            return (settled, *_lowered(case, finding, persons, of_traced=True))


def _lowered(case: Case, finding: Finding, persons: tuple[str, ...], *, of_traced: bool) -> Events:
    """Return what takes claims from behind the account's holds: all of them, or all beyond the traced part."""
    targets = targets_of(case.places, missing_of(case), case.caps)
    out: list[Event] = []
    for hold in case.holds:
        if hold.account != finding.subject or not hold.asked:
            continue
        traced = targets.get(hold.hold, {}) if of_traced else {}
        stood = {claim: min(amount, traced.get(claim, 0)) for claim, amount in hold.stood}
        why = finding.kind.value
        out.append(StoodLowered(*hold.hold, parts_of(stood), None, why, persons))
    return tuple(out)


def terminals(case: Case, policy: CasePolicy) -> tuple[str, ...]:
    """Return accounts at which a worker ends the trail (`--terminal`): value was given there in good faith."""
    if policy.good_faith_downstream is Downstream.CONTINUES:
        return ()
    found = (row.subject for row in case.findings if case.is_paid_for(row.subject))
    return tuple(sorted(dict.fromkeys(found)))


def note_opinion(case: Case, command: NoteOpinion) -> Events | Refusal:
    """Keep what an institution thinks: a fact about the institution, which frees nothing."""
    event = OpinionNoted(command.id, command.account, command.institution, command.text)
    digest = dict(case.noted).get(command.id)
    if digest is not None:
        return () if digest == opinion_digest(event) else Refusal(Reason.ID_TAKEN, command.id)
    if case.opinions >= CASE_OPINIONS_MAX:
        return Refusal(Reason.TOO_MANY_KEPT, f"expected at most {CASE_OPINIONS_MAX} opinions")
    return (event,)


def _two_persons(by: str, agreed_by: str, reason: str) -> Refusal | None:
    if not reason:
        return Refusal(Reason.REASON_MISSING)
    return Refusal(Reason.MAKER_DECIDES, by) if by == agreed_by else None


def _lower_to(
    hold: Standing, keep: int, why: str, persons: tuple[str, ...], cap: int | None
) -> Event:
    stood = dict(hold.stood)
    least = min(keep, sum(stood.values()))
    return StoodLowered(*hold.hold, parts_of(shares_of(least, stood)), cap, why, persons)


def decide_surplus(
    case: Case, command: DecideSurplus, now: datetime, policy: CasePolicy
) -> Events | Refusal:
    """Settle a surplus that nothing confirmed in time: keep so much of the hold, at least what claims are entitled to."""
    hold = case.standing(command.account, command.currency)
    if hold is None:
        return Refusal(Reason.HOLD_UNKNOWN)
    refusal = _two_persons(command.by, command.agreed_by, command.reason)
    if refusal is not None:
        return refusal
    due = sum(current(case).get(hold.hold, {}).values())
    if hold.surplus_since is None or not due <= command.keep <= hold.asked:
        return Refusal(Reason.NOT_SURPLUS, f"expected {due} to {hold.asked}, was {command.keep}")
    decide_by = hold.surplus_since + timedelta(seconds=policy.overlap_seconds_max)
    if now < decide_by:
        return Refusal(Reason.CLOCK_RUNS, decide_by.isoformat())
    persons = (command.by, command.agreed_by)
    if command.keep == hold.asked:  # keep all for now: the clock begins again
        return (SurplusMarked(*hold.hold, None, None),)
    parts = dict(hold.stood)
    entitled = current(case).get(hold.hold, {})
    beyond = {claim: max(0, amount - entitled.get(claim, 0)) for claim, amount in parts.items()}
    more = shares_of(min(command.keep - due, sum(beyond.values())), beyond)
    stood = {claim: parts[claim] - beyond[claim] + more[claim] for claim in sorted(parts)}
    lowered = StoodLowered(*hold.hold, parts_of(stood), None, command.reason, persons)
    return (lowered,)


def grant_hardship(case: Case, command: GrantHardship) -> Events | Refusal:
    """Free a part of a hold whatever the trail says; what is freed may not be asked for again."""
    hold = case.standing(command.account, command.currency)
    if hold is None or not hold.asked:
        return Refusal(Reason.HOLD_UNKNOWN)
    refusal = _two_persons(command.by, command.agreed_by, command.reason)
    if refusal is not None:
        return refusal
    if not 0 < command.amount <= hold.asked:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"expected 1 to {hold.asked}")
    keep = hold.asked - command.amount
    return (_lower_to(hold, keep, command.reason, (command.by, command.agreed_by), keep),)


def lift_cap(case: Case, command: LiftCap) -> Events | Refusal:
    """Let more be held again than a decision left: facts that came since entitle to it (a decision frees until then).

    Who decided for the holder may agree, but nobody alone; only what claims would be entitled to without the cap is let in.
    """
    place = (command.account, command.currency)
    cap = next((row for row in case.caps if (row.account, row.currency) == place), None)
    if cap is None:
        return Refusal(Reason.CAP_UNKNOWN)
    refusal = _two_persons(command.by, command.agreed_by, command.reason)
    if refusal is not None:
        return refusal
    free = targets_of(case.places, missing_of(case)).get(place, {})
    most = sum(free.values())
    wanted = most if command.amount is None else command.amount
    if not cap.amount < wanted <= most:
        return Refusal(Reason.NOT_ENTITLED, f"expected {cap.amount + 1} to {most}, was {wanted}")
    persons = (command.by, command.agreed_by)
    return (CapLifted(*place, command.amount, command.reason, persons),)


def lower_for_appeal(hold: Standing, keep: int, reason: str, by: str) -> Event:
    """Return what an upheld appeal does to a hold."""
    return _lower_to(hold, keep, reason, (by,), keep)


def swap_account(case: Case, command: SwapAccount, now: datetime) -> Events | Refusal:
    """Look for a holder's traced money at another account that the holder offered; the old hold is then surplus.

    In this one entry the entitlement may pass over; the old hold is given up only once the new one is confirmed twice.
    """
    hold = case.standing(command.account, command.currency)
    if hold is None or not hold.asked:
        return Refusal(Reason.HOLD_UNKNOWN)
    if command.by == command.agreed_by:
        return Refusal(Reason.MAKER_DECIDES, command.by)
    here = [
        place.amount
        for place in case.places
        if place.hold == hold.hold and place.found in {Found.LOCATED, Found.UNKNOWN}
    ]
    if not 0 < command.amount <= sum(here) or command.offered == command.account:
        return Refusal(Reason.AMOUNT_NOT_POSITIVE, f"expected 1 to {sum(here)} elsewhere")
    persons = (command.by, command.agreed_by)
    swap = Swap(*hold.hold, command.offered, command.institution, command.amount, now, persons)
    places = as_found(replace(case, swaps=(swap,)), case.places)
    return (AccountSwapped(swap, places, persons),)
