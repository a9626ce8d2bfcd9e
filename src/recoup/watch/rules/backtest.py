"""What rules would have done in a past period: alerts against the budget, money stopped, innocents delayed, overlap. Pure sums.

An *alert* is a payment for which a rule fires. What stops money is every action but a warning. *Labelled* payments are fraud or
innocent; those without a label count in neither. Money is in minor units by currency, and never added across currencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recoup.watch.rules.kernel import FIRES, UNKNOWN
from recoup.watch.rules.rule import Mode, Rule

FRAUD: Final = 1
INNOCENT: Final = 0
UNLABELLED: Final = -1

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Period:
    """Past payments in order of time: equally long arrays."""

    day: Ints
    """Days since 1970 in the time zone of the rules."""
    amount_minor: Ints
    currency: Ints
    label: npt.NDArray[Any]
    """FRAUD, INNOCENT or UNLABELLED."""
    days: int
    """Days of the period, those without a payment included."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule, or several together, would have done."""

    alerts: int
    unknown: int
    """Payments for which it could not be worked out; it did not fire for these."""
    snoozed: int
    """Alerts that a snooze kept back; in none of the other figures."""
    alerts_per_day: float
    alerts_per_day_most: int
    budget: int
    """Alerts a day that somebody can look at; 0: not stated."""
    days_over_budget: int
    alerts_over_budget: int
    """Alerts of a day beyond its budget: nobody would have looked at them."""
    labelled: int
    precision: float | None
    """Share of fraud among labelled alerts; None without any."""
    precision_within_budget: float | None
    """The same of those that somebody would have looked at."""
    recall: float | None
    """Share of labelled fraud that had an alert."""
    fraud_stopped: Mapping[int, int]
    """Minor units of fraud that would not have gone on at once, by currency."""
    fraud_warned: Mapping[int, int]
    """Minor units of fraud whose payer would only have been warned."""
    fraud_missed: Mapping[int, int]
    """Minor units of fraud without an alert."""
    innocent_delayed: Mapping[int, int]
    """Minor units of innocents that would not have gone on at once."""
    innocents_delayed: int
    """How many payments these are."""
    innocents_delayed_share: float | None
    """Of all innocent payments."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rules that fire for the same payments."""

    first: int
    second: int
    both: int
    either: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """All figures of a back-test; rules by their place in the set."""

    payments: int
    days: int
    rules: tuple[Outcome, ...]
    together: Outcome
    """All rules of the set as one; the strongest action counts."""
    live: Outcome
    """Those that are live."""
    added: tuple[Outcome, ...]
    """Of each rule, what no live rule fires for: what it would add. Of a live rule, what would be lost without it."""
    overlaps: tuple[Overlap, ...]
    """Pairs that have payments in common, most first."""


def backtest(
    verdicts: npt.NDArray[np.int8],
    rules: Sequence[Rule],
    period: Period,
    snoozed: Flags | None = None,
) -> Backtest:
    """Return the figures of a back-test.

    Args:
        verdicts: what the kernel said, [n, R].
        rules: the rules, by column.
        period: the payments, by row.
        snoozed: [n, R], where a snooze keeps a rule quiet; nowhere by default.
    """
    fired = verdicts == FIRES
    kept_back = fired & snoozed if snoozed is not None else np.zeros_like(fired)
    fired &= ~kept_back
    unknown = verdicts == UNKNOWN
    stops = np.array([rule.action.stops_money for rule in rules], bool)
    live = np.array([rule.mode is Mode.LIVE for rule in rules], bool)
    everything = np.ones(len(rules), bool)

    def outcome(columns: Flags, budget: int, but: Flags | None = None) -> Outcome:
        alerts = fired[:, columns].any(axis=1)
        held = fired[:, columns & stops].any(axis=1)
        if but is not None:
            alerts, held = alerts & ~but, held & ~but
        quiet = int(kept_back[:, columns].sum())
        return _outcome(alerts, held, int(unknown[:, columns].sum()), quiet, budget, period)

    def only(i: int) -> Flags:
        columns: Flags = np.arange(len(rules)) == i
        return columns

    return Backtest(
        len(verdicts),
        period.days,
        tuple(outcome(only(i), rule.budget) for i, rule in enumerate(rules)),
        outcome(everything, _sum_of_budgets(rules)),
        outcome(live, _sum_of_budgets([rule for rule in rules if rule.mode is Mode.LIVE])),
        tuple(
            outcome(only(i), rule.budget, fired[:, live & ~only(i)].any(axis=1))
            for i, rule in enumerate(rules)
        ),
        _overlaps(fired),
    )


def _sum_of_budgets(rules: Sequence[Rule]) -> int:
    """Return what all can have looked at together; 0, not stated, if one does not say."""
    budgets = [rule.budget for rule in rules]
    return sum(budgets) if all(budgets) else 0


def _outcome(
    alerts: Flags, held: Flags, unknown: int, snoozed: int, budget: int, period: Period
) -> Outcome:
    fraud, innocent = period.label == FRAUD, period.label == INNOCENT
    place = _places_in_day(alerts, period.day)
    _, per_day = np.unique(period.day[alerts], return_counts=True)
    within = alerts & (place < budget) if budget else alerts
    delayed = innocent & held
    count = int(alerts.sum())
    return Outcome(
        alerts=count,
        unknown=unknown,
        snoozed=snoozed,
        alerts_per_day=count / period.days if period.days else 0.0,
        alerts_per_day_most=int(per_day.max(initial=0)),
        budget=budget,
        days_over_budget=int((per_day > budget).sum()) if budget else 0,
        alerts_over_budget=count - int(within.sum()),
        labelled=int((alerts & (fraud | innocent)).sum()),
        precision=_share(alerts & fraud, alerts & (fraud | innocent)),
        precision_within_budget=_share(within & fraud, within & (fraud | innocent)),
        recall=_share(alerts & fraud, fraud),
        fraud_stopped=_money(fraud & held, period),
        fraud_warned=_money(fraud & alerts & ~held, period),
        fraud_missed=_money(fraud & ~alerts, period),
        innocent_delayed=_money(delayed, period),
        innocents_delayed=int(delayed.sum()),
        innocents_delayed_share=_share(delayed, innocent),
    )


def _places_in_day(alerts: Flags, day: Ints) -> Ints:
    """Return how many alerts came before each payment on its day; payments stand in order of time."""
    before: Ints = np.cumsum(alerts) - alerts
    starts = np.concatenate([[True], day[1:] != day[:-1]]) if len(day) else np.empty(0, bool)
    first = np.maximum.accumulate(np.where(starts, before, 0)) if len(day) else before
    places: Ints = before - first
    return places


def _share(part: Flags, whole: Flags) -> float | None:
    count = int(whole.sum())
    return int(part.sum()) / count if count else None


def _money(which: Flags, period: Period) -> dict[int, int]:
    """Return minor units by currency; Python's whole numbers, which never overflow."""
    found: dict[int, int] = {}
    for currency in np.unique(period.currency[which]).tolist():
        amounts = period.amount_minor[which & (period.currency == currency)]
        high, low = (
            amounts >> 32,
            amounts & 0xFFFFFFFF,
        )  # their sums fit 64 bits where the whole's may not
        found[currency] = (int(high.sum()) << 32) + int(low.sum())
    return found


def _overlaps(fired: Flags) -> tuple[Overlap, ...]:
    counts = fired.astype(np.float64)
    common = counts.T @ counts  # counts of payments: whole numbers far below 2^53
    each = np.diag(common)
    pairs = [
        Overlap(i, j, int(common[i, j]), int(each[i] + each[j] - common[i, j]))
        for i in range(len(each))
        for j in range(i + 1, len(each))
        if common[i, j]
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.both, pair.first, pair.second)))


__all__ = [
    "FRAUD",
    "INNOCENT",
    "UNLABELLED",
    "Backtest",
    "Outcome",
    "Overlap",
    "Period",
    "backtest",
]
