"""The figures of one play, from what happened and the truth. Pure: every number of OUT but those of the limits is made here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import polars as pl

from recoup.rehearse.figures.appealed import appeals_of
from recoup.rehearse.figures.innocents import HOUR_US, harm_of
from recoup.rehearse.figures.spans import Holds
from recoup.rehearse.figures.terms import NAMES, Figures
from recoup.rehearse.figures.truth import Truth
from recoup.rehearse.play.happened import (
    Answered,
    Averted,
    Entitled,
    HeldNow,
    Intercepted,
    Ordered,
    Returned,
    Stopper,
)
from recoup.rehearse.play.played import Played

SECOND_US = 1_000_000
DAY_US = 24 * HOUR_US


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all values do not exceed; 0.0 of none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return float(ordered[max(0, -int(-share * len(ordered) // 1) - 1)])


@dataclass(frozen=True, slots=True)
class KeptParts:
    """Stolen money that is kept at the end, by who keeps it; minor units, each unit once."""

    stopped: int
    """Under a hold of an order or a scheme."""
    intercepted: int
    """Under a hold of the watch alone."""
    at_large: int
    """Under none, inside."""


def kept_parts(truth: Truth) -> KeptParts:
    """Return what lies inside at the end by who keeps it: on each account orders and schemes come first, then the watch."""
    held: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for one in truth.holds.holds:
        held[one.account][one.stopper is Stopper.WATCH] += one.at_end
    stopped = intercepted = large = 0
    lies = truth.lies.group_by("account").agg(pl.col("amount").sum()).sort("account")
    for account, amount in lies.iter_rows():
        by_order, by_watch = held.get(account, (0, 0))
        first = min(amount, by_order)
        second = min(amount - first, by_watch)
        stopped += first
        intercepted += second
        large += amount - first - second
    return KeptParts(stopped, intercepted, large)


def figures_of(played: Played, truth: Truth, appeal_clock_us: int = DAY_US) -> Figures:
    """Return every figure of a play, in the order of `FIGURES`; the clock is the scenario's, a day where none is said."""
    parts = kept_parts(truth)
    averted = [one for one in played.happened if isinstance(one, Averted)]
    averted_amount = sum(one.amount for one in averted)
    stopped_net = parts.stopped + truth.returned
    found: Figures = {
        "loss": sum(one.amount for one in truth.stolen),
        "kept": stopped_net + parts.intercepted + averted_amount,
        "reports": len(truth.reported_us),
        "reported": sum(one.amount for one in truth.stolen if one.fraud in truth.reported_us),
        "inside_at_report": sum(truth.inside_at_report().values()),
        "stopped_net": stopped_net,
        "intercepted_amount": parts.intercepted,
        "intercepted_accounts": len(
            {one.account for one in played.happened if isinstance(one, Intercepted)}
        ),
        "dissuaded_victims": len({one.fraud for one in averted}),
        "averted_amount": averted_amount,
        "left": int(truth.left["amount"].sum()),
        "at_large": parts.at_large,
        "wall_seconds": played.seconds,
        **_of_holds(truth.holds),
        **_of_returns(played, truth),
        **_of_innocents(played, truth),
        **_of_appeals(played, truth, appeal_clock_us),
        **_of_entitlements(played, truth),
        **_of_chases(played, truth),
    }
    found["returned_share_of_frozen"] = (
        found["returned"] / found["frozen"] if found["frozen"] else 0.0
    )
    assert set(found) == set(NAMES), f"figures without a term: {set(found) ^ set(NAMES)}"
    return {name: found[name] for name in NAMES}


def _of_holds(holds: Holds) -> Figures:
    stops = [one for one in holds.holds if one.stopper is not Stopper.WATCH]
    return {
        "stopped_gross": sum(one.most for one in stops),
        "frozen": sum(one.frozen_in_all for one in holds.holds),
        "accounts_held": len({one.account for one in holds.holds if one.most > 0}),
    }


def _of_returns(played: Played, truth: Truth) -> Figures:
    back = [one for one in played.happened if isinstance(one, Returned)]
    days = [
        (one.at_us - truth.reported_us[one.fraud]) / DAY_US
        for one in back
        if one.fraud in truth.reported_us
    ]
    return {
        "returned": sum(one.amount for one in back),
        "returned_of_others": sum(one.amount for one in back) - truth.returned,
        "returns": len(back),
        "days_to_return_p50": median(days) if days else 0.0,
    }


def _of_innocents(played: Played, truth: Truth) -> Figures:
    harm = harm_of(played, truth)
    country = played.country
    innocent = country.is_innocent
    wrong = [account for account in harm.held_accounts if innocent[account]]
    wrong = [account for account in wrong if account in harm.accounts]
    return {
        "innocent_accounts_held": len(harm.accounts),
        "innocent_amount_held": harm.amount,
        "innocent_amount_held_peak": harm.peak,
        "innocent_own_held_peak": harm.own_peak,
        "innocent_amount_hours": harm.amount_us // HOUR_US,
        "innocent_releases": len(harm.lasted_us),
        "innocent_release_hours_p50": (median(harm.lasted_us) / HOUR_US if harm.lasted_us else 0.0),
        "false_hold_rate": len(wrong) / len(harm.held_accounts) if harm.held_accounts else 0.0,
    }


def _of_appeals(played: Played, truth: Truth, clock_us: int) -> Figures:
    appeals = appeals_of(played, truth)
    late = sum(not one.is_in_time(clock_us) for one in appeals)
    return {"innocent_appeals": len(appeals), "innocent_appeals_late": late}


def _of_entitlements(played: Played, truth: Truth) -> Figures:
    """Return how far what was asked for went beyond what was missing; of a scheme, what it held beyond the loss."""
    over, overlap = 0.0, 0
    losses: dict[int, int] = defaultdict(int)
    for stolen in truth.stolen:
        losses[stolen.fraud] += stolen.amount
    holding: dict[tuple[str, int], int] = {}
    by_fraud: dict[int, int] = defaultdict(int)
    for one in played.happened:
        if isinstance(one, Entitled):
            overlap = max(overlap, one.overlap)
            if one.entitled > one.missing:
                beyond = one.entitled - one.missing
                over = max(over, 1 + beyond / max(losses[one.fraud], 1))
            elif one.entitled:
                over = max(over, one.entitled / one.missing)
        elif isinstance(one, HeldNow) and one.stopper is Stopper.SCHEME and one.fraud >= 0:
            before = holding.get((one.cause, one.account), 0)
            holding[one.cause, one.account] = one.held
            by_fraud[one.fraud] += one.held - before
            loss = max(losses[one.fraud], 1)
            over = max(over, by_fraud[one.fraud] / loss)
            overlap = max(overlap, by_fraud[one.fraud] - losses[one.fraud])
    return {"held_over_loss_max": over, "overlap_max": overlap}


def _of_chases(played: Played, truth: Truth) -> Figures:
    """Return how fast and how far orders went."""
    orders = {one.order: one for one in played.happened if isinstance(one, Ordered)}
    first_stop: dict[int, int] = {}
    answered: dict[tuple[int, int], int] = {}
    for one in played.happened:
        if isinstance(one, HeldNow) and one.stopper is not Stopper.WATCH and one.held > 0:
            first_stop.setdefault(one.fraud, one.at_us)
        elif isinstance(one, Answered) and one.order in orders:
            order = orders[one.order]
            answered.setdefault((order.fraud, order.hop), one.at_us)
    stops = [
        (at_us - truth.reported_us[fraud]) / SECOND_US
        for fraud, at_us in first_stop.items()
        if fraud in truth.reported_us
    ]
    hops = [
        max(0, at_us - answered[fraud, hop - 1]) / SECOND_US
        for (fraud, hop), at_us in answered.items()
        if fraud >= 0 and (fraud, hop - 1) in answered
    ]
    return {
        "orders": sum(isinstance(one, Ordered) for one in played.happened),
        "hops_max": max((one.hop for one in orders.values()), default=0),
        "first_stops": len(stops),
        **_two("seconds_to_first_stop", stops),
        "hops": len(hops),
        **_two("seconds_per_hop", hops),
    }


def _two(name: str, values: Sequence[float]) -> Mapping[str, float]:
    return {f"{name}_p50": quantile(values, 0.5), f"{name}_p99": quantile(values, 0.99)}


__all__ = ["DAY_US", "SECOND_US", "KeptParts", "figures_of", "kept_parts", "quantile"]
