"""What of a case, a list, a measure or an appeal binds an institution's stream of payments, in the words of `watch.told`.

Looks no number up itself.

A claim goes to the institution that its disputed transfer reached, a hold to the one that was told, traced money to the one
where it lies, a finding to the account's own. Nobody is told of an account of another institution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from recoup import limits
from recoup.care import IN_FORCE, DecisionAppeal, DecisionAppealState, Measure
from recoup.cases import Case, CasePolicy, Found
from recoup.cases.case import Place
from recoup.cases.decided import FindingKind
from recoup.cases.lists import LISTED, Entry, Subject
from recoup.cases.state import LIVE_CLAIMS, ClaimState, FindingState
from recoup.centre.state import CentreState
from recoup.clock import microseconds_of
from recoup.orders import Extent, Hold, OrderKind
from recoup.orders.kinds import MOVING
from recoup.watch.told import (
    AppealSettled,
    Arrival,
    ClaimOpened,
    GoodFaith,
    HoldAsked,
    Listed,
    Measured,
    Traced,
    What,
)

NumberOf = Callable[[str, str], tuple[str, str] | None]
"""Gives institution and number of an account as a case knows it; None where it was erased."""

ReferenceOf = Callable[[str, str], str]
"""Gives the number under which an institution may know a transfer of a case."""

Bound = tuple[str, datetime | None, What]
"""Institution, when it was said where that is not now, and what binds it."""

_CHANGING: Final = MOVING | {OrderKind.PAY_BACK}
_SEEN: Final = frozenset({Found.LOCATED, Found.UNKNOWN})


def bound_by(
    state: CentreState,
    case: Case,
    policy: CasePolicy,
    number_of: NumberOf,
    reference_of: ReferenceOf,
) -> Iterator[Bound]:
    """Yield all that a case binds now."""
    yield from _claims(case, number_of, reference_of)
    for hold in _holds(state, case.id):
        yield from _hold(hold, policy, number_of)
    disputed = {(claim.id, claim.payee) for claim in case.claims}
    for place in case.places:
        if (place.claim, place.account) in disputed:
            continue  # its claim says so
        yield from _traced(case.id, place, number_of)
    currencies = sorted({claim.currency for claim in case.claims})
    for finding in case.findings:
        is_so = finding.state is FindingState.DECIDED
        if not is_so or finding.kind is not FindingKind.GOOD_FAITH_VALUE:
            continue
        if (found := number_of(finding.subject, case.id)) is not None:
            for currency in currencies:
                yield found[0], None, GoodFaith(case.id, found[1], currency)


def listed_by(
    entry: Entry, number_of: NumberOf, hashed: Callable[[str, str], str]
) -> Listed | None:
    """Return how a listed account stands for whoever watches; None for a person or device: those are asked for one by one."""
    if entry.subject is not Subject.ACCOUNT or entry.state not in LISTED:
        return None
    found = number_of(entry.key, entry.case)
    if found is None:
        return None
    return Listed(hashed(*found), entry.level.value, microseconds_of(entry.ends_at))


def measured_by(measure: Measure, number_of: NumberOf) -> Iterator[Bound]:
    """Yield how a measure stands for the institution of its account, from the last agreement to its end; else nothing."""
    found = number_of(measure.account, measure.id) if measure.state in IN_FORCE else None
    if found is not None and found[0] == measure.institution:
        terms = (measure.kind.value, measure.ground.value, measure.limit)
        until_us = microseconds_of(measure.ends_at)
        told = Measured(measure.id, found[1], measure.currency, *terms, until_us)
        yield found[0], None, told


def settled_by(
    appeal: DecisionAppeal, now: datetime, number_of: Callable[[str], str]
) -> Iterator[Bound]:
    """Yield what was decided on an appeal for the institution whose watch decided, for as long as it is of use there."""
    if appeal.settled_at is None:
        return
    told_for = timedelta(seconds=limits.OUTCOME_TOLD_SECONDS_MAX)
    if now < appeal.settled_at + told_for and (number := number_of(appeal.id)):
        is_upheld = appeal.state is DecisionAppealState.UPHELD
        yield appeal.institution, None, AppealSettled(number, is_upheld)


def _claims(case: Case, number_of: NumberOf, reference_of: ReferenceOf) -> Iterator[Bound]:
    for claim in case.claims:
        found = number_of(claim.payee, case.id)
        if claim.state not in LIVE_CLAIMS or found is None or found[0] != claim.institution:
            continue
        reference = reference_of(claim.transfer, case.id)
        paid_us = microseconds_of(claim.paid_at)
        arrival = Arrival(found[1], claim.currency, claim.amount, paid_us, reference)
        is_admitted = claim.state is ClaimState.ADMITTED
        opened = ClaimOpened(case.id, claim.id, claim.transfer, is_admitted, arrival)
        yield claim.institution, None, opened


def _holds(state: CentreState, case_id: str) -> Iterator[Hold]:
    seen = {hold.key: hold for hold, _ in state.of_case(case_id)}
    yield from seen.values()


def _hold(hold: Hold, policy: CasePolicy, number_of: NumberOf) -> Iterator[Bound]:
    """Yield what is asked, from the moment of its issue: the bank's answer changes the end, not whether it binds."""
    told = [x for x in hold.orders if x.issued_at is not None and x.order.kind in MOVING]
    is_asked = hold.is_live or any(tracked.is_on_its_way for tracked in told)
    found = number_of(hold.key.account, hold.key.case)
    if not told or not is_asked or not hold.asked or found is None:
        return
    newest = told[-1]
    assert newest.issued_at is not None, "only issued orders are told"
    said_at = max(x.issued_at for x in hold.orders if x.issued_at and x.order.kind in _CHANGING)
    if found[0] != newest.order.institution:
        return
    # A stop whose start the bank never reports expires from when it was told [SEMANTICS 3].
    ends_at = hold.ends_at or policy.orders.stop_ends(newest.issued_at)
    is_whole = newest.order.extent is Extent.WHOLE_ACCOUNT
    amount = limits.POCKET_MINOR_MAX if is_whole else hold.asked
    asked = HoldAsked(hold.key.case, found[1], hold.key.currency, amount, microseconds_of(ends_at))
    yield found[0], said_at, asked


def _traced(case_id: str, place: Place, number_of: NumberOf) -> Iterator[Bound]:
    found = number_of(place.account, case_id) if place.found in _SEEN else None
    if found is None or found[0] != place.institution:
        return
    since_us = microseconds_of(place.since)
    amount = (place.amount, since_us)
    yield place.institution, None, Traced(case_id, place.claim, found[1], place.currency, *amount)


__all__ = [
    "Bound",
    "NumberOf",
    "ReferenceOf",
    "bound_by",
    "listed_by",
    "measured_by",
    "settled_by",
]
