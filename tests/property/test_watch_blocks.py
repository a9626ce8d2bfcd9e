"""Rules and model in shadow are asked of many payments together, one alone in memory of its own: nobody sees a difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from deciding import KNOWN_PATTERNS, SECOND, START, model_of, policy_of, rules_of

from recoup.watch.columns import STREAM_FEATURES
from recoup.watch.rules import FIRES, NO, UNKNOWN, Mode, Snooze
from recoup.watch.state import Payments, Settings, Shard
from recoup.watch.stolen import StolenFlow
from recoup.watch.stolen.rows import FlowRows
from recoup.watch.stream import Decided, Stream

POCKETS = 30
SNOOZED = -1
ROWS_FOLLOWED = 4_000


def _rules():
    """Two live rules and five in shadow: one begins late, one ends early, one is kept quiet about an account."""
    some = rules_of(
        ("large", "amount >= 800.00 CNY", "hold"),
        ("fan", "payee_in_kept_payers_7d >= 9 and payer_out_count_1h >= 1", "refuse"),
        ("chain", "payment_chain_hops >= 2 or payee_out_count_24h >= 3", "delay"),
        ("late", "payer_out_sum_24h / payer_in_sum_24h > 0.5", "hold"),
        ("early", "payer_out_count_24h between 2 and 7", "warn"),
        ("quiet", "amount >= 100.00 CNY and not pair_is_new", "refuse"),
        ("listed", 'payee in list("suspect") or amount in (1.00 CNY, 5.00 CNY)', "warn"),
        known=KNOWN_PATTERNS,
    )
    middle = datetime.fromtimestamp(START // SECOND, UTC) + timedelta(days=5)
    given = {"late": {"effective_from": middle}, "early": {"effective_until": middle}}
    rules = tuple(
        replace(rule, mode=Mode.LIVE if at < 2 else Mode.SHADOW, **given.get(rule.id, {}))
        for at, rule in enumerate(some.rules)
    )
    quiet = Snooze("quiet", "a3", "known", "risk-1", "risk-2", middle, middle + timedelta(days=9))
    return replace(some, rules=rules, snoozes=(quiet,))


RULES = _rules()
MODEL = model_of("payment_passed_ratio", 0.85, columns=STREAM_FEATURES)
LIVE = policy_of(MODEL, hold__seconds=3_600, delay__seconds=600, alerts_per_day=50)
SHADOW = policy_of(hold__seconds=3_600, delay__seconds=600)


def payments_drawn(seed: int, count: int) -> Payments:
    """Payments of ten days; many pass on what came; some are late, some are none."""
    draw = np.random.default_rng(seed)
    time = START + np.sort(draw.integers(0, 10 * 86_400, count)) * SECOND
    payer, payee = (draw.integers(-1, POCKETS, count) for _ in range(2))
    amount = draw.integers(100, 90_000, count)
    passes = draw.random(count) < 0.5
    passes[0] = False
    payer[passes] = payee[np.flatnonzero(passes) - 1]
    time[draw.random(count) < 0.05] -= 300 * SECOND
    amount[draw.random(count) < 0.03] = 0
    return Payments.of(time, payer, payee, amount)


def new_stream(policy, *, is_listed: bool = True, follows: bool = False) -> Stream:
    standing = np.append(np.zeros(POCKETS, np.uint8), np.uint8(1))  # the outside at the end
    rows = FlowRows(np.zeros(POCKETS, np.int64), standing, ROWS_FOLLOWED)
    flow = StolenFlow(rows) if follows else None
    stream = Stream(
        Shard(POCKETS, Settings(late_seconds=600)),
        rules=RULES,
        model=MODEL,
        policy=policy,
        currencies=("CNY",),
        flow=flow,
    )
    stream.lists({"suspect": [4, 5]} if is_listed else {}, {"a3": [3]})
    return stream


def in_batches(stream: Stream, payments: Payments, size: int) -> list[Decided]:
    edges = [*range(0, len(payments), size), len(payments)]
    places = np.zeros(len(payments), np.int16)
    return [stream.decide(payments.part(a, b), places[a:b]) for a, b in pairwise(edges)]


def alone(stream: Stream, payments: Payments) -> list[Decided]:
    names = ("time_us", "payer", "payee", "amount_minor")
    return [
        stream.decide_one(*row, currency=0)
        for row in zip(*(getattr(payments, name).tolist() for name in names), strict=True)
    ]


def said(stream: Stream, found: list[Decided]) -> tuple[object, ...]:
    """All that was decided, and all that later decisions rest on."""
    rows = np.concatenate([one.rows for one in found])
    rows["kept"] = -1  # places in their own batch
    parts = [np.concatenate([getattr(one, name) for one in found]) for name in ("fired", "kept")]
    ended = [end._replace(before=0) for one in found for end in one.ended]
    state = (stream.shard.snapshot(), stream.patterns.snapshot(), stream.counters.tobytes())
    flow = None if stream.flow is None else (stream.flow.time_us, stream.flow.most)
    return (
        rows.tobytes(),
        *(part.tobytes() for part in parts),
        ended,
        stream.waiting,
        *state,
        flow,
    )


@pytest.mark.parametrize("policy", [SHADOW, LIVE], ids=["shadow", "live"])
@pytest.mark.parametrize("follows", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_many_together_few_together_and_each_alone_are_decided_alike(policy, follows, seed):
    payments = payments_drawn(seed, 700)  # more than the memory of one payment alone is made for
    streams = [new_stream(policy, follows=follows) for _ in range(5)]
    wanted = said(streams[0], alone(streams[0], payments))
    for stream, size in zip(streams[1:], (5, 17, 70, 700), strict=True):
        assert wanted == said(stream, in_batches(stream, payments, size)), size


def test_every_verdict_of_a_rule_in_shadow_was_met_and_counts_in_what_all_would_have_asked():
    payments = payments_drawn(3, 700)
    (found,) = in_batches(new_stream(SHADOW), payments, 700)
    (without,) = in_batches(new_stream(SHADOW, is_listed=False), payments, 700)
    fired = found.fired[:, 2:]
    assert {SNOOZED, NO, FIRES, UNKNOWN} == set(fired.ravel().tolist())
    asked = np.array([2, 3, 1, 4, 1])  # what they ask: delay, hold, warn, refuse, warn
    strictest = np.where(fired == FIRES, asked, 0).max(axis=1)
    assert (found.rows["would"] >= strictest).all()
    assert (found.rows["would"] > found.rows["action"]).any()
    # The control: another list, and what the rules in shadow say is another.
    assert found.fired.tobytes() != without.fired.tobytes()


def test_what_was_decided_alone_stays_as_it_was():
    payments, stream = payments_drawn(4, 600), new_stream(SHADOW)
    found = alone(stream, payments.part(0, 300))
    before = [(one.rows.tobytes(), one.fired.tobytes(), one.kept.tobytes()) for one in found]
    alone(stream, payments.part(300, 600))
    assert before == [(o.rows.tobytes(), o.fired.tobytes(), o.kept.tobytes()) for o in found]


@pytest.mark.parametrize(
    "wrong",
    [
        (2**63, 1, 2, 5),
        (START, 2**31, 2, 5),
        (START, 1, -(2**31) - 1, 5),
        (START, 1, 2, -(2**63) - 1),
    ],
)
def test_a_number_that_does_not_fit_changes_nothing(wrong):
    stream = new_stream(SHADOW)
    before = stream.shard.snapshot(), stream.taken
    with pytest.raises(OverflowError):
        stream.decide_one(*wrong, currency=0)
    assert before == (stream.shard.snapshot(), stream.taken)
