"""How the claim of a victim stands, as the victim is told: a stage and a few sums. Reads the registers, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.cases import Case, Claim
from recoup.cases.case import HoldPlace
from recoup.cases.entitlements import current, shares_of
from recoup.cases.state import ClaimState
from recoup.orders import OrderKind
from recoup.paper.victim_words import Stage
from recoup.procedure import ClaimKey, Payment, Return
from recoup.procedure.state import IN_FLIGHT, PaymentState, RoundState

_BY_ROUND: Final[Mapping[RoundState, Stage]] = {
    RoundState.APPLIED: Stage.APPLIED,
    RoundState.TRACED: Stage.APPLIED,
    RoundState.SUPERSEDED: Stage.APPLIED,
    RoundState.APPROVED: Stage.APPROVED,
    RoundState.PUBLISHED: Stage.PUBLISHED,
    RoundState.UNDER_REVIEW: Stage.PUBLISHED,
    RoundState.REVIEWED: Stage.PUBLISHED,
}
"""Of a round in which the claim's application stands; in an ended one it is its payments that count."""
_AMISS: Final = frozenset({PaymentState.DIFFERS, PaymentState.BOUNCED, PaymentState.REFUSED})


@dataclass(frozen=True, slots=True)
class VictimView:
    """What a victim is told of a claim; amounts are minor units of its currency."""

    stage: Stage
    currency: str
    loss: int
    frozen: int
    """Of what is frozen, this claim's part."""
    stopped: int
    """Of what is stopped and not frozen."""
    decided: int
    """Decided for the claim and still to be paid."""
    returned: int


def victim_view(case: Case, claim: Claim, found: Return | None) -> VictimView:
    """Return how a claim stands in its case and in the return that its case is in."""
    frozen, stopped = _held(case, claim, current(case))
    key = ClaimKey(case.id, claim.id)
    decided = found.set_aside_for(key) if found is not None else 0
    return VictimView(
        _stage(claim, found, key, frozen, stopped),
        claim.currency,
        claim.amount,
        frozen,
        stopped,
        decided,
        claim.returned,
    )


def stages_of(case: Case, found: Return | None) -> dict[str, Stage]:
    """Return where each claim of a case stands; what stands behind the case's holds is worked out once for all of them."""
    behind = current(case)
    return {
        claim.id: _stage(claim, found, ClaimKey(case.id, claim.id), *_held(case, claim, behind))
        for claim in case.claims
    }


def _stage(claim: Claim, found: Return | None, key: ClaimKey, frozen: int, stopped: int) -> Stage:
    if claim.state is ClaimState.REPORTED:
        return Stage.REPORTED
    if claim.state is not ClaimState.ADMITTED:
        return Stage.CLOSED
    returning = _of_return(found, key) if found is not None and found.is_open else None
    if returning is not None:
        return returning
    if claim.returned:
        return Stage.RETURNED_PART if claim.missing else Stage.RETURNED
    if frozen:
        return Stage.FROZEN
    return Stage.HELD if stopped else Stage.SEARCHING


def _of_return(found: Return, key: ClaimKey) -> Stage | None:
    """Return what a return says of a claim, what is amiss first; None where nothing of it is under way."""
    stage = _of_payments(row for row in found.payments if row.key == key)
    if stage is None and found.round.application_of(key) is not None:
        return _BY_ROUND.get(found.round.state)
    return stage


def _of_payments(payments: Iterable[Payment]) -> Stage | None:
    rows = tuple(payments)
    if any(row.has_incident or (row.state in _AMISS and row.outstanding) for row in rows):
        return Stage.DELAYED
    if any(row.state in IN_FLIGHT for row in rows):
        return Stage.PAYING
    return Stage.DECIDED if any(row.state is PaymentState.DECIDED for row in rows) else None


def _held(
    case: Case, claim: Claim, behind: Mapping[HoldPlace, Mapping[str, int]]
) -> tuple[int, int]:
    """Return the claim's parts of what is frozen and of what is only stopped, in its own currency."""
    frozen = stopped = 0
    for hold in case.holds:
        parts = behind.get(hold.hold, {})
        if hold.currency != claim.currency or claim.id not in parts:
            continue
        part = shares_of(hold.held, parts)[claim.id]
        if hold.basis is OrderKind.FREEZE:
            frozen += part
        else:
            stopped += part
    return frozen, stopped


__all__ = ["VictimView", "stages_of", "victim_view"]
