"""The tables of a return are total: every pair is a move or a named refusal, and each stands once."""

from __future__ import annotations

from itertools import product

import pytest

from recoup.procedure.refusals import Reason
from recoup.procedure.state import (
    IN_FLIGHT,
    OBJECTION_MOVES,
    OBJECTION_REFUSALS,
    PAYMENT_MOVES,
    PAYMENT_REFUSALS,
    PLANNED,
    ROUND_ENDED,
    ROUND_MOVES,
    ROUND_REFUSALS,
    ObjectionState,
    ObjectionTrigger,
    PaymentState,
    PaymentTrigger,
    RoundState,
    RoundTrigger,
)

TABLES = [
    (ROUND_MOVES, ROUND_REFUSALS, RoundState, RoundTrigger),
    (OBJECTION_MOVES, OBJECTION_REFUSALS, ObjectionState, ObjectionTrigger),
    (PAYMENT_MOVES, PAYMENT_REFUSALS, PaymentState, PaymentTrigger),
]


@pytest.mark.parametrize(("moves", "refusals", "states", "triggers"), TABLES)
def test_every_pair_is_a_move_or_a_refusal(moves, refusals, states, triggers) -> None:
    assert set(moves) | set(refusals) == set(product(states, triggers))
    assert not set(moves) & set(refusals)
    assert set(refusals.values()) <= set(Reason)


@pytest.mark.parametrize(
    ("moves", "first", "states"),
    [
        (ROUND_MOVES, RoundState.APPLIED, RoundState),
        (OBJECTION_MOVES, ObjectionState.OPEN, ObjectionState),
        (PAYMENT_MOVES, PaymentState.DECIDED, PaymentState),
    ],
)
def test_every_state_can_be_reached(moves, first, states) -> None:
    reached = {first}
    for _ in states:
        reached |= {after for (state, _), after in moves.items() if state in reached}
    assert reached == set(states)


def test_what_ended_stays_ended() -> None:
    assert not [pair for pair in ROUND_MOVES if pair[0] in ROUND_ENDED]
    assert {RoundState.DECIDED, RoundState.REFUSED, RoundState.WITHDRAWN} == ROUND_ENDED


def test_nothing_is_decided_but_what_was_approved_or_reviewed() -> None:
    before = {state for (state, _), after in ROUND_MOVES.items() if after is RoundState.DECIDED}
    assert before == {RoundState.APPROVED, RoundState.REVIEWED}
    to_approved = {pair for pair, after in ROUND_MOVES.items() if after is RoundState.APPROVED}
    assert to_approved == {(RoundState.TRACED, RoundTrigger.APPROVE)}
    to_reviewed = {state for (state, _), after in ROUND_MOVES.items() if after == "reviewed"}
    assert to_reviewed == {RoundState.PUBLISHED, RoundState.UNDER_REVIEW}


def test_a_payment_that_the_bank_may_make_is_neither_replaced_nor_given_up() -> None:
    for state in (*IN_FLIGHT, PaymentState.PAID):
        assert (state, PaymentTrigger.REPLACE) not in PAYMENT_MOVES
        # Where it waits for papers it holds no order that stands; what it pays all the same is an incident.
        is_end = (state, PaymentTrigger.WITHDRAW) in PAYMENT_MOVES
        assert is_end is (state is PaymentState.CORRECTING)


def test_a_receipt_is_never_turned_away_once_a_bank_was_told() -> None:
    told = set(PaymentState) - {PaymentState.DECIDED}
    assert {state for state, trigger in PAYMENT_MOVES if trigger == "receipt_off"} == told


def test_a_plan_stands_where_something_can_happen_to_it() -> None:
    touching = {RoundTrigger.APPROVE, RoundTrigger.PUBLISH, RoundTrigger.DECIDE}
    assert {state for state, trigger in ROUND_MOVES if trigger in touching} <= PLANNED
