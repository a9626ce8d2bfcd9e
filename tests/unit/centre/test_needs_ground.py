"""Which orders say how the money came: all that ask, and a reduction whose answer may say more than is known."""

from __future__ import annotations

import pytest

from recoup.centre.case_grounds import needs_ground
from recoup.orders import Hold, HoldKey, Order, OrderKind

KEY = HoldKey("case-1", "a", "CNY")


def asks(kind: OrderKind, *, held: int, amount: int = 100) -> bool:
    order = Order("o1", kind, KEY, "bank-a", amount, "ann", "because")
    return needs_ground(order, lambda key: Hold(key, held=held))


@pytest.mark.parametrize("kind", list(OrderKind))
@pytest.mark.parametrize("held", [0, 99, 100, 101])
def test_only_a_release_and_a_reduction_of_a_hold_that_is_full_need_none(
    kind: OrderKind, held: int
) -> None:
    is_full = kind is OrderKind.REDUCE and held >= 100
    assert asks(kind, held=held) is not (kind is OrderKind.RELEASE or is_full)
