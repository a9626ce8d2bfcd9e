"""What a policy did to people who are no criminals: holds on their accounts, and their payments that waited or were refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from recoup.rehearse.figures.spans import Hold, Span
from recoup.rehearse.figures.truth import Truth, traceable
from recoup.rehearse.play.happened import Judged, Stopper, WaitEnded
from recoup.rehearse.play.played import Played

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Harm:
    """Minor units and microseconds."""

    accounts: frozenset[int]
    """With a hold, or payers whose payment waited or was refused."""
    amount: int
    peak: int
    own_peak: int
    """Beyond what could be traced to a crime on the account at the instant, though it was taken in good faith."""
    amount_us: int
    lasted_us: Sequence[int]
    """Of what ended, ascending."""
    held_accounts: frozenset[int]
    """With a hold in the books, of anybody."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A thing that an innocent could not dispose of."""

    account: int
    amount: int
    since_us: int
    until_us: int | None


def harm_of(played: Played, truth: Truth) -> Harm:
    """Return what was done to innocents.

    A payment of a victim to criminals that waits is no harm; any other hold on an innocent's account counts in full, though
    stolen money may lie there, and `own_peak` says what of it did not.
    """
    guilty = guilty_payments(played)
    innocent = played.country.is_innocent
    holds, spans = truth.holds.holds, truth.holds.spans
    counted = [innocent[one.account] and _payment(one) not in guilty for one in holds]
    waits = _waits(played, guilty, {_payment(one) for one in holds}, innocent)
    refused = [one for one in _judged(played, guilty, innocent) if one.action == "refuse"]
    ours = [span for span in spans if counted[span.hold]]
    parts = [*(_of(span, holds) for span in ours), *waits]
    end_us = _end_us(played)
    ended = [
        one.ended_us - one.begun_us
        for one, is_counted in zip(holds, counted, strict=True)
        if is_counted and one.ended_us is not None
    ]
    ended += [one.until_us - one.since_us for one in waits if one.until_us is not None]
    own = {one.account for one, is_counted in zip(holds, counted, strict=True) if is_counted}
    return Harm(
        accounts=frozenset(own | {one.account for one in waits} | {one.payer for one in refused}),
        amount=sum(one.most for one, is_it in zip(holds, counted, strict=True) if is_it)
        + sum(one.amount for one in waits)
        + sum(one.amount for one in refused),
        peak=_peak(parts),
        own_peak=_own_peak(played, parts),
        amount_us=sum(
            one.amount * ((end_us if one.until_us is None else one.until_us) - one.since_us)
            for one in parts
        ),
        lasted_us=sorted(ended),
        held_accounts=frozenset(one.account for one in holds if one.most > 0),
    )


def parts_of(played: Played, truth: Truth) -> Sequence[Wait]:
    """Return what innocents could not dispose of, stretch by stretch: what `harm_of` counts but refusals."""
    guilty, innocent = guilty_payments(played), played.country.is_innocent
    holds, spans = truth.holds.holds, truth.holds.spans
    counted = [innocent[one.account] and _payment(one) not in guilty for one in holds]
    ours = [_of(span, holds) for span in spans if counted[span.hold]]
    return [*ours, *_waits(played, guilty, {_payment(one) for one in holds}, innocent)]


def _of(span: Span, holds: Sequence[Hold]) -> Wait:
    return Wait(holds[span.hold].account, span.amount, span.since_us, span.until_us)


def _payment(hold: Hold) -> int:
    """Return the number of the payment that a hold of the watch keeps waiting; -1 for other holds."""
    is_wait = hold.stopper is Stopper.WATCH and hold.cause.isdecimal()
    return int(hold.cause) if is_wait else -1


def guilty_payments(played: Played) -> frozenset[int]:
    """Return the numbers of payments of frauds and their money, booked or not."""
    numbers: list[int] = []
    for frame in (played.ledger, played.unbooked):
        if {"payment", "fraud"} <= set(frame.columns):
            numbers += frame.filter(pl.col("fraud") >= 0)["payment"].to_list()
    return frozenset(numbers)


def _judged(
    played: Played, guilty: frozenset[int], innocent: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterable[Judged]:
    return (
        one
        for one in played.happened
        if isinstance(one, Judged) and one.payment not in guilty and innocent[one.payer]
    )


def _waits(
    played: Played,
    guilty: frozenset[int],
    told: set[int],
    innocent: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> list[Wait]:
    """Return innocents' payments that waited and of which no hold tells."""
    ended: Mapping[int, int] = {
        one.payment: one.at_us for one in played.happened if isinstance(one, WaitEnded)
    }
    return [
        Wait(one.payer, one.amount, one.at_us, ended.get(one.payment))
        for one in _judged(played, guilty, innocent)
        if one.action in {"delay", "hold"} and one.payment not in told
    ]


def _end_us(played: Played) -> int:
    """Return the last instant of a play."""
    return max((played.country.end_us, *(one.at_us for one in played.happened[-1:])))


def _steps(parts: Iterable[Wait]) -> list[tuple[int, int, int]]:
    """Return (instant, change, account), what ends before what begins."""
    steps = [(one.since_us, one.amount, one.account) for one in parts]
    steps += [(one.until_us, -one.amount, one.account) for one in parts if one.until_us is not None]
    return sorted(steps)


def _peak(parts: Sequence[Wait]) -> int:
    running = most = 0
    for _, change, _ in _steps(parts):
        running += change
        most = max(most, running)
    return most


def _own_peak(played: Played, parts: Sequence[Wait]) -> int:
    """Return the peak of what is held beyond money that can be traced to a crime, account by account."""
    accounts = sorted({one.account for one in parts})
    if not accounts:
        return 0  # and no second trail is needed
    carried = traceable(played).carried
    ledger = played.ledger[carried["row"]].select("time_us", "payer", "payee")
    flows = ledger.with_columns(amount=carried["amount"])
    steps = [(at, 0, account, change) for at, change, account in _steps(parts)]
    for side, sign in (("payee", 1), ("payer", -1)):
        rows = flows.filter(pl.col(side).is_in(accounts))
        steps += [
            (at, 1, account, sign * amount)
            for at, account, amount in rows.select("time_us", side, "amount").iter_rows()
        ]
    held, stolen = dict.fromkeys(accounts, 0), dict.fromkeys(accounts, 0)
    running = most = 0
    steps.sort()
    for at, (time, what, account, change) in enumerate(steps):
        before = max(0, held[account] - max(0, stolen[account]))
        (stolen if what else held)[account] += change
        running += max(0, held[account] - max(0, stolen[account])) - before
        if at + 1 == len(steps) or steps[at + 1][0] != time:
            most = max(most, running)
    return most


__all__ = ["Harm", "Wait", "guilty_payments", "harm_of", "parts_of"]
