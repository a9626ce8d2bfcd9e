"""The figures of a back-test against a twin that goes payment by payment with lists and sums."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.watch.rules import (
    FIRES,
    FRAUD,
    INNOCENT,
    NO,
    UNKNOWN,
    UNLABELLED,
    Action,
    Mode,
    Outcome,
    Period,
    Rule,
    backtest,
)

# --- the twin ----------------------------------------------------------------------------------------------------------


def plain_outcome(world, rules: list[int], budget: int, but: tuple[int, ...] = ()) -> Outcome:
    """Count one rule, or several together, without the payments for which any of `but` fires."""
    verdicts, given_rules, period, quiet = world
    alerts, seen_today, unknown, snoozed = [], {}, 0, 0
    for n in range(len(verdicts)):
        unknown += sum(verdicts[n][r] == UNKNOWN for r in rules)
        snoozed += sum(verdicts[n][r] == FIRES and bool(quiet[n][r]) for r in rules)
        firing = [r for r in rules if verdicts[n][r] == FIRES and not quiet[n][r]]
        if not firing or any(verdicts[n][r] == FIRES and not quiet[n][r] for r in but):
            continue
        day = int(period.day[n])
        place = seen_today[day] = seen_today.get(day, 0) + 1
        alerts.append((n, any(given_rules[r].action is not Action.WARN for r in firing), place))
    label = period.label.tolist()
    alerted, held = {n for n, _, _ in alerts}, {n for n, stops, _ in alerts if stops}
    within = [n for n, _, place in alerts if not budget or place <= budget]
    frauds = [n for n in range(len(label)) if label[n] == FRAUD]
    innocents = [n for n in range(len(label)) if label[n] == INNOCENT]

    def money(numbers) -> dict[int, int]:
        found: dict[int, int] = {}
        for n in sorted(numbers):
            code = int(period.currency[n])
            found[code] = found.get(code, 0) + int(period.amount_minor[n])
        return found

    def share(part, whole) -> float | None:
        return len(part) / len(whole) if whole else None

    known = [n for n in alerted if label[n] != UNLABELLED]
    known_within = [n for n in within if label[n] != UNLABELLED]
    delayed = [n for n in innocents if n in held]
    return Outcome(
        alerts=len(alerts),
        unknown=unknown,
        snoozed=snoozed,
        alerts_per_day=len(alerts) / period.days if period.days else 0.0,
        alerts_per_day_most=max(seen_today.values(), default=0),
        budget=budget,
        days_over_budget=sum(count > budget for count in seen_today.values()) if budget else 0,
        alerts_over_budget=len(alerts) - len(within),
        labelled=len(known),
        precision=share([n for n in known if label[n] == FRAUD], known),
        precision_within_budget=share([n for n in known_within if label[n] == FRAUD], known_within),
        recall=share([n for n in frauds if n in alerted], frauds),
        fraud_stopped=money(n for n in frauds if n in held),
        fraud_warned=money(n for n in frauds if n in alerted - held),
        fraud_missed=money(n for n in frauds if n not in alerted),
        innocent_delayed=money(delayed),
        innocents_delayed=len(delayed),
        innocents_delayed_share=share(delayed, innocents),
    )


def budget_of(rules) -> int:
    return sum(r.budget for r in rules) if all(r.budget for r in rules) else 0


# --- worlds ------------------------------------------------------------------------------------------------------------


def world(seed: int):
    chance = random.Random(seed)
    count, size = chance.choice((0, 1, 5, 40)), chance.randrange(1, 5)
    rules = [
        Rule(
            f"r{n}",
            1,
            "true",
            chance.choice(list(Action)),
            "cn-3006",
            "a",
            budget=chance.choice((0, 1, 3)),
            mode=chance.choice(list(Mode)),
        )
        for n in range(size)
    ]
    verdicts = [[chance.choice((NO, NO, FIRES, UNKNOWN)) for _ in rules] for _ in range(count)]
    quiet = [[chance.random() < 0.2 for _ in rules] for _ in range(count)]
    days = sorted(chance.randrange(4) for _ in range(count))
    period = Period(
        np.array(days, np.int64),
        np.array([chance.choice((1, 7, 2**50, 2**62)) for _ in range(count)], np.int64),
        np.array([chance.randrange(2) for _ in range(count)], np.int64),
        np.array([chance.choice((FRAUD, INNOCENT, UNLABELLED)) for _ in range(count)], np.int8),
        days[-1] - days[0] + 1 if days else 0,
    )
    shape = (count, size)
    return (
        np.array(verdicts, np.int8).reshape(shape),
        rules,
        period,
        np.array(quiet, bool).reshape(shape),
    )


def compare(given_world, twin=plain_outcome) -> None:
    verdicts, rules, period, quiet = given_world
    found = backtest(verdicts, rules, period, quiet)
    live = [n for n, rule in enumerate(rules) if rule.mode is Mode.LIVE]
    for n, rule in enumerate(rules):
        assert found.rules[n] == twin(given_world, [n], rule.budget)
        others = tuple(r for r in live if r != n)
        assert found.added[n] == twin(given_world, [n], rule.budget, others)
    assert found.together == twin(given_world, list(range(len(rules))), budget_of(rules))
    assert found.live == twin(given_world, live, budget_of([rules[r] for r in live]))
    fires = [
        [v == FIRES and not q for v, q in zip(*row, strict=True)]
        for row in zip(verdicts, quiet, strict=True)
    ]
    for pair in found.overlaps:
        assert pair.both == sum(row[pair.first] and row[pair.second] for row in fires) > 0
        assert pair.either == sum(row[pair.first] or row[pair.second] for row in fires)
    together = sum(
        any(row[i] and row[j] for row in fires) for i in range(len(rules)) for j in range(i)
    )
    assert len(found.overlaps) == together


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_figures_are_what_going_payment_by_payment_gives(seed: int) -> None:
    compare(world(seed))


@pytest.mark.parametrize("name", [field.name for field in fields(Outcome)])
def test_a_twin_that_counts_one_figure_otherwise_is_found_out(name: str) -> None:
    """The negative control: each figure is really compared."""

    def wrong(*given_args):
        outcome = plain_outcome(*given_args)
        value = getattr(outcome, name)
        return replace(
            outcome, **{name: {**value, 9: 1} if isinstance(value, dict) else (value or 0) + 1}
        )

    with pytest.raises(AssertionError):
        compare(world(3), wrong)


def test_money_beyond_64_bits_is_added_exactly() -> None:
    period = Period(
        np.zeros(8, np.int64),
        np.full(8, 2**62, np.int64),
        np.zeros(8, np.int64),
        np.full(8, FRAUD, np.int8),
        1,
    )
    rule = Rule("r", 1, "true", Action.HOLD, "cn-3006", "a")
    found = backtest(np.full((8, 1), FIRES, np.int8), [rule], period)
    assert found.rules[0].fraud_stopped == {0: 8 * 2**62}
