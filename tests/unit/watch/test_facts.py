"""The row of facts that a rule reads of a payment, beside its features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from recoup.watch.rules import FIELDS, PaymentFields, facts_of, vocabulary


class Figure(NamedTuple):
    name: str
    unit: str


NAMES = vocabulary((), [Figure("cards", "count")], ["suspect", "known"], ["CNY"])
PAYMENTS = PaymentFields(
    np.array([100, 200, 300]),
    np.array([0, 2, 0]),
    np.array([0, 0, -1]),
    np.array([22, 6, 5]),
    np.array([1, 7, 3]),
    np.array([4, -1, 5]),
    np.array([5, 4, -1]),
)


def column(name: str, **given):
    facts = facts_of(PAYMENTS, NAMES, (22, 6), **given)
    return facts[:, NAMES.columns[name].index].tolist()


def test_fields_stand_in_their_columns() -> None:
    assert column("amount") == [100, 200, 300]
    assert column("kind") == [0, 2, 0]
    assert column("currency") == [0, 0, -1]
    assert column("weekday") == [1, 7, 3]
    assert column("payer_is_outside") == [0, 1, 0]
    assert column("payee_is_outside") == [0, 0, 1]


@pytest.mark.parametrize(
    ("night", "expected"), [((22, 6), [1, 0, 1]), ((5, 22), [0, 1, 1]), ((0, 0), [0, 0, 0])]
)
def test_the_night_goes_through_midnight_and_its_end_is_not_within(night, expected) -> None:
    facts = facts_of(PAYMENTS, NAMES, night)
    assert facts[:, NAMES.columns["is_night"].index].tolist() == expected


def test_a_fact_or_list_that_is_not_given_is_unknown() -> None:
    assert all(np.isnan(column("cards")))
    assert column("cards", facts={"cards": np.array([1.0, 2, np.nan])})[:2] == [1, 2]
    facts = facts_of(PAYMENTS, NAMES, (22, 6), listed={"suspect": [4, 9]})
    assert facts[:, NAMES.listed("payer", "suspect")].tolist() == [1, 0, 0]
    assert facts[:, NAMES.listed("payee", "suspect")].tolist() == [0, 1, 0]
    assert np.isnan(facts[:, NAMES.listed("payee", "known")]).all()


def test_a_name_stands_for_one_thing() -> None:
    for figures, facts in (
        ([Figure("a", "count")] * 2, []),
        ([Figure("a", "count")], [Figure("a", "count")]),
        ([Figure("min", "count")], []),
        ([], [Figure("amount", "minor")]),
    ):
        with pytest.raises(ValueError, match="expected each name once"):
            vocabulary(figures, facts)
    assert not vocabulary([Figure("amount", "minor")]).columns["amount"].is_feature


def test_the_fields_of_payments_are_those_that_are_documented() -> None:
    assert [name for name, _, _ in FIELDS][:3] == ["amount", "kind", "currency"]
