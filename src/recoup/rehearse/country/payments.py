"""Payments to come while they are made: columns in any order, put together and in order at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from recoup.records.kinds import KINDS
from recoup.rehearse.country.chance import I64
from recoup.rehearse.country.values import Schedule

HABITS: Final = (
    "purchase",
    "gift",
    "stranger",
    "top_up",
    "cash",
    "paid_in",
    "abroad",
    "salary",
    "rent",
    "rent_passed_on",
    "supplies",
    "takings",
    "large",
    "collected",
    "collection_paid",
    "handed_over",
    "handed_on",
    "circle",
    "coins_bought",
    "coins_sold",
    "coins_settled",
)
"""Why innocents pay. `stranger`: secondhand things; `takings`: what a merchant moves on in the evening."""

KIND_OF: Final = {
    "purchase": "purchase",
    "top_up": "wallet",
    "cash": "cash_out",
    "paid_in": "cash_in",
    "abroad": "abroad",
    "coins_bought": "exchange",
    "coins_sold": "exchange",
    "coins_settled": "exchange",
}
"""The kind that statements give; `transfer` for the others."""


class Payments(NamedTuple):
    """Columns of one length."""

    time_us: I64
    payer: I64
    payee: I64
    amount_minor: I64
    habit: npt.NDArray[np.int8]


def paid(habit: str, time_us: I64, payer: I64, payee: I64, amount_minor: I64) -> Payments:
    """Return payments of one habit, without those of an account to itself."""
    real = (payer != payee) & (payer >= 0) & (payee >= 0)
    count = int(real.sum())
    return Payments(
        time_us[real],
        payer[real].astype(np.int64),
        payee[real].astype(np.int64),
        amount_minor[real],
        np.full(count, HABITS.index(habit), np.int8),
    )


def scheduled(parts: Sequence[Payments], order: np.random.Generator, end_us: int) -> Schedule:
    """Return all payments before the end by time; those of one instant in no order that would say what they are."""
    whole = Payments(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    mixed = order.permutation(np.flatnonzero(whole.time_us < end_us))
    rows = mixed[np.argsort(whole.time_us[mixed], kind="stable")]
    habit = whole.habit[rows]
    kinds = np.array([KINDS.index(KIND_OF.get(name, "transfer")) for name in HABITS], np.int8)
    return Schedule(
        time_us=whole.time_us[rows],
        payer=whole.payer[rows].astype(np.int32),
        payee=whole.payee[rows].astype(np.int32),
        amount_minor=whole.amount_minor[rows],
        kind=kinds[habit],
        habit=habit,
    )


__all__ = ["HABITS", "KIND_OF", "Payments", "paid", "scheduled"]
