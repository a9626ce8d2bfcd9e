"""The row of facts of each payment: its own fields, named facts, and whether its accounts are on a list. Arrays only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recoup.watch.rules.program import Floats
from recoup.watch.rules.vocabulary import FIELDS, Vocabulary


@dataclass(frozen=True, slots=True)
class PaymentFields:
    """What a rule may read of payments themselves: equally long arrays, one place a payment."""

    amount_minor: npt.NDArray[np.int64]
    kind: npt.NDArray[Any]
    """Index into `records.kinds.KINDS`."""
    currency: npt.NDArray[Any]
    """Index into the vocabulary's currencies."""
    hour: npt.NDArray[Any]
    """Of the wall clock in the rules' time zone."""
    weekday: npt.NDArray[Any]
    """There: 1 (Monday) to 7."""
    payer: npt.NDArray[Any]
    """Dense number of the account; -1 is the outside."""
    payee: npt.NDArray[Any]


def facts_of(
    fields: PaymentFields,
    names: Vocabulary,
    night: tuple[int, int],
    *,
    facts: Mapping[str, Floats] | None = None,
    listed: Mapping[str, Sequence[int]] | None = None,
) -> Floats:
    """Return the facts of every payment, float64 [n, G] in the order of the vocabulary.

    Args:
        fields: of the payments.
        names: which columns there are.
        night: first hour of the night, and the first after it.
        facts: values of named facts; NaN, which is unknown, where one is not given.
        listed: numbers of the accounts on each list; a list that is not given is unknown, and so is who is on it.
    """
    count = len(fields.amount_minor)
    out = np.full((count, names.facts_count), np.nan)
    columns = (
        fields.amount_minor,
        fields.kind,
        fields.currency,
        fields.hour,
        fields.weekday,
        is_night(fields.hour, night),
        fields.payer < 0,
        fields.payee < 0,
    )
    assert len(columns) == len(FIELDS)
    for i, column in enumerate(columns):
        out[:, i] = column
    for name, values in (facts or {}).items():
        out[:, names.columns[name].index] = values
    for name, accounts in (listed or {}).items():
        numbers = np.unique(np.asarray(list(accounts), np.int64))
        for side, account in (("payer", fields.payer), ("payee", fields.payee)):
            out[:, names.listed(side, name)] = np.isin(account, numbers)
    return out


def is_night(hour: npt.NDArray[Any], night: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return whether each hour lies in the night: from the first hour up to the second, through midnight if need be."""
    first, second = night
    since, before = hour >= first, hour < second
    within: npt.NDArray[np.bool_] = since & before if first <= second else since | before
    return within


__all__ = ["PaymentFields", "facts_of", "is_night"]
