"""The tables are total: every pair is a move or a named refusal, and each stands once."""

from __future__ import annotations

from itertools import product

from recoup.orders.kinds import FITTING, OrderKind, Outcome
from recoup.orders.state import (
    HOLD_MOVES,
    HOLD_REFUSALS,
    LIVE,
    ORDER_MOVES,
    ORDER_REFUSALS,
    HoldState,
    HoldTrigger,
    OrderState,
    OrderTrigger,
)


def test_every_pair_of_an_order_is_a_move_or_a_refusal() -> None:
    assert set(ORDER_MOVES) | set(ORDER_REFUSALS) == set(product(OrderState, OrderTrigger))
    assert not set(ORDER_MOVES) & set(ORDER_REFUSALS)


def test_every_pair_of_a_hold_is_a_move_or_a_refusal() -> None:
    assert set(HOLD_MOVES) | set(HOLD_REFUSALS) == set(product(HoldState, HoldTrigger))
    assert not set(HOLD_MOVES) & set(HOLD_REFUSALS)


def test_what_was_released_stays_released_and_what_was_withdrawn_stays_so() -> None:
    assert not [pair for pair in HOLD_MOVES if pair[0] is HoldState.RELEASED]
    assert not [pair for pair in ORDER_MOVES if pair[0] is OrderState.WITHDRAWN]


def test_only_a_release_the_end_of_the_term_or_the_last_payment_ends_a_live_hold() -> None:
    ends = {
        trigger
        for (state, trigger), after in HOLD_MOVES.items()
        if state in LIVE and after not in LIVE
    }
    assert ends == {HoldTrigger.RELEASE, HoldTrigger.EXPIRE, HoldTrigger.PAY_OUT}


def test_every_state_of_a_hold_can_be_reached() -> None:
    reached = {HoldState.ASKED}
    for _ in HoldState:
        reached |= {after for (state, _), after in HOLD_MOVES.items() if state in reached}
    assert reached == set(HoldState)


def test_every_kind_of_order_can_be_refused_and_can_succeed() -> None:
    assert set(FITTING) == set(OrderKind)
    for outcomes in FITTING.values():
        assert Outcome.REFUSED in outcomes
        assert len(outcomes) > 1
