"""The figures of one evaluation, together: what `recoup watch evaluate` prints and a card repeats. See `measures`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recoup.watch.model.measures import (
    Labels,
    Scores,
    alerted_shares,
    auc,
    average_precision,
    daily_alerts,
    daily_precision,
    precision_at,
    recall_at,
    times_to_detection,
    window_overlap,
)

BUDGETS: Final = (100, 1_000)
"""Alerts in the whole period, and a day, unless others are asked for."""
DETECTION_SHARE: Final = 0.01
"""Share of the rows that are alerts, for time to detection and overlap."""
_DAY_US: Final = 86_400_000_000

Figures = dict[str, object]


@dataclass(frozen=True)
class Scored:
    """Rows with scores and what became of them. Optional columns give the figures that need them."""

    scores: Scores
    labels: Labels
    times_us: NDArray[np.int64] | None = None
    money: NDArray[np.int64] | None = None
    """Minor units of one currency: money of several has no sum."""
    groups: NDArray[np.int64] | None = None
    """What is detected at once when any row of it is, such as an account; negative for none."""


def figures(rows: Scored, budgets: Sequence[int] = BUDGETS) -> Figures:
    """Return the figures of an evaluation, ready for JSON; what cannot be said for want of cases is null.

    Budgets past the number of rows are those of all rows. `positives` stands for as many alerts as there are cases.
    """
    scores, labels = rows.scores, rows.labels
    cases = int(labels.sum())
    named = {**{str(budget): budget for budget in budgets}, "positives": cases}
    found: Figures = {
        "rows": int(labels.size),
        "cases": cases,
        "auc": auc(scores, labels),
        "pr_auc": average_precision(scores, labels),
        "precision_at": {
            name: precision_at(scores, labels, count) for name, count in named.items()
        },
        "recall_at": {name: recall_at(scores, labels, count) for name, count in named.items()},
    }
    if rows.money is not None:
        money = rows.money
        found["money_recall_at"] = {
            name: recall_at(scores, labels, count, money) for name, count in named.items()
        }
    if rows.times_us is not None:
        found |= _of_days(rows, rows.times_us, budgets)
    if rows.times_us is not None and rows.groups is not None:
        found |= _of_groups(rows, rows.times_us, rows.groups)
    return found


def _of_days(rows: Scored, times_us: NDArray[np.int64], budgets: Sequence[int]) -> Figures:
    days = times_us // _DAY_US  # days of UTC
    shares = [daily_alerts(rows.scores, days, budget)[rows.labels] for budget in budgets]
    return {
        "daily_precision_at": {
            str(budget): daily_precision(rows.scores, rows.labels, days, budget)
            for budget in budgets
        },
        "daily_recall_at": {
            str(budget): float(share.mean()) if share.size else None
            for budget, share in zip(budgets, shares, strict=True)
        },
    }


def _of_groups(rows: Scored, times_us: NDArray[np.int64], groups: NDArray[np.int64]) -> Figures:
    """Time to detection and overlap, at the alerts that are certain within the budget (none of a tie at its border)."""
    count = max(int(rows.labels.size * DETECTION_SHARE), 1)
    alerted = alerted_shares(rows.scores, count) == 1.0
    waits = times_to_detection(groups, times_us, rows.labels, alerted)
    found = waits[waits >= 0] / 1_000_000
    return {
        "time_to_detection": {
            "alert_share": DETECTION_SHARE,
            "groups": int(waits.size),
            "detected": int(found.size),
            "seconds_p50": float(np.quantile(found, 0.5)) if found.size else None,
            "seconds_p90": float(np.quantile(found, 0.9)) if found.size else None,
        },
        "window_overlap": window_overlap(groups, times_us, rows.labels, alerted),
    }
