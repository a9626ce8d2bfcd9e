"""What to order next: the difference between what claims may ask of each account and what was asked. Pure.

Asking for more is safe to be early with, giving up is not: one false "held" further down must not free real money here. So
what a hold has too much of is given up only against money that was confirmed twice elsewhere, counted once, and only as far
as every claim that stood behind it keeps as much confirmed as it misses; holds of innocent holders first (SEMANTICS 3).

Invariants: 1. giving up leaves no claim with less confirmed than the smaller of what it misses and what was confirmed for it
before; 2. nothing that a claim is entitled to is given up; 3. the plan depends on no order of the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from recoup.cases.case import (
    Case,
    ClaimKey,
    Found,
    HoldPlace,
    Parts,
    Place,
    Standing,
)
from recoup.cases.entitlements import (
    Shares,
    current,
    net_of,
    overlap_of,
    parts_of,
    shares_of,
    targets_of,
)
from recoup.cases.for_value import is_sold_at, is_to_ask
from recoup.cases.terms import CasePolicy
from recoup.frozen import quickly_made
from recoup.limits import CASE_HOPS_MAX
from recoup.orders import AccountKind, OrderKind
from recoup.orders.hold import UNCLEAR
from recoup.orders.state import LIVE, HoldState

ASKED_BY_SERIAL = frozenset({"exchange", "wallet", "purchase"})
"""Exits behind which an institution knows more: asked by the serial number of the payment."""
_NOBODYS: Final[Mapping[str, int]] = {}
KEEPING = frozenset({OrderKind.POSTPONE, OrderKind.FREEZE, OrderKind.RENEW})
"""Orders that hold on what is asked already: longer, not more."""
OVER = frozenset({"moved", "refused", "released", "returned"})
"""Words after which the same money is not asked for again: it takes money that came later, or a person."""


@quickly_made
@dataclass(frozen=True, slots=True)
class Proposal:
    """An order that a person or a mandate may let leave."""

    kind: OrderKind
    account: str
    """For a query by serial: the opaque id of the serial number."""
    currency: str
    institution: str
    amount: int
    """What the hold is to be afterwards."""
    change: int = 0
    """What is newly asked for; below zero what is given up."""
    chance: int = 0
    """In 1,000, that money newly asked for is still there."""
    stood: Parts = ()
    """Who stands behind the hold afterwards, and for how much."""
    hop: int = 1
    is_whole_account: bool = False
    """The institution can do no other: the excess is measured."""
    persons_least: int = 0
    """Persons beside the maker who must agree whatever else holds: what is asked for rests on one side's word."""
    arrived_at: datetime | None = None
    """When the newest of the money arrived there, as far as the trail says."""
    account_kind: AccountKind = AccountKind.ORDINARY
    at_stake: int = 0
    """Minor units that are behind what is asked, where the order itself holds nothing: a query leads on to them."""

    @property
    def sought(self) -> int:
        """Minor units that are still to be reached."""
        return max(0, self.change, self.at_stake)

    @property
    def value(self) -> int:
        """Expected minor units that this order stops or leads on to, times 1,000: what is sent first."""
        return self.sought * self.chance


@quickly_made
@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that no order does now."""

    account: str
    currency: str
    amount: int
    why: str
    """unconfirmed, overdue, cannot_shrink; capped, unclear, rows_left; unanswered, releasing, stops_exhausted, refused, moved,
    released; beyond_coverage, beyond_hops, no_institution, institution_cannot, for_value."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to order, what waits for what, and what the holds amount to."""

    orders: tuple[Proposal, ...]
    """The most expected value first; queries follow; what is given up comes last, holds of innocent holders first."""
    waiting: tuple[Waiting, ...]
    net: dict[str, int]
    overlap: dict[str, int]
    least: tuple[tuple[HoldPlace, Parts], ...] = ()
    """By hold the least that must stay, by claim: what a freeze asks for."""

    def find(self, kind: OrderKind, account: str, currency: str) -> Proposal | None:
        """Return the proposal of that kind about that account."""
        wanted = (kind, account, currency)
        return next((p for p in self.orders if (p.kind, p.account, p.currency) == wanted), None)

    def keeping(self, kind: OrderKind, standing: Standing) -> Proposal | None:
        """Return the order that holds on for longer; None where nothing must stay.

        A postponement and a renewal leave the amount alone. A freeze asks for the least that must stay: frozen for months, the
        rest would take money that comes in and is no claim's.
        """
        if kind not in KEEPING:
            return None
        stood, amount = standing.stood, standing.asked
        if kind is OrderKind.FREEZE:
            stood = dict(self.least).get(standing.hold, ())
            amount = min(standing.asked, sum(part for _, part in stood))
        if not amount:
            return None
        change = amount - standing.asked
        place, bank = standing.hold, standing.institution
        return Proposal(kind, *place, bank, amount, change, stood=stood)


@dataclass(slots=True)
class Draft:
    """A plan in the making."""

    case: Case
    now: datetime
    policy: CasePolicy
    holds: Mapping[HoldPlace, Standing]
    payees: frozenset[str]
    asks: list[Proposal] = field(default_factory=list)
    queries: list[Proposal] = field(default_factory=list)
    gives: list[Proposal] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    queried: set[str] = field(default_factory=set)
    """Accounts and serial numbers that were asked about."""
    least: dict[HoldPlace, Parts] = field(default_factory=dict)

    def wait(self, place: HoldPlace, amount: int, why: str) -> None:
        """Add what no order does now."""
        self.waiting.append(Waiting(*place, amount, why))


def begin_plan(
    case: Case, now: datetime, policy: CasePolicy, missing: Mapping[ClaimKey, int]
) -> Draft:
    """Return a plan with the orders that ask, of what claims miss; what is given up is still to come."""
    holds = {hold.hold: hold for hold in case.holds}
    payees = frozenset(claim.payee for claim in case.claims)
    draft = Draft(case, now, policy, holds, payees, queried=set(case.queried))
    _ask(draft, targets_of(case.places, missing, case.caps), missing)
    _query(draft)
    draft.queries.sort(key=lambda order: (order.institution, order.account))
    return draft


def finish_plan(begun: Draft, missing: Mapping[ClaimKey, int]) -> Plan:
    """Return the plan of a draft with what is given up and what waits for what; the draft stays: two threads may finish it."""
    draft = replace(begun, waiting=[*begun.waiting], gives=[], least={})
    _capped(draft, missing)
    for hold in draft.case.holds:
        if hold.word == UNCLEAR:
            draft.wait(hold.hold, hold.asked, UNCLEAR)
    _give(draft, missing)
    net = net_of(draft.case)
    return Plan(
        (*draft.asks, *draft.queries, *draft.gives),
        tuple(sorted(draft.waiting, key=lambda row: (row.account, row.currency, row.why))),
        net,
        overlap_of(draft.case, net),
        tuple(sorted(draft.least.items())),
    )


def _ask(draft: Draft, targets: Shares, missing: Mapping[ClaimKey, int]) -> None:
    """Add stops and raises: where claims may ask for more than was asked."""
    by_hold: dict[HoldPlace, list[Place]] = {}
    for row in draft.case.places:
        by_hold.setdefault(row.hold, []).append(row)
    found: list[Proposal] = []
    for place, due in targets.items():
        order = _one_ask(draft, place, due, by_hold[place], missing)
        if order is not None:
            found.append(order)
    found.sort(key=lambda order: (-order.value, order.account, order.currency))
    covered: dict[str, int] = {}
    for place, due in targets.items():
        hold = draft.holds.get(place)
        have = min(hold.asked if hold else 0, sum(due.values()))
        covered[place[1]] = covered.get(place[1], 0) + have
    whole: dict[str, int] = {}
    for (_, currency), amount in missing.items():
        whole[currency] = whole.get(currency, 0) + amount
    for order in found:
        have = covered.get(order.currency, 0)
        if have * 1000 >= whole[order.currency] * draft.policy.coverage_permille:
            draft.wait((order.account, order.currency), order.change, "beyond_coverage")
            continue
        covered[order.currency] = have + order.change
        draft.asks.append(order)


def _one_ask(
    draft: Draft,
    place: HoldPlace,
    due: Mapping[str, int],
    rows: Sequence[Place],
    missing: Mapping[ClaimKey, int],
) -> Proposal | None:
    """Return the order for what lies at one place beyond what was asked there; what others stood for stays beside it."""
    hold = draft.holds.get(place)
    if hold is not None and len(due) == 1 == len(hold.stood):  # nearly every place: one claim's
        (claim, part), (behind, least) = next(iter(due.items())), hold.stood[0]
        if claim == behind and max(part, least) <= hold.asked:
            return None
    stood = dict(hold.stood) if hold else {}
    stood = {c: min(part, missing.get((c, place[1]), 0)) for c, part in stood.items()}
    parts = {c: max(due.get(c, 0), stood.get(c, 0)) for c in sorted(due.keys() | stood.keys())}
    amount, asked = sum(parts.values()), hold.asked if hold else 0
    if amount <= asked:
        return None
    there = [row for row in rows if row.found in {Found.LOCATED, Found.UNKNOWN}]
    newest = max(there, key=lambda row: (row.since, row.institution))
    hop = min(row.hop for row in there)
    institution = hold.institution if hold else newest.institution
    kind = OrderKind.STOP if place[0] in draft.payees else OrderKind.EXTEND
    if asked:
        kind = OrderKind.RAISE
    why = ""
    if hold and hold.word in OVER and hold.answered_at and newest.since <= hold.answered_at:
        why = hold.word
    elif asked and hold and hold.word not in LIVE:
        why = "unanswered"
    elif hold and not asked and hold.word in LIVE:
        why = "releasing"
    elif hold and not asked and hold.stops_spent >= draft.policy.orders.stops_max:
        why = "stops_exhausted"
    elif hop > CASE_HOPS_MAX:
        why = "beyond_hops"
    elif not institution:
        why = "no_institution"
    elif not asked and is_to_ask(there, draft.policy.for_value, is_asked=place[0] in draft.queried):
        # Whether it sells, its statement says within one answer: a hold would be on a shop's till in most cases.
        why = "for_value"
        _one_query(draft, *place, institution, hop, there)
    elif not draft.policy.takes(institution, kind):
        # It keeps no money, or no law reaches it so far: it is asked where the money went on.
        why = "institution_cannot"
        _one_query(draft, *place, institution, hop, there)
    if why:
        draft.wait(place, amount - asked, why)
        return None
    known = draft.policy.institution(institution)
    curve = known.dwell or draft.policy.dwell
    chance = curve.chance(draft.now - newest.since)
    stands = parts_of(parts)
    whole = not known.can_stop_amounts
    return Proposal(
        kind,
        *place,
        institution,
        amount,
        amount - asked,
        chance,
        stands,
        hop,
        whole,
        draft.policy.one_sided_persons if any(row.is_one_sided for row in there) else 0,
        newest.since,
        draft.case.account_kind(place[0]),
    )


def _capped(draft: Draft, missing: Mapping[ClaimKey, int]) -> None:
    """Say where a decision for a holder keeps claims from what they are entitled to: only persons lift it."""
    free = targets_of(draft.case.places, missing) if draft.case.caps else {}
    for cap in draft.case.caps:
        place = (cap.account, cap.currency)
        beyond = sum(free.get(place, {}).values()) - cap.amount
        if beyond > 0:
            draft.wait(place, beyond, "capped")


def _query(draft: Draft) -> None:
    """Add queries: for rows of accounts from which money moved on, or is inferred to, and for exits by serial number."""
    for rest in draft.case.rests:
        draft.wait((rest.account, rest.currency), 0, "rows_left")
    for rest in draft.case.rests:
        there = [place for place in draft.case.places if place.account == rest.account]
        if not rest.is_asked and not is_sold_at(there, draft.policy.for_value):
            draft.queried.discard(rest.account)  # asked before, and not all of it came
            _one_query(draft, rest.account, rest.currency, rest.institution, 1, there)
    unknown: dict[HoldPlace, list[Place]] = {}
    for place in draft.case.places:
        if place.found is Found.UNKNOWN:
            unknown.setdefault(place.hold, []).append(place)
    for hold in draft.case.holds:
        is_gone = hold.word == "moved" and hold.hold in unknown
        if is_gone or hold.word == UNCLEAR:
            behind = unknown.get(hold.hold, [])
            _one_query(draft, *hold.hold, hold.institution, 1, behind)
    for row in draft.case.bridged:
        behind = [place for place in draft.case.places if place.is_inferred]
        _one_query(draft, row.account, row.currency, row.institution, row.hop, behind)
    for place in draft.case.places:
        if place.found is Found.EXITED and place.kind in ASKED_BY_SERIAL and place.serial:
            _one_query(draft, place.serial, place.currency, place.institution, place.hop, [place])


def _one_query(
    draft: Draft,
    account: str,
    currency: str,
    institution: str,
    hop: int,
    behind: Sequence[Place],
) -> None:
    """Ask once about an account or a serial number, for the money behind it."""
    if not institution or account in draft.queried:
        return
    assert draft.policy.takes(institution, OrderKind.QUERY), "any institution can be asked"
    draft.queried.add(account)
    stake = sum(place.amount for place in behind if place.currency == currency)
    newest = max((place.since for place in behind), default=None)
    curve = draft.policy.institution(institution).dwell or draft.policy.dwell
    chance = curve.chance(draft.now - newest) if newest else 0
    draft.queries.append(
        Proposal(
            OrderKind.QUERY,
            account,
            currency,
            institution,
            0,
            chance=chance,
            hop=hop,
            arrived_at=newest,
            at_stake=stake,
        )
    )


def _give(draft: Draft, missing: Mapping[ClaimKey, int]) -> None:
    """Add reductions and releases, innocent holders first, then the largest surplus."""
    entitled, least = current(draft.case), draft.least
    surplus: dict[HoldPlace, int] = {}
    having: list[Standing] = []
    for place, hold in draft.holds.items():
        due = entitled.get(place, _NOBODYS)
        least[place] = parts_of(due) if due else ()
        surplus[place] = left = hold.asked - sum(due.values())
        if left > 0 and hold.asked:
            having.append(hold)
    is_innocent = draft.case.is_innocent
    if not having:
        return
    backed = _Backed()
    for place, hold in draft.holds.items():
        if hold.confirmed:  # of most nothing is confirmed yet: they back nobody
            backed.put(place, shares_of(hold.confirmed, dict(hold.stood)))
    having.sort(key=lambda hold: (not is_innocent(hold.account), -surplus[hold.hold], hold.hold))
    for hold in having:
        due = entitled.get(hold.hold, {})
        keep = _least(hold, due, backed, missing)
        draft.least[hold.hold] = parts_of(keep)
        lowest = sum(keep.values())
        left = lowest - sum(due.values())
        if left > 0:
            longest = timedelta(seconds=draft.policy.overlap_seconds_max)
            began = hold.surplus_since
            is_late = began is not None and draft.now - began > longest
            draft.wait(hold.hold, left, "overdue" if is_late else "unconfirmed")
        order = _lower(draft, hold, keep)
        if order is not None and order.kind is OrderKind.REDUCE and lowest > hold.confirmed:
            # A short hold is shared among its claims: a smaller one is shared otherwise, and none may lose by it.
            after = shares_of(hold.confirmed, keep)
            order = None if _is_lost(hold, after, backed, missing) else order
        if order is not None:
            draft.gives.append(order)
            backed.put(hold.hold, shares_of(min(hold.confirmed, lowest), keep))


@dataclass(slots=True)
class _Backed:
    """What was confirmed for each claim, by hold and in all."""

    by_hold: dict[HoldPlace, Mapping[str, int]] = field(default_factory=dict)
    in_all: dict[ClaimKey, int] = field(default_factory=dict)

    def put(self, place: HoldPlace, shares: Mapping[str, int]) -> None:
        """Set what one hold backs."""
        for sign, claims in ((-1, self.by_hold.get(place, _NOBODYS)), (1, shares)):
            for claim, amount in claims.items():
                key = (claim, place[1])
                self.in_all[key] = self.in_all.get(key, 0) + sign * amount
        self.by_hold[place] = shares

    def elsewhere(self, place: HoldPlace, claim: str) -> int:
        """Return what other holds of the currency back."""
        whole = self.in_all.get((claim, place[1]), 0)
        return whole - self.by_hold.get(place, _NOBODYS).get(claim, 0)


def _least(
    hold: Standing, due: Mapping[str, int], backed: _Backed, missing: Mapping[ClaimKey, int]
) -> dict[str, int]:
    """Return by claim the least that must stay: its entitlement, and what it misses and nobody has confirmed elsewhere."""
    out: dict[str, int] = {}
    mine = dict(hold.stood)
    for claim in sorted(due.keys() | mine.keys()):
        lacking = missing.get((claim, hold.currency), 0) - backed.elsewhere(hold.hold, claim)
        out[claim] = max(due.get(claim, 0), min(mine.get(claim, 0), max(0, lacking)))
    return out


def _is_lost(
    hold: Standing, after: Mapping[str, int], backed: _Backed, missing: Mapping[ClaimKey, int]
) -> bool:
    """Whether a claim would have less confirmed than it had and misses."""
    for claim, had in backed.by_hold.get(hold.hold, _NOBODYS).items():
        elsewhere = backed.elsewhere(hold.hold, claim)
        least = min(missing.get((claim, hold.currency), 0), had + elsewhere)
        if after.get(claim, 0) + elsewhere < least:
            return True
    return False


def _lower(draft: Draft, hold: Standing, keep: Mapping[str, int]) -> Proposal | None:
    """Return the order that lowers a hold to `keep`; None where that gives nothing up, or cannot be done."""
    lowest = sum(keep.values())
    if lowest >= hold.asked:
        return None
    change, stood = lowest - hold.asked, parts_of(keep)
    if hold.word in OVER or hold.word == HoldState.LAPSED:
        # Something was ordered after that end and is not answered: there is nothing yet to give up.
        draft.wait(hold.hold, -change, "unanswered")
        return None
    if lowest == 0:
        return Proposal(OrderKind.RELEASE, *hold.hold, hold.institution, 0, change, 0, stood)
    if hold.confirmed < lowest < hold.held:
        return None  # an unconfirmed hold must not be cut to what nobody has seen
    if hold.word not in LIVE:
        return None  # nobody answered yet: there is nothing that could be made smaller
    known = draft.policy.institution(hold.institution)
    can_shrink = known.can_shrink_stop
    if can_shrink is None:
        can_shrink = draft.policy.orders.can_shrink_stop
    if hold.basis is not OrderKind.FREEZE and not can_shrink:
        if lowest >= hold.held:
            return None  # a short stop frees nothing by being smaller; the freeze that follows it asks for less
        # Releasing and stopping again would open a gap, and spends one of few stops: a person's choice.
        draft.wait(hold.hold, -change, "cannot_shrink")
        return None
    return Proposal(OrderKind.REDUCE, *hold.hold, hold.institution, lowest, change, 0, stood)
