"""Which money of a trail rests on one institution's word, where another's statement should show the same and does not. Pure.

An institution that is mistaken, or lies, could otherwise lead the chase to anybody: by a credit that the payer's own statement
does not have, a debit that the payee's own does not have, or a conversion, both legs of which it tells alone. The trail still
follows such a row (a wrong answer in the middle must not cut it), but what rests on it counts as inferred, and policy says who
must agree to ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from recoup.cases import Claim, Place
from recoup.centre.case_ledger import Shown, Span
from recoup.centre.facts import BOOKED_WITHIN, SENT_WITHIN
from recoup.trace import Course


def one_sided(
    shown: Iterable[Shown], ids: Mapping[Shown, str], spans: Mapping[str, Span]
) -> frozenset[str]:
    """Return the ids of transfers that one side's statement shows and the other's, which goes past that time, does not.

    Args:
        shown: transfers that statements show.
        ids: their ids.
        spans: by account from its statements' first row to when the last was given.
    """
    out = set()
    sent, booked = _untold(spans, SENT_WITHIN), _untold(spans, BOOKED_WITHIN)
    for row in shown:
        payer, payee, by = row.payer, row.payee, row.by
        # Of nearly every row one side's statement was never asked for.
        if payer in sent and payer not in by and sent[payer][0] <= row.first.at <= sent[payer][1]:
            out.add(ids[row])
        if payee in booked and payee not in by:
            begins, ends = booked[payee]
            if begins <= row.first.at <= ends:
                out.add(ids[row])
    return frozenset(out)


def _untold(spans: Mapping[str, Span], slack: timedelta) -> dict[str, Span]:
    """Return by account between which instants its statement should show what the other side's does."""
    return {account: (begins, ends - slack) for account, (begins, ends) in spans.items()}


def marked(
    places: Iterable[Place], course: Course, doubted: frozenset[str], claims: Iterable[Claim]
) -> tuple[Place, ...]:
    """Return places with those marked that rest, in whole or in part, on a row of one side only.

    Args:
        places: what the course tells the case.
        course: where they come from.
        doubted: rows of one side only, the claims' own disputed transfers not among them: a report shows those as well.
        claims: whose places they are.
    """
    own = {claim.id: claim.currency for claim in claims}
    reached = _reached(course, doubted)
    out = []
    for place in places:
        is_derived = place.currency != own.get(place.claim, place.currency)
        is_there = (place.claim, place.account) in reached or place.serial in doubted
        rests = is_derived or is_there
        out.append(replace(place, is_inferred=True, is_one_sided=True) if rests else place)
    return tuple(out)


def _reached(course: Course, doubted: frozenset[str]) -> set[tuple[str, str]]:
    """Return by claim the accounts that money came to over a doubted row, and all behind them."""
    if doubted.isdisjoint(flow.transfer for flow in course.flows):
        return set()
    onward: dict[tuple[str, str], set[str]] = {}
    waiting: list[tuple[str, str]] = []
    for flow in course.flows:
        row = course.moved[flow.transfer]
        onward.setdefault((flow.claim, row.payer), set()).add(row.payee)
        if flow.transfer in doubted and row.payee:
            waiting.append((flow.claim, row.payee))
    found: set[tuple[str, str]] = set()
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        waiting += [(at[0], payee) for payee in sorted(onward.get(at, ())) if payee]
    return found


__all__ = ["marked", "one_sided"]
