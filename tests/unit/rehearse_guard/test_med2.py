"""MED 2.0 as a policy: its published weaknesses one by one, in the figures of the scheme's own worked examples."""

from __future__ import annotations

import pytest
from rehearsal.hamlet import HOUR, MINUTE
from rehearsal.script import Move, play_script, scripted

from recoup.rehearse.play.happened import Answered, Entitled, HeldNow, Ordered, Returned
from recoup.rehearse.policies.med2 import Med2
from recoup.rehearse.policies.med2_graph import (
    Followed,
    GraphTerms,
    Transfer,
    agreed_chain,
    asked_of,
    tracking_graph,
)

DAY = 24 * HOUR
LOSS = 80_000
"""800.00."""


def graph_of(moves: list[Move], **terms: int) -> tuple[Followed, ...]:
    """The graph from the first move over all of them."""
    rows = [Transfer(number, *move) for number, move in enumerate(moves)]

    def debits(account: int, since: int, until: int) -> list[Transfer]:
        return [row for row in rows if row.payer == account and since <= row.time_us <= until]

    return tracking_graph(rows[0], debits, GraphTerms(**terms))


def chain(layers: int, amount: int = LOSS) -> list[Move]:
    return [(number * HOUR, number, number + 1, amount) for number in range(layers)]


def happened(stage, kind):
    return [one for one in stage.happened if isinstance(one, kind)]


# --- the graph -----------------------------------------------------------------------------------------------------------


def test_a_pass_through_of_five_layers_asks_for_five_times_the_loss():
    graph = graph_of(chain(5))
    assert [one.layer for one in graph] == [1, 2, 3, 4, 5]
    assert sum(asked_of(graph).values()) == 5 * LOSS


def test_a_sixth_layer_is_not_followed():
    assert len(graph_of(chain(6))) == 5
    assert len(graph_of(chain(6), layers_max=6)) == 6


def test_a_split_into_thirty_is_followed_to_nine_of_them():
    moves = [(0, 0, 1, 30 * 30_000), *((HOUR, 1, 2 + n, 30_000) for n in range(30))]
    graph = graph_of(moves)
    leaves = sum(one.transfer.amount for one in graph if one.layer == 2)
    assert len(graph) == 10
    assert leaves == 9 * 30_000  # 30 % of what moved on


@pytest.mark.parametrize(("amount", "followed"), [(20_000, 2), (19_999, 1), (19_900, 1)])
def test_a_transfer_below_the_least_amount_leaves_the_graph(amount, followed):
    assert followed == len(graph_of([(0, 0, 1, LOSS), (HOUR, 1, 2, amount)]))


@pytest.mark.parametrize(("dwell", "followed"), [(24 * HOUR, 2), (24 * HOUR + MINUTE, 1)])
def test_a_dwell_beyond_the_window_leaves_the_graph(dwell, followed):
    assert followed == len(graph_of([(0, 0, 1, LOSS), (dwell, 1, 2, LOSS)]))


def test_money_that_left_before_is_not_followed():
    assert len(graph_of([(HOUR, 0, 1, LOSS), (0, 1, 2, LOSS)])) == 1


def test_a_circle_is_cut_so_that_the_list_is_acyclic():
    moves = [(0, 0, 1, LOSS), (1, 1, 2, LOSS), (2, 2, 1, LOSS), (3, 1, 0, LOSS), (4, 2, 3, LOSS)]
    pairs = {(one.transfer.payer, one.transfer.payee) for one in graph_of(moves)}
    assert {(0, 1), (1, 2), (2, 3)} == pairs


def test_the_largest_of_a_layer_come_first_and_of_equals_the_earlier():
    amounts = (30_000, 50_000, 40_000, 50_000)
    moves = [(0, 0, 1, LOSS), *((1 + at, 1, 2 + at, one) for at, one in enumerate(amounts))]
    assert [one.transfer.number for one in graph_of(moves)] == [0, 2, 4, 3, 1]


def test_one_transfer_that_is_not_agreed_to_takes_what_is_behind_it():
    graph = graph_of(chain(5))
    assert graph == agreed_chain(graph, ())
    assert graph[:2] == agreed_chain(graph, {2})
    assert agreed_chain(graph, {0}) == ()


def test_two_ways_to_an_account_survive_one_that_is_not_agreed_to():
    moves = [
        (0, 0, 1, LOSS),
        (1, 1, 2, 40_000),
        (2, 1, 3, 40_000),
        (3, 2, 4, 40_000),
        (4, 3, 4, 30_000),
    ]
    kept = agreed_chain(graph_of(moves), {1})
    assert [one.transfer.number for one in kept] == [0, 2, 4]


# --- the policy ----------------------------------------------------------------------------------------------------------


def test_a_loss_of_800_is_asked_for_five_times_and_comes_back_once():
    moves = chain(5)
    stage = play_script(scripted([LOSS, *[0] * 6], moves), Med2(), [(6 * HOUR, moves[0])])
    ordered = happened(stage, Ordered)
    assert sum(one.amount for one in ordered) == 5 * LOSS
    assert max(one.entitled for one in happened(stage, Entitled)) == 5 * LOSS
    assert [one.hop for one in ordered] == [0, 1, 2, 3, 4]
    assert [one.outcome for one in happened(stage, Answered)] == ["moved"] * 4 + ["held"]
    assert [(one.account, one.amount) for one in happened(stage, Returned)] == [(5, LOSS)]
    assert stage.books.balance(0) == LOSS


def test_the_whole_loss_in_the_fifth_layer_is_lost_when_one_bank_disagrees():
    moves = chain(5)
    country = scripted([LOSS, *[0] * 6], moves, error_share=0.5)
    outcomes = set()
    for seed in range(12):
        other = _with_seed(country, seed)
        stage = play_script(other, Med2(), [(6 * HOUR, moves[0])])
        assert stage.books.balance(0) in (0, LOSS)
        outcomes.add(stage.books.balance(0))
    assert {0, LOSS} == outcomes


def _with_seed(country, seed):
    from dataclasses import replace

    return replace(country, seed=seed)


def test_of_two_victims_on_one_balance_the_first_has_all():
    loss, there = 100_000, 90_000
    moves = [(0, 0, 2, loss), (1, 1, 2, loss), (2, 2, 4, 2 * loss - there)]
    country = scripted([loss, loss, 0, 0, 10**9], moves)
    reports = [(HOUR, moves[0]), (2 * HOUR, moves[1])]
    stage = play_script(country, Med2(), reports)
    returned = [(one.fraud, one.amount) for one in happened(stage, Returned)]
    assert [(0, there)] == returned


def test_new_money_is_blocked_while_there_is_too_little():
    moves = [
        (0, 0, 1, LOSS),
        (MINUTE, 1, 3, LOSS),  # gone as cash before the report
        (2 * HOUR, 2, 1, 50_000),  # somebody else's money comes in after the block
        (3 * HOUR, 1, 3, 50_000),  # and cannot leave
    ]
    stage = play_script(scripted([LOSS, 50_000, 50_000, 10**9], moves), Med2(), [(HOUR, moves[0])])
    del stage
    stage = play_script(scripted([LOSS, 0, 50_000, 10**9], moves), Med2(), [(HOUR, moves[0])])
    assert max(one.held for one in happened(stage, HeldNow) if one.account == 1) == 50_000
    assert [(one.account, one.amount) for one in happened(stage, Returned)] == [(1, 50_000)]


def test_every_block_ends_and_the_holder_may_pay_again():
    moves = chain(3)
    stage = play_script(scripted([LOSS, 7, *[0] * 4], moves), Med2(), [(6 * HOUR, moves[0])])
    last = {}
    for one in happened(stage, HeldNow):
        last[one.cause, one.account] = one.held
    assert {0} == set(last.values())
    assert max(one.at_us for one in happened(stage, HeldNow)) - stage.country.begin_us < 11 * DAY


def test_cash_is_not_followed():
    moves = [(0, 0, 1, LOSS), (HOUR, 1, 2, LOSS)]
    stage = play_script(scripted([LOSS, 0, 10**9], moves), Med2(), [(6 * HOUR, moves[0])])
    assert [one.account for one in happened(stage, Ordered)] == [1]
