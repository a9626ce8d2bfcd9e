"""Whether a plan, a payee or a payment fits what is held and what is missed. Pure; asked again at each step that relies on it.

1. Only frozen money is given back, and of each account no more than is frozen there, not set aside already, and no others'
   before the claims. Seized money that two persons have seen is counted like it.
   What joined cases hold of one account is one pot: others' right to it lies on all those holds, whichever it was noted on.
2. No claim is given more than it still misses.
3. Who acts for another showed a paper, and somebody else looked at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from recoup.orders.hold import HoldKey
from recoup.procedure.facts import Facts
from recoup.procedure.refusals import Reason, Refusal
from recoup.procedure.values import (
    PROOF_OF,
    Application,
    Award,
    Capacity,
    ClaimKey,
    Payee,
    PayeeKind,
    Return,
)

_FOR_OTHERS = frozenset({Capacity.HEIR, Capacity.GUARDIAN})


def unfit_plan(
    found: Return, awards: Sequence[Award], facts: Facts, now: datetime
) -> Refusal | None:
    """Say what a plan asks that cannot be given now; None if all of it can."""
    wanted: dict[HoldKey, int] = defaultdict(int)
    given: dict[ClaimKey, int] = defaultdict(int)
    seen = {(award.key, award.place, award.mode) for award in awards}
    if len(seen) != len(awards):
        return Refusal(Reason.AWARD_TWICE)
    for award in awards:
        if award.amount <= 0:
            return Refusal(Reason.AMOUNT_NOT_POSITIVE, award.key.claim)
        refusal = _unproved(found.round.application_of(award.key), award.key)
        if refusal is not None:
            return refusal
        wanted[award.place] += award.amount
        given[award.key] += award.amount
    for award in awards:
        refusal = _unfit_award(found, award, facts)
        if refusal is not None:
            return refusal
    for place in wanted:
        refusal = unfit_place(found, place, wanted, facts, now)
        if refusal is not None:
            return refusal
    for key, amount in given.items():
        left = facts.claims[key].missing - found.paid_of(key) - found.set_aside_for(key)
        if amount > left:
            return Refusal(
                Reason.AMOUNT_EXCEEDS_MISSING, f"{key.claim}: at most {left}, was {amount}"
            )
    return None


def unfit_place(
    found: Return, place: HoldKey, wanted: Mapping[HoldKey, int], facts: Facts, now: datetime
) -> Refusal | None:
    """Say why so much more as is `wanted` of a place cannot be given of it, beside what is wanted of others."""
    there = _there(found, place, facts, now)
    if isinstance(there, Refusal):
        return there
    amount = wanted.get(place, 0)
    lies: dict[HoldKey, int] = {}
    for other in found.pot_of(place):
        known = _there(found, other, facts, now)
        lies[other] = 0 if isinstance(known, Refusal) else known - wanted.get(other, 0)
    free = there - found.set_aside_at(place) - kept_back(found, place, lies)
    if amount > free:
        return Refusal(
            Reason.AMOUNT_EXCEEDS_FROZEN, f"{place.account}: at most {free}, was {amount}"
        )
    return None


def kept_back(found: Return, place: HoldKey, lies: Mapping[HoldKey, int]) -> int:
    """Return what must stay at a place for others: their rights to its pot, as far as the pot's other places do not cover them.

    Args:
        found: the return.
        place: a hold's key, or that of seized money.
        lies: minor units that may be given at each place of the pot; a place that is not there has none.
    """
    pot = found.pot_of(place)
    rights = sum(found.prior_at(row) for row in pot)
    beside = sum(max(0, lies.get(row, 0) - found.set_aside_at(row)) for row in pot if row != place)
    return max(0, rights - beside)


def _there(found: Return, place: HoldKey, facts: Facts, now: datetime) -> int | Refusal:
    """Return what is frozen, or in custody, at a place."""
    seized = found.custody_at(place)
    if seized is not None:
        there = seized.amount - found.paid_at(place)
        return there if seized.is_shared else Refusal(Reason.NOTHING_HELD, place.account)
    hold = facts.holds.get(place)
    if hold is None or place.case not in found.cases or now >= hold.ends_at:
        return Refusal(Reason.NOTHING_HELD, place.account)
    return hold.held if hold.is_frozen else Refusal(Reason.ONLY_STOPPED, place.account)


def unfit_claim(key: ClaimKey, facts: Facts) -> Refusal | None:
    """Say why a claim is given nothing."""
    claim = facts.claims.get(key)
    if claim is None or not claim.is_admitted:
        return Refusal(Reason.CLAIM_NOT_ADMITTED, key.claim)
    return None


def unfit_application(application: Application, facts: Facts) -> Refusal | None:
    """Say why an application cannot be taken in."""
    refusal = unfit_claim(application.key, facts)
    if refusal is not None:
        return refusal
    if application.proof is not PROOF_OF.get(application.capacity):
        return Refusal(Reason.PROOF_UNFIT, application.id)
    if application.capacity is not Capacity.VICTIM and not application.proof_digest:
        return Refusal(Reason.PROOF_MISSING, application.id)
    return unfit_payee(application.payee, application.capacity, application.key, facts)


def unfit_payee(payee: Payee, capacity: Capacity, key: ClaimKey, facts: Facts) -> Refusal | None:
    """Say why an account is not one to be paid: an agent is never paid, a heir or guardian only on a paper."""
    payer, is_told = facts.claims[key].payer, bool(payee.reason)
    fits = {
        PayeeKind.ORIGINAL: bool(payer) and payee.account == payer,
        PayeeKind.ANOTHER_OWN: is_told,
        PayeeKind.APPLICANTS: is_told and capacity in _FOR_OTHERS,
    }
    lies_there = bool(payee.institution) and (
        facts.accounts.get(payee.account) == payee.institution
    )
    if fits.get(payee.kind, False) and lies_there:
        return None
    return Refusal(Reason.PAYEE_UNFIT, payee.account)


def _unproved(application: Application | None, key: ClaimKey) -> Refusal | None:
    if application is None:
        return Refusal(Reason.NOT_APPLIED, key.claim)
    if application.capacity is not Capacity.VICTIM and not application.checked_by:
        return Refusal(Reason.PROOF_MISSING, application.id)
    return None


def _unfit_award(found: Return, award: Award, facts: Facts) -> Refusal | None:
    refusal = unfit_claim(award.key, facts)
    if refusal is not None:
        return refusal
    if facts.claims[award.key].currency != award.place.currency:
        return Refusal(Reason.CURRENCY_DIFFERS, award.key.claim)
    application = found.round.application_of(award.key)
    assert application is not None, "asked before"
    return unfit_payee(award.payee, application.capacity, award.key, facts)


__all__ = [
    "kept_back",
    "unfit_application",
    "unfit_claim",
    "unfit_payee",
    "unfit_place",
    "unfit_plan",
]
