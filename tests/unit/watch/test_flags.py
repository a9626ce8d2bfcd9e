"""Every shipped flag has its page and its sources, fires for what it is meant for and not for who merely looks like it."""

from __future__ import annotations

import numpy as np
import pytest

from recoup.records.kinds import KINDS
from recoup.watch.features import FEATURES, Side
from recoup.watch.flags import CODES, FACTS, facts_beside
from recoup.watch.rules import FIELDS, FIRES, NO, UNKNOWN, Mode, run_rules
from recoup.watching.rule_files import read_rules

DAY, HOUR, MINUTE = 86_400, 3_600, 60
FLAGS = read_rules("cn-flags", currencies=("CNY", "USD"))
IDS = [rule.id for rule in FLAGS.rules]
NAMES = FLAGS.names


def verdicts(values: dict[str, float], listed: frozenset[tuple[str, str]] = frozenset()):
    """Return what each flag says of a payment; what is not given is zero, facts are unknown."""
    row, facts = np.zeros((1, NAMES.features_count)), np.zeros((1, NAMES.facts_count))
    for fact in FACTS:
        facts[0, NAMES.columns[fact.name].index] = np.nan
    for name, value in values.items():
        column = NAMES.columns[name]
        (row if column.is_feature else facts)[0, column.index] = value
    for side, name in listed:
        facts[0, NAMES.listed(side, name)] = 1
    found = run_rules(FLAGS.programs, NAMES, row, facts)[0]
    return dict(zip(IDS, found.tolist(), strict=True))


COLLECTOR = {
    "payee_in_count_1h": 8,
    "payee_payers_distinct_7d": 20,
    "payee_in_round_share": 0.9,
    "payee_passed_on_24h": 0.95,
}
AGGREGATOR = {
    "payee_in_count_24h": 300,
    "payee_payers_distinct_7d": 200,
    "payee_payees_distinct_7d": 2,
    "payee_passed_on_24h": 0.98,
    "payee_opened_age": 20 * DAY,
}
SCATTERED_IN = {
    "payer_in_count_7d": 9,
    "payer_in_sum_7d": 90_000_00,
    "payer_out_count_7d": 1,
    "payer_out_sum_7d": 40_000_00,
    "amount": 50_000_00,
}
SCATTERED_OUT = {
    "payer_in_count_7d": 1,
    "payer_in_sum_7d": 90_000_00,
    "payer_out_count_7d": 4,
    "payer_out_sum_7d": 80_000_00,
    "amount": 10_000_00,
}
PAIR = {
    "pair_count_5d": 2,
    "pair_back_count_5d": 3,
    "pair_sum_5d": 2_000_00,
    "pair_back_sum_5d": 3_000_00,
    "amount": 1_000_00,
}
TO_EXCHANGE = {
    "kind": KINDS.index("exchange"),
    "amount": 9_000_00,
    "payer_in_sum_24h": 10_000_00,
    "payer_in_age": 10 * MINUTE,
}
LEGS = {
    "payer_in_similar_count": 3,
    "payer_in_age": 5 * MINUTE,
    "payer_out_count_24h": 4,
    "payee_out_similar_count": 0,
}
AWAKE = {
    "payer_opened_age": 400 * DAY,
    "payer_in_count_24h": 4,
    "payer_out_count_24h": 4,
    "payer_activity": 8.4,
    "amount": 20_000_00,
}
LINK = {
    "payer_in_age": 3 * MINUTE,
    "payer_in_sum_24h": 100_000_00,
    "payer_out_sum_24h": 50_000_00,
    "payer_out_count_24h": 1,
    "payer_dwell": 5 * MINUTE,
    "payer_balance_low": 100_00,
    "amount": 49_000_00,
}
TESTED = {"pair_small_before_large": 1, "payment_amount_to_balance": 0.97}
SPENT = {"payer_spent_sum_day": 10_000_01, "payer_virtual_goods_share_day": 0.95}
CARDS_IN = {"payee_in_sum_day": 30_000_01, "payee_top_up_card_share_day": 0.81}

CASES = [
    ("cn-1001", {"payee_holder_cards_5wd": 3}, {"payee_holder_cards_5wd": 2}),
    ("cn-1002", {"payee_holder_cards": 10}, {"payee_holder_cards": 9}),
    ("cn-2001", {"payee_holder_is_involved": 1}, {"payee_holder_is_involved": 0}),
    ("cn-3001", {"payment_fraud_was_blocked": 1}, {"payment_fraud_was_blocked": 0}),
    ("cn-3002", {"payee_reports_90d": 1}, {"payee_reports_12m": 1}),
    ("cn-3003", {"payee_bank_reports_90d": 1}, {"payee_bank_reports_90d": 0}),
    ("cn-3006", SCATTERED_IN, SCATTERED_IN | {"amount": 20_000_00}),
    ("cn-3006", SCATTERED_IN, SCATTERED_IN | {"payer_out_count_7d": 3}),
    ("cn-3006", SCATTERED_IN | {"amount": 41_000_00}, SCATTERED_IN | {"payer_in_count_7d": 2}),
    ("cn-3007", SCATTERED_OUT, SCATTERED_OUT | {"payer_in_count_7d": 2}),
    ("cn-3007", SCATTERED_OUT, SCATTERED_OUT | {"payer_out_sum_7d": 10_000_00}),
    ("cn-3008", PAIR, PAIR | {"pair_back_count_5d": 2}),
    ("cn-3008", PAIR, PAIR | {"amount": 5_000_00}),
    ("cn-pay-1001", SPENT, SPENT | {"payer_spent_sum_day": 10_000_00}),
    ("cn-pay-1001", SPENT, SPENT | {"currency": 1}),
    ("cn-pay-1002", CARDS_IN, CARDS_IN | {"payee_top_up_card_share_day": 0.8}),
    (
        "cn-pay-1003",
        {"holder_own_transfers_sum_5d": 100_000_01},
        {"holder_own_transfers_sum_5d": 100_000_00},
    ),
    ("score-running", COLLECTOR, COLLECTOR | {"payee_is_merchant": 1}),
    ("score-running", COLLECTOR, COLLECTOR | {"payee_passed_on_24h": 0.1}),
    (
        "score-running",
        COLLECTOR | {"payee_in_round_share": 0, "payee_in_similar_count": 4},
        COLLECTOR | {"payee_in_round_share": 0},
    ),
    (
        "score-running",
        COLLECTOR | {"payee_in_round_share": 0, "payee_device_accounts_24h": 3},
        COLLECTOR | {"payee_in_round_share": 0, "payee_device_accounts_24h": 2},
    ),
    ("fourth-party", AGGREGATOR, AGGREGATOR | {"payee_payees_distinct_7d": 30}),
    ("fourth-party", AGGREGATOR, AGGREGATOR | {"payee_opened_age": 900 * DAY}),
    ("fourth-party", AGGREGATOR, AGGREGATOR | {"payee_opened_age": -1}),
    ("virtual-currency-otc", TO_EXCHANGE, TO_EXCHANGE | {"kind": KINDS.index("purchase")}),
    ("virtual-currency-otc", TO_EXCHANGE, TO_EXCHANGE | {"payer_in_age": -1}),
    ("virtual-currency-otc", TO_EXCHANGE, TO_EXCHANGE | {"amount": 1_000_00}),
    (
        "virtual-currency-otc",
        TO_EXCHANGE | {"kind": 0, "payment_is_listed_price": 1},
        TO_EXCHANGE | {"kind": 0, "payment_is_listed_price": 0},
    ),
    ("matched-trades", LEGS, LEGS | {"pair_back_count_5d": 1}),
    ("matched-trades", LEGS, LEGS | {"payer_in_age": 5 * HOUR}),
    ("test-then-drain", TESTED, TESTED | {"payment_amount_to_balance": 0.3}),
    ("dormant-then-burst", AWAKE, AWAKE | {"payer_activity": 30}),
    ("dormant-then-burst", AWAKE, AWAKE | {"amount": 50_00}),
    ("chain-pass-through", LINK, LINK | {"payer_balance_low": 60_000_00}),
    ("chain-pass-through", LINK, LINK | {"payer_dwell": 3 * DAY}),
    ("chain-pass-through", LINK, LINK | {"payer_out_count_24h": 0}),
]


@pytest.mark.parametrize(("flag", "guilty", "innocent"), CASES)
def test_a_flag_fires_for_its_sign_and_not_for_one_figure_less(flag, guilty, innocent) -> None:
    assert verdicts(guilty)[flag] == FIRES
    assert verdicts(innocent)[flag] == NO


def test_flags_of_lists_know_payer_from_payee() -> None:
    def fires(flag: str, side: str, name: str, **values: float) -> bool:
        return verdicts(values, frozenset({(side, name)}))[flag] == FIRES

    assert fires("cn-3004", "payee", "involved")
    assert not fires("cn-3004", "payer", "involved")
    assert fires("cn-3004", "payee", "suspect", payment_payer_insists=1)
    assert not fires("cn-3004", "payee", "suspect", payment_payer_insists=0)
    assert fires("cn-3005", "payer", "involved")
    assert not fires("cn-3005", "payee", "involved")
    spent = TO_EXCHANGE | {"kind": 0}
    assert fires("virtual-currency-otc", "payee", "virtual-currency", **spent)


def test_every_flag_is_tried_here() -> None:
    assert {flag for flag, _, _ in CASES} | {"cn-3004", "cn-3005"} == set(IDS)


def test_a_payment_without_history_or_facts_fires_nothing() -> None:
    found = verdicts({"amount": 100_00, "payer_in_age": -1, "payee_opened_age": -1})
    assert FIRES not in found.values()
    assert found["cn-1001"] == UNKNOWN


def test_a_side_that_is_not_here_fires_nothing() -> None:
    """The outside, and accounts of another shard: the state says -1 of all their figures."""
    absent = {f.name: -1 for f in FEATURES if f.side in {Side.PAYER, Side.PAYEE}}
    assert FIRES not in verdicts({"amount": 60_000_00} | absent).values()


def test_every_official_code_has_its_flag_and_every_flag_a_reason() -> None:
    reasons = {rule.reason for rule in FLAGS.rules}
    assert set(CODES) <= reasons
    assert all(reason in CODES or reason.startswith("own-") for reason in reasons)


@pytest.mark.parametrize("rule", FLAGS.rules, ids=IDS)
def test_a_flag_is_in_shadow_and_says_where_it_comes_from(rule) -> None:
    assert rule.mode is Mode.SHADOW
    assert rule.page is not None
    assert rule.page.innocent
    assert all(threshold.source for threshold in rule.thresholds)


def test_flags_read_only_what_the_catalogue_the_facts_and_the_fields_have() -> None:
    known = {figure.name for figure in (*FEATURES, *FACTS)} | {name for name, _, _ in FIELDS}
    assert not {name for e in FLAGS.expressions for name in e.names} - known


def test_every_fact_is_read_by_a_flag_and_named_once() -> None:
    read = {name for expression in FLAGS.expressions for name in expression.names}
    names = [figure.name for figure in FACTS]
    assert len(names) == len(set(names))
    assert not set(names) - read


def test_a_fact_that_the_catalogue_has_is_no_fact_any_more() -> None:
    assert facts_beside(()) == FACTS
    assert facts_beside(FACTS[1:]) == FACTS[:1]
