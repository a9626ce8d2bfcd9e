"""Which part of each order a claim stands behind, so that all orders together never ask for more than is missing. Pure.

A trail says where each claim's money lies or was last seen. Where an order stands, the claim is **entitled** to that much, at
most to what it misses in all (SEMANTICS 3). What the trail says lies at an account nobody has ordered yet may still be stood
for by an older order; an order there lowers the older one in the same journal entry.

Invariants: 1. a claim's entitlements sum to at most its missing; 2. no order carries more than it asks for; 3. they depend on
no order of the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from recoup.cases.case import (
    Cap,
    Case,
    ClaimKey,
    Entitlement,
    Found,
    HoldPlace,
    Parts,
    Place,
)
from recoup.money import split

_THERE: Final = frozenset({Found.LOCATED, Found.UNKNOWN})

Shares = dict[HoldPlace, dict[str, int]]
"""Minor units by hold and claim; no zeros."""
_NOTHING: Final[Mapping[str, int]] = {}


def missing_of(case: Case) -> dict[ClaimKey, int]:
    """Return what each claim misses: loss - returned - compensated; in another currency, the same part of what became it."""
    out = {(claim.id, claim.currency): claim.missing for claim in case.claims}
    for part in case.derived:
        claim = case.claim(part.claim)
        if claim is not None and part.currency != claim.currency:
            key = (part.claim, part.currency)
            out[key] = out.get(key, 0) + part.amount * claim.missing // claim.amount
    return out


def targets_of(
    places: Iterable[Place], missing: Mapping[ClaimKey, int], caps: Iterable[Cap] = ()
) -> Shares:
    """Return what each claim may ask of each account: what the trail says lies there, within what the claim still misses.

    Where the trail says more than is missing (something was returned or compensated), located money comes before money last
    seen, then the latest arrival, then the account's name. The answer is in the order of accounts and currencies, and is for
    reading only: an order that is taken up changes neither trail nor loss, and the next one is told the same again.
    """
    has_caps = caps != ()
    known = _targets[has_caps]
    if known is not None and known[0] is places and known[1] is caps and known[2] == missing:
        return known[3]
    out = _worked_out(places, missing, caps)
    if isinstance(places, tuple) and isinstance(caps, tuple):
        _targets[has_caps] = places, caps, dict(missing), out
    return out


_Known = tuple[tuple[Place, ...], tuple[Cap, ...], dict[ClaimKey, int], Shares]
_targets: list[_Known | None] = [None, None]
"""The targets that were worked out last, without caps and with them; places and caps are tuples, which do not change."""


def _worked_out(
    places: Iterable[Place], missing: Mapping[ClaimKey, int], caps: Iterable[Cap]
) -> Shares:
    out: Shares = {}
    left = dict(missing)
    for place in _surest_first(places):
        key = (place.claim, place.currency)
        part = min(place.amount, max(0, left.get(key, 0)))
        if part:
            left[key] -= part
            _add(out, place.hold, place.claim, part)
    for cap in caps:
        hold = (cap.account, cap.currency)
        if sum(out.get(hold, {}).values()) > cap.amount:
            out[hold] = dict(parts_of(shares_of(cap.amount, out[hold])))
    return {hold: claims for hold, claims in sorted(out.items()) if claims}


_sorted: list[tuple[tuple[Place, ...], list[Place]]] = [((), [])]
"""The places that were sorted last: one trail is asked for its targets again and again, and tuples do not change."""


def _surest_first(places: Iterable[Place]) -> list[Place]:
    """Return located and unknown places, by claim and currency, the surest first."""
    known, there = _sorted[0]
    if places is known:
        return there
    there = [place for place in places if place.found in _THERE]
    there.sort(key=_surest)
    if isinstance(places, tuple):
        _sorted[0] = places, there
    return there


def _surest(place: Place) -> tuple[str, str, bool, float, str, int]:
    is_unknown = place.found is Found.UNKNOWN
    newest = -place.since.timestamp()
    return place.claim, place.currency, is_unknown, newest, place.account, place.amount


def entitle(case: Case) -> Shares:
    """Return who stands behind which order, by what the trail says and for whom each order was made."""
    missing = missing_of(case)
    targets = targets_of(case.places, missing, case.caps)
    asked = {hold.hold: hold.asked for hold in case.holds}
    out: Shares = {}
    waiting: dict[ClaimKey, int] = {}
    for place, claims in targets.items():
        given = shares_of(asked.get(place, 0), claims)
        for claim, due in sorted(claims.items()):
            _add(out, place, claim, given[claim])
            if given[claim] != due:
                key = (claim, place[1])
                waiting[key] = waiting.get(key, 0) + due - given[claim]
    if not waiting:
        return out
    # What lies where nobody has ordered yet is stood for by the orders before it, those about the innocent last.
    for hold in sorted(case.holds, key=lambda row: (case.is_innocent(row.account), row.hold)):
        have = out.get(hold.hold, _NOTHING)
        room = hold.asked - sum(have.values())
        if room <= 0:
            continue
        have = dict(have)
        for claim, amount in hold.stood:
            key = (claim, hold.currency)
            kept = max(0, min(amount - have.get(claim, 0), room, waiting.get(key, 0)))
            if kept:
                room -= kept
                waiting[key] -= kept
                _add(out, hold.hold, claim, kept)
    return out


def shares_of(held: int, parts: Mapping[str, int]) -> dict[str, int]:
    """Return what each claim has of a hold: its whole part, or of a short hold its share by largest remainder.

    >>> shares_of(50, {"c1": 60, "c2": 40})
    {'c1': 30, 'c2': 20}
    """
    if not parts:
        return {}
    if len(parts) == 1:  # nearly every hold: one claim's
        ((claim, part),) = parts.items()
        if part >= 0 and held >= 0:
            return {claim: min(held, part)}
    claims = sorted(parts)
    whole = sum(parts.values())
    if held >= whole and min(parts.values()) >= 0:  # nothing is short
        return {claim: parts[claim] for claim in claims}
    given = split(min(held, whole), [parts[claim] for claim in claims])
    return dict(zip(claims, given, strict=True))


def current(case: Case) -> Shares:
    """Return the live entitlements of a case, for reading only."""
    rows, out = _live[0]
    if rows is case.entitlements:
        return out
    out = {}
    for row in case.entitlements:
        _add(out, (row.account, row.currency), row.claim, row.amount)
    _live[0] = case.entitlements, out
    return out


_live: list[tuple[tuple[Entitlement, ...], Shares]] = [((), {})]
"""The entitlements that were looked at last: a plan, its net and its overlap rest on the same."""


def parts_of(claims: Mapping[str, int]) -> Parts:
    """Return claims and amounts in the order of claims, no zeros."""
    if len(claims) == 1:
        return tuple([part for part in claims.items() if part[1]])
    return tuple((claim, amount) for claim, amount in sorted(claims.items()) if amount)


def net_of(case: Case) -> dict[str, int]:
    """Return by currency what is held and stood behind: stopped **net unique**."""
    entitled, out = current(case), dict[str, int]()
    for hold in case.holds:
        behind = sum(entitled.get(hold.hold, {}).values())
        out[hold.currency] = out.get(hold.currency, 0) + min(hold.held, behind)
    return out


def overlap_of(case: Case, net: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return by currency what is held and nobody stands behind, in no net figure; `net` is `net_of`, where that is known."""
    net, out = net_of(case) if net is None else net, dict[str, int]()
    for hold in case.holds:
        out[hold.currency] = out.get(hold.currency, 0) + hold.held
    return {currency: gross - net[currency] for currency, gross in out.items()}


def check(case: Case) -> None:
    """Assert what holds after every journal entry (invariants 1 and 2)."""
    missing = missing_of(case)
    asked = {hold.hold: hold.asked for hold in case.holds}
    by_claim: dict[ClaimKey, int] = {}
    by_hold: dict[HoldPlace, int] = {}
    for row in case.entitlements:
        assert row.amount > 0, "an entitlement to nothing"
        key, place = (row.claim, row.currency), (row.account, row.currency)
        by_claim[key] = by_claim.get(key, 0) + row.amount
        by_hold[place] = by_hold.get(place, 0) + row.amount
    for key, amount in by_claim.items():
        assert amount <= missing.get(key, 0), (
            f"{key[0]} asks for {amount} and misses {missing.get(key, 0)}"
        )
    for place, amount in by_hold.items():
        assert amount <= asked.get(place, 0), "more stands behind an order than it asks for"


def _add(shares: Shares, place: HoldPlace, claim: str, amount: int) -> None:
    if amount:
        claims = shares.setdefault(place, {})
        claims[claim] = claims.get(claim, 0) + amount
