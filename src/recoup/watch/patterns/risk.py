"""How risky a card or a terminal has been, by the labels that were known when a payment came: figures of one side of payments.

A label is known a stated delay after its payment; until then a fraud looks like any other payment. Payments of one side are
compared with their own past only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from recoup.watch.features.feature import Cost, Feature, Side, Unit
from recoup.watch.patterns.risk_kernel import run_risk

_DAY: Final = 86_400
WINDOWS: Final = (("24h", _DAY), ("7d", 7 * _DAY), ("30d", 30 * _DAY))


def risk_features(side: Side) -> tuple[Feature, ...]:
    """Return the catalogue rows of `side_risk`, for payers or payees."""
    return tuple(_features(side))


def _features(side: Side) -> Iterator[Feature]:
    for name, seconds in WINDOWS:
        for word, meaning, unit in (
            (f"count_{name}", "its payments", Unit.COUNT),
            (f"mean_{name}", "their mean", Unit.MINOR),
            (f"known_{name}", "its payments whose labels became known", Unit.COUNT),
            (f"fraud_share_{name}", "share of these that were fraud", Unit.RATIO),
            (f"fraud_count_{name}", "of these, frauds", Unit.COUNT),
            (f"amount_to_mean_{name}", "the amount by the mean", Unit.RATIO),
        ):
            yield Feature(f"{side}_side_{word}", meaning, unit, seconds, side, Cost.WINDOW)
    for word, meaning, unit in (
        ("gap", "since its last payment", Unit.SECONDS),
        ("mean_ever", "mean of all its payments", Unit.MINOR),
        (
            "amount_deviations",
            "standard deviations (and one minor unit) from that mean",
            Unit.SCORE,
        ),
        ("fraud_age", "since its last payment known to be fraud", Unit.SECONDS),
        ("largest_7d", "largest of its last 40 payments within seven days", Unit.MINOR),
        ("count_ever", "its payments so far", Unit.COUNT),
    ):
        yield Feature(f"{side}_side_{word}", meaning, unit, None, side, Cost.RECORD)


def side_risk(
    keys: npt.NDArray[np.int64],
    time_us: npt.NDArray[np.int64],
    amount_minor: npt.NDArray[np.int64],
    labels: npt.NDArray[np.bool_],
    delay_us: int,
) -> npt.NDArray[np.float64]:
    """Return the figures [n, F] of `risk_features`, of payments in order of time; NaN where there is nothing to say.

    Args:
        keys: the card or terminal of each payment, dense numbers.
        time_us: microseconds UTC, ascending.
        amount_minor: minor units.
        labels: whether each was fraud; read only once `delay_us` is over.
        delay_us: from a payment to when its label is known; above zero.
    """
    assert delay_us > 0, "a label known at once would be read by its own payment"
    order = np.argsort(keys, kind="stable")
    accounts = int(keys.max(initial=-1)) + 1
    begins = np.searchsorted(keys[order], np.arange(accounts + 1))
    windows = np.array([seconds * 1_000_000 for _, seconds in WINDOWS], np.int64)
    amount = amount_minor.astype(np.float64)
    found: npt.NDArray[np.float64] = run_risk(
        order, begins, time_us, amount, labels, windows, delay_us
    )
    return found


__all__ = ["risk_features", "side_risk"]
