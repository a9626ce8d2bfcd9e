"""The rule language by example: what it says, and where and how it refuses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from recoup.errors import RuleFault
from recoup.watch.rules import (
    FIELDS,
    FIRES,
    NO,
    UNKNOWN,
    compile_expression,
    evaluate,
    new_stack,
    vocabulary,
)
from recoup.watch.rules.limits import RULE_CHARS_MAX, RULE_DEPTH_MAX, RULE_PARTS_MAX, RULE_STACK_MAX


class Figure(NamedTuple):
    name: str
    unit: str


FEATURES = (
    Figure("payee_in_count_1h", "count"),
    Figure("payee_in_sum_1h", "minor"),
    Figure("payer_age", "seconds"),
    Figure("payer_night_share", "ratio"),
    Figure("pair_is_new", "flag"),
    Figure("risk", "score"),
)
NAMES = vocabulary(FEATURES, [Figure("cards_opened", "count")], ["suspect"], ["CNY", "USD"])
PAYMENT = {
    "amount": 60_000_00,
    "kind": 0,
    "currency": 0,
    "hour": 23,
    "weekday": 7,
    "is_night": 1,
    "payer_is_outside": 0,
    "payee_is_outside": 0,
    "payee_in_count_1h": 3,
    "payee_in_sum_1h": 90_000_00,
    "payer_age": 3_600,
    "payer_night_share": 0.25,
    "pair_is_new": 1,
    "risk": 0.9,
    "cards_opened": np.nan,
}


def verdict(text: str, currency: str = "", thresholds=None, lists=(0, 0), **changed: float) -> int:
    values = PAYMENT | changed
    program = compile_expression(text, NAMES, currency=currency, thresholds=thresholds).program
    row = np.array([values[figure.name] for figure in FEATURES], float)
    return evaluate(program, row, facts(values, lists), new_stack())


def facts(values: dict[str, float], lists=(0, 0)):
    own = [values[name] for name, _, _ in FIELDS]
    return np.array([*own, values["cards_opened"], *lists], float)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (FIRES, "amount == 60_000.00 CNY and payee_in_count_1h >= 3"),
        (NO, "amount > 60_000 CNY"),
        (FIRES, "is_night and pair_is_new"),
        (NO, "not is_night or not pair_is_new"),
        (FIRES, "payee_in_sum_1h / payee_in_count_1h == 30_000.00 CNY"),
        (FIRES, "payee_in_sum_1h / amount between 90% and 150%"),
        (FIRES, "payer_night_share == 25%"),
        (FIRES, "payer_age < 1h30m and payer_age == 3600s and payer_age > 0"),
        (FIRES, 'kind == "transfer" and kind in ("cash_out", "transfer")'),
        (NO, 'kind not in ("cash_out", "transfer")'),
        (FIRES, 'currency == "CNY" and currency != "USD"'),
        (FIRES, "hour in (22, 23, 0, 1) and weekday == 7"),
        (FIRES, "min(payee_in_count_1h, 2) + 1 == max(1, 2, 3)"),
        (FIRES, "abs(amount - payee_in_sum_1h) == 30_000 CNY"),
        (FIRES, "2 + 3 * 4 == 14 and (2 + 3) * 4 == 20 and 10 - 3 - 2 == 5 and 8 / 4 / 2 == 1"),
        (FIRES, "-payee_in_count_1h < 0 and --payee_in_count_1h == 3"),
        (NO, "true and false or false"),
        (FIRES, "true or false and false"),
        (FIRES, "risk > 0.5 # what a model says\n and true"),
        (FIRES, "cards_opened >= 3 or is_night"),
        (NO, "cards_opened >= 3 and not is_night"),
        (UNKNOWN, "cards_opened >= 3"),
        (UNKNOWN, "not cards_opened >= 3"),
        (UNKNOWN, "cards_opened >= 3 and is_night"),
        (NO, "known(cards_opened)"),
        (FIRES, "otherwise(cards_opened, 0) == 0"),
        (UNKNOWN, "cards_opened in (1, 2)"),
        (FIRES, "is_night == pair_is_new"),
    ],
)
def test_what_a_rule_says(expected: int, text: str) -> None:
    assert verdict(text, currency="CNY" if "CNY" in text else "") == expected


@pytest.mark.parametrize(
    ("expected", "text", "changed"),
    [
        (UNKNOWN, "amount / payee_in_sum_1h > 2", {"payee_in_sum_1h": 0}),
        (UNKNOWN, "payee_in_sum_1h / payee_in_sum_1h > 2", {"payee_in_sum_1h": 0}),
        (UNKNOWN, "not amount / payee_in_sum_1h > 2", {"payee_in_sum_1h": 0}),
        (NO, "payee_in_sum_1h > 0 and amount / payee_in_sum_1h > 2", {"payee_in_sum_1h": 0}),
        (FIRES, "otherwise(amount / payee_in_sum_1h, 99) > 2", {"payee_in_sum_1h": 0}),
        (UNKNOWN, "risk > 0", {"risk": np.inf}),
        (UNKNOWN, "payer_night_share * payer_night_share > 0", {"payer_night_share": 1e200}),
        (NO, "risk between 0 and 1", {"risk": 2}),
        (FIRES, "pair_is_new", {"pair_is_new": 7.0}),
    ],
)
def test_what_cannot_be_worked_out_does_not_fire(expected, text, changed) -> None:
    assert verdict(text, **changed) == expected


def test_lists_tell_payer_from_payee() -> None:
    assert verdict('payer in list("suspect")', lists=(1, 0)) == FIRES
    assert verdict('payee in list("suspect")', lists=(1, 0)) == NO
    assert verdict('payee not in list("suspect")', lists=(1, 0)) == FIRES
    assert verdict('payee in list("suspect")', lists=(0, np.nan)) == UNKNOWN


def test_a_rule_of_one_currency_is_false_for_others() -> None:
    text = "amount > 1 CNY"
    assert verdict(text, currency="CNY") == FIRES
    dollars = facts(PAYMENT | {"currency": 1})
    program = compile_expression(f"not {text}", NAMES, currency="CNY").program
    assert evaluate(program, np.zeros(len(FEATURES)), dollars, new_stack()) == NO


def test_thresholds_stand_in_for_figures() -> None:
    thresholds = {"large": "50_000.00 CNY", "below": "-2", "soon": "2h"}
    text = "amount > large and payee_in_count_1h > below and payer_age < soon"
    assert verdict(text, currency="CNY", thresholds=thresholds) == FIRES


@pytest.mark.parametrize(
    ("text", "place", "code", "says"),
    [
        ("", (1, 1), "unexpected", "found the end"),
        ("amount >", (1, 9), "unexpected", "a figure"),
        ("is_night and\n  or true", (2, 3), "unexpected", "found 'or'"),
        ("is_night true", (1, 10), "unexpected", "found 'true'"),
        ("(is_night", (1, 10), "unexpected", "')'"),
        ("is_night = true", (1, 10), "sign_unknown", "=="),
        ("is_night ! true", (1, 10), "sign_unknown", "!="),
        ("amount > 3 ¥", (1, 12), "sign_unknown", "¥"),
        ('kind == "cash', (1, 9), "text_unfinished", "closing"),
        ("1 < payee_in_count_1h < 3", (1, 23), "comparison_chained", "between"),
        ("payee_in_count_1 > 2", (1, 1), "name_unknown", "payee_in_count_1h"),
        ("amount > 3", (1, 8), "unit_wrong", "expected money on both sides of >"),
        ("amount > payee_in_count_1h", (1, 8), "unit_wrong", "found a count"),
        ("payer_age > 3", (1, 11), "unit_wrong", "expected a duration"),
        ("payee_in_count_1h > 3%", (1, 19), "unit_wrong", "expected a count"),
        ("amount * amount > 3", (1, 8), "unit_wrong", "multiplied by"),
        ("payee_in_count_1h / amount > 3", (1, 19), "unit_wrong", "divided by"),
        ("amount + 24h > 0", (1, 8), "unit_wrong", "found a duration"),
        ("is_night > false", (1, 1), "unit_wrong", "expected a figure"),
        ("is_night + 1 > 0", (1, 1), "unit_wrong", "found a condition"),
        ("amount", (1, 1), "not_a_condition", "found money"),
        ("amount and is_night", (1, 1), "not_a_condition", "each side of and"),
        ("not risk", (1, 5), "not_a_condition", "found a score"),
        ("amount > 5 USD", (1, 10), "currency_wrong", "in CNY"),
        ("amount > 5 XXQ", (1, 10), "currency_unknown", "XXQ"),
        ("amount > 5.001 CNY", (1, 10), "amount_wrong", "at most 2 decimals"),
        ("amount > 99999999999999999999 CNY", (1, 10), "amount_wrong", "64 bits"),
        ("risk > 999999999999999999999", (1, 8), "number_too_large", "digits"),
        ("payer_age > 9999999999999999d", (1, 13), "number_too_large", "days"),
        ('kind == "gift"', (1, 9), "kind_unknown", "cash_out"),
        ("kind == 3", (1, 6), "unit_wrong", "a kind of payment"),
        ('currency == "XXQ"', (1, 13), "currency_unknown", "XXQ"),
        ('payee in list("nobody")', (1, 7), "list_unknown", "suspect"),
        ('amount in list("suspect")', (1, 1), "unit_wrong", "payer or payee"),
        ("payee == 3", (1, 1), "unit_wrong", "only before in list"),
        ("risk in ()", (1, 10), "unexpected", "a figure"),
        ("risk / 0 > 1", (1, 8), "divisor_zero", "not zero"),
        ("sqrt(risk) > 1", (1, 1), "function_unknown", "min, max"),
        ("abs(risk, risk) > 1", (1, 1), "arguments_count", "found 2"),
        ("min(amount, risk) > 0", (1, 13), "unit_wrong", "arguments of min"),
        ("payer_age > 24 h", (1, 16), "unexpected", "24h"),
        ("is_night between 1 and 2", (1, 1), "unit_wrong", "before between"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(text, place, code, says) -> None:
    with pytest.raises(RuleFault) as caught:
        compile_expression(text, NAMES, currency="CNY")
    first = caught.value.problems[0]
    assert (place, code) == ((first.line, first.column), first.code)
    assert says in first.message


def test_an_amount_wants_the_rules_currency() -> None:
    with pytest.raises(RuleFault, match="currency_missing"):
        compile_expression("amount > 5 CNY", NAMES)
    with pytest.raises(RuleFault, match="currency_unknown"):
        compile_expression("is_night", NAMES, currency="YUAN")


def test_all_mistakes_of_a_text_are_named() -> None:
    with pytest.raises(RuleFault) as caught:
        compile_expression(
            "amont > 3 and payee in list('x')".replace("'", '"') + " or kind == 1", NAMES
        )
    assert [p.code for p in caught.value.problems] == ["name_unknown", "list_unknown", "unit_wrong"]


def test_a_wrong_threshold_is_named_with_its_field() -> None:
    with pytest.raises(RuleFault) as caught:
        compile_expression("risk > a", NAMES, thresholds={"a": "1 +", "b": "amount"})
    assert [(p.field, p.code) for p in caught.value.problems] == [
        ("thresholds.a", "unexpected"),
        ("thresholds.b", "threshold_not_figure"),
    ]


# --- limits: at each, and one past it ----------------------------------------------------------------------------------


def _code(text: str) -> str:
    try:
        compile_expression(text, NAMES)
    except RuleFault as fault:
        return fault.problems[0].code
    return "compiles"


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        (
            "is_night" + " " * (RULE_CHARS_MAX - 8),
            "is_night" + " " * (RULE_CHARS_MAX - 7),
            "too_long",
        ),
        (
            "(" * (RULE_DEPTH_MAX - 1) + "is_night" + ")" * (RULE_DEPTH_MAX - 1),
            "(" * RULE_DEPTH_MAX + "is_night" + ")" * RULE_DEPTH_MAX,
            "too_deep",
        ),
        (
            "1" + " + 1" * (RULE_DEPTH_MAX - 1) + " > 0",
            "1" + " + 1" * RULE_DEPTH_MAX + " > 0",
            "too_deep",
        ),
        (
            "not " * (RULE_DEPTH_MAX - 1) + "true",
            "not " * RULE_DEPTH_MAX + "true",
            "too_deep",
        ),
        (
            " and ".join(["true"] * (RULE_PARTS_MAX // 2)),
            " and ".join(["true"] * (RULE_PARTS_MAX // 2 + 1)),
            "too_many_parts",
        ),
        (
            f"hour in ({', '.join(['1'] * (RULE_STACK_MAX - 1))})",
            f"hour in ({', '.join(['1'] * RULE_STACK_MAX)})",
            "too_many_values",
        ),
    ],
    ids=["characters", "brackets", "sums", "nots", "parts", "values"],
)
def test_every_bound_holds_and_one_more_is_refused(good, bad, code) -> None:
    assert _code(good) == "compiles"
    assert _code(bad) == code
